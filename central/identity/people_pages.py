"""Users with the roles they have, their keys and sessions; and the roles themselves, as a table of areas and rights."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from central.db.keyset import Place as PageEnd
from central.identity import roles, second_steps, service, step_queries
from central.identity.acts import show_rights
from central.identity.people import Role
from central.identity.programs import show_program
from central.identity.roles import Place, RoleCard
from central.identity.scope import RIGHT_TEXTS, Area, Right
from central.organisation.service import companies_within, office_zones, shops_within
from central.web.context import require_actor
from central.web.keys import RIGHTS, database, now
from central.web.paging import place_in, sheet_of
from central.web.rendering import page, text_of, words_of
from commerce.errors import BadInputError, ConflictError, PosError
from commerce.texts import LANGUAGES
from commerce.texts.errors import error_text
from commerce.texts.problems import field_texts

_PAGE = 50
_TICK = "right:"


def add_routes(app: web.Application) -> None:
    """Add the pages of users and of roles."""
    app.router.add_get("/settings/users", show_users)
    app.router.add_post("/settings/users", add_user)
    app.router.add_post("/settings/users/{user}", change_user)
    app.router.add_post("/settings/users/{user}/roles", change_roles)
    app.router.add_post("/settings/users/{user}/second-step", take_second_step)
    app.router.add_post("/settings/second-step", require_of_company)
    app.router.add_post("/settings/roles/{role}/second-step", require_of_role)
    app.router.add_post("/settings/tokens/{token}/revoke", revoke_token)
    app.router.add_get("/settings/roles", show_roles)
    app.router.add_post("/settings/roles", save_role)
    app.router.add_post("/settings/roles/{role}/delete", delete_role)


async def show_users(request: web.Request) -> web.Response:
    """Show everybody who may sign in, what they may, and every open session."""
    return await _users_page(request)


async def add_user(request: web.Request) -> web.Response:
    """Let somebody in."""
    form = await _form(request)
    new = service.NewUser(
        form.get("name", ""), form.get("password", ""), form.get("role", ""), form.get("language", "en"),
        form.get("display_name", ""),
    )  # fmt: skip
    try:
        await service.add_user(database(request), new, now(request), require_actor(request), _place(form))
    except PosError as error:
        return await _users_page(request, error, form)
    raise web.HTTPSeeOther("/settings/users")


async def change_user(request: web.Request) -> web.Response:
    """Shut somebody out or let them in again."""
    form, user = await _form(request), request.match_info["user"]
    if form.get("act") not in ("shut_out", "let_in"):
        raise BadInputError("bad_input")
    await service.set_active(
        database(request), require_actor(request), user, now(request), active=form["act"] == "let_in"
    )
    raise web.HTTPSeeOther("/settings/users")


async def change_roles(request: web.Request) -> web.Response:
    """Give somebody a role somewhere, or take one."""
    form, user = await _form(request), request.match_info["user"]
    deal: Callable[..., None] | None = {"give": roles.give, "take": roles.take}.get(form.get("act", ""))
    if deal is None:
        raise BadInputError("bad_input")
    job = partial(
        deal, actor=require_actor(request), at=now(request), user=user, role=form.get("role", ""), place=_place(form)
    )
    try:
        await database(request).write(job)
    except PosError as error:
        return await _users_page(request, error)
    raise web.HTTPSeeOther("/settings/users")


async def revoke_token(request: web.Request) -> web.Response:
    """Make somebody's key worthless."""
    await service.revoke_token(database(request), require_actor(request), request.match_info["token"], now(request))
    raise web.HTTPSeeOther("/settings/users")


async def take_second_step(request: web.Request) -> web.Response:
    """Have somebody who lost phone and codes sign in with the password again."""
    job = partial(
        second_steps.take, actor=require_actor(request), at=now(request), user=request.match_info["user"]
    )  # fmt: skip
    try:
        await database(request).write(job)
    except ConflictError as error:
        return await _users_page(request, error)
    raise web.HTTPSeeOther("/settings/users")


async def require_of_company(request: web.Request) -> web.Response:
    """Have everybody who works for a company sign in with a code, or no longer."""
    form = await _form(request)
    job = partial(
        second_steps.require_of_company, actor=require_actor(request), at=now(request),
        company=form.get("company") or None, needed=form.get("needed") == "1",
    )  # fmt: skip
    await database(request).write(job)
    raise web.HTTPSeeOther("/settings/users")


async def require_of_role(request: web.Request) -> web.Response:
    """Have everybody with a role sign in with a code, or no longer."""
    form = await _form(request)
    job = partial(
        second_steps.require_of_role, actor=require_actor(request), at=now(request), role=request.match_info["role"],
        needed=form.get("needed") == "1",
    )  # fmt: skip
    await database(request).write(job)
    raise web.HTTPSeeOther("/settings/roles?saved=1")


async def show_roles(request: web.Request) -> web.Response:
    """Show what each role may."""
    return await _roles_page(request)


async def save_role(request: web.Request) -> web.Response:
    """Add or change a role."""
    form = await _form(request)
    card = RoleCard(
        {language: form.get(f"name_{language}", "") for language in LANGUAGES},
        frozenset(key.removeprefix(_TICK) for key in form if key.startswith(_TICK)),
        form.get("company") or None,
    )
    known = {permission.name for area in request.app[RIGHTS] for permission in area.permissions}
    job = partial(
        roles.save_role, actor=require_actor(request), at=now(request), card=card, known=known,
        role=form.get("id") or None, shown_version=_version(form),
    )  # fmt: skip
    try:
        await database(request).write(job)
    except PosError as error:
        return await _roles_page(request, error, form)
    raise web.HTTPSeeOther("/settings/roles?saved=1")


async def delete_role(request: web.Request) -> web.Response:
    """Forget a role that nobody has."""
    job = partial(roles.delete_role, actor=require_actor(request), at=now(request), role=request.match_info["role"])
    try:
        await database(request).write(job)
    except PosError as error:
        return await _roles_page(request, error)
    raise web.HTTPSeeOther("/settings/roles")


async def _users_page(
    request: web.Request, refusal: PosError | None = None, form: Mapping[str, str] | None = None
) -> web.Response:
    actor, db, words = require_actor(request), database(request), words_of(request)
    users = await service.list_users(db, actor)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        scopes = roles.managed(actor)
        places = _places(companies_within(conn, scopes), shops_within(conn, scopes))
        everywhere = {"": words.t("every company")} if any(one.company is None for one in scopes) else {}
        return {
            "bound": roles.bindings(conn, actor, [user.id for user in users]),
            "roles": roles.list_roles(conn, actor),
            "places": {**everywhere, **places},
            "zone": office_zones(conn).get(actor.company, "UTC"),
            "with_step": step_queries.who_has(conn, [user.id for user in users]),
            "asking": step_queries.asking_companies(conn),
            "companies": {**everywhere, **{one.id: one.name for one in companies_within(conn, scopes)}},
        }

    found = await db.read(job)
    standard = {"name": "", "display_name": "", "role": Role.VIEWER.value, "place": "", "language": "it"}
    return page(
        request,
        "identity/users.html",
        status=refusal.status if refusal else 200,
        **found,
        users=users,
        sessions=sheet_of(await _sessions(request), _PAGE, _session_end),
        tokens=await service.list_all_tokens(db, actor),
        role_options=[(row.id, text_of(row.names, words.language)) for row in found["roles"]],
        place_of=_place_text,
        program=lambda agent: show_program(agent, words),
        form={**standard, **(form or {})},
        moment=now(request),
        refusal=error_text(words, refusal) if refusal else "",
    )


async def _sessions(request: web.Request) -> list[Any]:
    return await service.list_sessions(
        database(request), require_actor(request), now(request), after=place_in(request, "sessions", 2),
        limit=_PAGE + 1,
    )  # fmt: skip


def _session_end(session: Any) -> PageEnd:  # noqa: ANN401 - a row
    place: PageEnd = session.place
    return place


async def _roles_page(
    request: web.Request, refusal: PosError | None = None, form: Mapping[str, str] | None = None
) -> web.Response:
    actor, words = require_actor(request), words_of(request)
    wanted = (form or {}).get("id") or request.query.get("role", "")

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        scopes = roles.managed(actor)
        companies = {row.id: row.name for row in companies_within(conn, scopes)}
        return {"roles": roles.list_roles(conn, actor), "companies": companies,
                "everywhere": any(one.company is None for one in scopes)}  # fmt: skip

    found = await database(request).read(job)
    chosen = next((row for row in found["roles"] if row.id == wanted), None)
    areas = request.app[RIGHTS]
    return page(
        request,
        "identity/roles.html",
        status=refusal.status if refusal else 200,
        **found,
        chosen=chosen,
        form={**_role_form(None), **form} if form else _role_form(chosen),
        open=bool(form or chosen or "new" in request.query),
        areas=areas,
        columns=[(right, RIGHT_TEXTS[right]) for right in Right if any(right in area.rights for area in areas)],
        tick=_TICK,
        said=lambda row: _said(areas, row, words.t),
        faults=field_texts(words, refusal),
        notice=words.t("Saved.") if request.query.get("saved") else "",
    )


def _said(areas: Sequence[Area], row: Any, t: Callable[[str], str]) -> str:  # noqa: ANN401 - a row
    return t("everything, whatever comes too") if row.everything else show_rights(areas, row.rights, t)


def _role_form(chosen: Any) -> dict[str, str]:  # noqa: ANN401 - a row of the table, or None
    if chosen is None:
        return {"id": "", "version": "0", "company": "", "name_it": "", "name_en": ""}
    names = {f"name_{language}": chosen.names.get(language, "") for language in LANGUAGES}
    ticks = {f"{_TICK}{name}": "1" for name in chosen.rights}
    return {"id": chosen.id, "version": str(chosen.version), "company": chosen.company or "", **names, **ticks}


def _places(companies: Sequence[Any], shops: Sequence[Any]) -> dict[str, str]:
    """Return where a role can be given, by the value that a form sends."""
    found: dict[str, str] = {}
    for company in companies:
        found[company.id] = company.name
        found |= {f"{company.id}/{shop.id}": f"{company.name} · {shop.name}" for shop in shops
                  if shop.company == company.id}  # fmt: skip
    return found


def _place(form: Mapping[str, str]) -> Place:
    company, _, shop = form.get("place", "").partition("/")
    return Place(company or None, shop or None)


def _place_text(company: str | None, shop: str | None) -> str:
    return "/".join(filter(None, (company, shop)))


def _version(form: Mapping[str, str]) -> int:
    text = form.get("version", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


async def _form(request: web.Request) -> dict[str, str]:
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
