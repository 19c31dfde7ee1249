"""Items and prices, operators, VAT codes and till settings."""

from functools import partial
from typing import Any

from aiohttp import web

from central.identity.passwords import hash_pin
from central.identity.scope import Permission, Scope
from central.organisation.service import get_company, office_zones, shops_within
from central.registry import forms, queries, service
from central.registry.area import (
    EDIT_ITEMS,
    EDIT_OPERATORS,
    EDIT_SETTINGS,
    SEE_ITEMS,
    SEE_OPERATORS,
    SEE_SETTINGS,
)
from central.registry.conflicts import find_conflict
from central.registry.service import Edit
from central.registry.shown import item_form, settings_form, vat_form
from central.registry.values import UNITS, ItemCard
from central.web.context import require_actor
from central.web.keys import database, now
from central.web.paging import decode_cursor, encode_cursor
from central.web.rendering import is_partial, page, words_of
from central.web.scoping import scope_in
from commerce.errors import ConflictError, NotFoundError, PosError
from commerce.rights import ALL_RIGHTS
from commerce.texts.errors import error_text
from commerce.vat import Treatment

_PAGE = 50
_UNSEEN = frozenset({"id", "version"})


def add_routes(app: web.Application) -> None:
    """Add the pages of this area."""
    app.router.add_get("/items", show_items)
    app.router.add_get("/items/new", show_new_item)
    app.router.add_post("/items", save_new_item)
    app.router.add_get("/items/{item}", show_item)
    app.router.add_post("/items/{item}", save_item)
    app.router.add_post("/items/{item}/delete", delete_item)
    app.router.add_get("/operators", show_operators)
    app.router.add_post("/operators", save_operator)
    app.router.add_get("/settings", show_settings)
    app.router.add_post("/settings/shops/{shop}", save_settings)
    app.router.add_get("/settings/vat", show_vat_codes)
    app.router.add_post("/settings/vat", save_vat_code)


async def show_items(request: web.Request) -> web.Response:
    """Show items by name, or those that fit the words."""
    scope = await scope_in(request, SEE_ITEMS)
    company = str(scope.company)
    words, after = request.query.get("q", "").strip()[:100], request.query.get("after")
    place = None if after is None else tuple(map(str, decode_cursor(after, 2)))

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        found = queries.search_items(conn, company, words=words, after=place, limit=_PAGE + 1)  # type: ignore[arg-type]
        shown = found[:_PAGE]
        last = encode_cursor(shown[-1].card.sort_name(), shown[-1].id) if len(found) > _PAGE else None
        return {"items": shown, "more": last, "count": queries.count_items(conn, company),
                "most_counted": queries.MAX_COUNT, "company": get_company(conn, company)}  # fmt: skip

    found = await database(request).read(job)
    template = "registry/items_table.html" if is_partial(request) else "registry/items.html"
    return page(request, template, **found, words=words, notice=_saved(request),
                may_edit=_may_edit(scope, EDIT_ITEMS))  # fmt: skip


async def show_new_item(request: web.Request) -> web.Response:
    """Show an empty form."""
    (await scope_in(request, EDIT_ITEMS)).whole()
    return await _item_page(request, None)


async def show_item(request: web.Request) -> web.Response:
    """Show an item to be edited."""
    return await _item_page(request, request.match_info["item"])


async def save_new_item(request: web.Request) -> web.Response:
    """Add an item."""
    return await _save_item(request, None)


async def save_item(request: web.Request) -> web.Response:
    """Change an item; tills get it at once."""
    return await _save_item(request, request.match_info["item"])


async def delete_item(request: web.Request) -> web.Response:
    """Take an item off the tills."""
    edit = await _edit(request, EDIT_ITEMS)
    item, version = request.match_info["item"], forms.read_version(await _form(request))
    try:
        await database(request).write(partial(service.delete_item, edit=edit, item_id=item, shown_version=version))
    except ConflictError as error:
        return await _item_page(request, item, error)
    raise web.HTTPSeeOther("/items")


async def show_operators(request: web.Request) -> web.Response:
    """Show the operators of all shops."""
    return await _operators_page(request)


async def save_operator(request: web.Request) -> web.Response:
    """Add an operator, set a PIN, change what somebody may do, or let somebody no longer sell."""
    form = await _form(request)
    edit = await _edit(request, EDIT_OPERATORS)
    try:
        pin = await hash_pin(form["pin"]) if form.get("pin") else None
        card = forms.read_operator(form, pin)
        await database(request).write(
            partial(
                service.save_operator, edit=edit, card=card, operator_id=form.get("operator") or None,
                shown_version=forms.read_version(form),
            )
        )  # fmt: skip
    except PosError as error:
        return await _operators_page(request, error, form)
    raise web.HTTPSeeOther("/operators?saved=1")


async def show_settings(request: web.Request) -> web.Response:
    """Show how the tills of each shop work."""
    return await _settings_page(request)


async def save_settings(request: web.Request) -> web.Response:
    """Change how a shop's tills work."""
    form, edit, shop = await _form(request), await _edit(request, EDIT_SETTINGS), request.match_info["shop"]

    def job(conn: Any) -> int:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        before, _ = service.get_settings(conn, edit.company, shop)
        typed = forms.read_settings_form(form, before)
        return service.save_settings(conn, edit, shop, typed, forms.read_version(form))

    try:
        await database(request).write(job)
    except PosError as error:
        return await _settings_page(request, error, form)
    raise web.HTTPSeeOther("/settings?saved=1")


async def show_vat_codes(request: web.Request) -> web.Response:
    """Show the VAT codes with their rates."""
    return await _vat_page(request)


async def save_vat_code(request: web.Request) -> web.Response:
    """Add or change a VAT code."""
    form, edit = await _form(request), await _edit(request, EDIT_SETTINGS)

    def job(conn: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        rows = queries.list_vat_codes(conn, edit.company)
        before = next((row for row in rows if row.id == form.get("id")), None)
        if form.get("id") and before is None:
            raise NotFoundError("vat.gone")
        position = before.position if before else max((row.position for row in rows), default=0) + 1
        card = forms.read_vat(form, position, is_default=bool(before and before.is_default))
        service.save_vat_code(conn, edit, card, before.id if before else None, forms.read_version(form))

    try:
        await database(request).write(job)
    except PosError as error:
        return await _vat_page(request, error, form)
    raise web.HTTPSeeOther("/settings/vat?saved=1")


async def _save_item(request: web.Request, item_id: str | None) -> web.Response:
    form, edit = await _form(request), await _edit(request, EDIT_ITEMS)

    def job(conn: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        before = None if item_id is None else service.get_item(conn, edit.company, item_id)
        card = forms.read_item(form, before.card if before else None)
        service.save_item(conn, edit, card, item_id, forms.read_version(form))

    try:
        await database(request).write(job)
    except PosError as error:
        return await _item_page(request, item_id, error, form)
    raise web.HTTPSeeOther("/items?saved=1")


async def _item_page(
    request: web.Request, item_id: str | None, refusal: PosError | None = None, form: dict[str, str] | None = None
) -> web.Response:
    scope = await scope_in(request, SEE_ITEMS)
    company = str(scope.company)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        stored = None if item_id is None else service.get_item(conn, company, item_id)
        version, standing = (stored.version, item_form(stored.card)) if stored else (0, {})
        conflict = find_conflict(conn, refusal, ("item", item_id or ""), version, standing, form or standing)
        return {"stored": stored, "vat_codes": queries.list_vat_codes(conn, company), "conflict": conflict,
                "company": get_company(conn, company)}  # fmt: skip

    found = await database(request).read(job)
    standard = next((row.code for row in found["vat_codes"] if row.is_default), "")
    card = found["stored"].card if found["stored"] else ItemCard("", {}, standard)
    version = str(found["stored"].version if found["stored"] else 0)
    values = {**item_form(card), "version": version, **(form or {})}
    return await _answer(request, "registry/item.html", refusal, **found, form=values, units=UNITS,
                         may_edit=_may_edit(scope, EDIT_ITEMS))  # fmt: skip


async def _operators_page(
    request: web.Request, refusal: PosError | None = None, form: dict[str, str] | None = None
) -> web.Response:
    scope = await scope_in(request, SEE_OPERATORS)
    company = str(scope.company)

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        rows = [row for row in queries.list_operators(conn, company) if scope.covers(company, row.shop)]
        operators = queries.people(rows)
        return {"operators": [(queries.newest_of(one), [row.shop for row in one]) for one in operators],
                "shops": shops_within(conn, [scope])}  # fmt: skip

    found = await database(request).read(job)
    typed = form if form and not form.get("operator") else {}  # what was typed to add somebody
    values = {"name": "", "shop": "", **typed, "open": "1" if typed else ""}
    ticked = {right for right in ALL_RIGHTS if not typed or typed.get(f"right_{right}") == "1"}
    return await _answer(
        request,
        "registry/operators.html",
        refusal,
        **found,
        form=values,
        all_rights=ALL_RIGHTS,
        ticked=ticked,
        may_edit=_may_edit(scope, EDIT_OPERATORS, whole=False),
    )


async def _settings_page(
    request: web.Request, refusal: PosError | None = None, form: dict[str, str] | None = None
) -> web.Response:
    scope = await scope_in(request, SEE_SETTINGS)
    company = str(scope.company)

    here = request.match_info.get("shop", "")

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        shops = shops_within(conn, [scope])
        known = [shop for shop in shops if queries.find_settings(conn, company, shop.id)]
        shown = {shop.id: settings_form(*service.get_settings(conn, company, shop.id)) for shop in known}
        standing = {name: text for name, text in shown.get(here, {}).items() if name != "version"}
        version = int(shown[here]["version"]) if here in shown else 0
        conflict = find_conflict(conn, refusal, ("shop", here), version, standing, form or standing)
        return {"shops": [(shop, shown[shop.id]) for shop in known], "conflict": conflict}

    found = await database(request).read(job)
    if form is not None:
        found["shops"] = [(shop, {**one, "fiscal_required": "", **form} if shop.id == here else one)
                          for shop, one in found["shops"]]  # fmt: skip
    return await _answer(request, "registry/settings.html", refusal, **found, here_shop=here,
                         may_edit=_may_edit(scope, EDIT_SETTINGS, whole=False))  # fmt: skip


async def _vat_page(
    request: web.Request, refusal: PosError | None = None, form: dict[str, str] | None = None
) -> web.Response:
    scope = await scope_in(request, SEE_SETTINGS)
    company = str(scope.company)
    wanted = (form or {}).get("id") or request.query.get("code")

    def job(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        codes = queries.list_vat_codes(conn, company)
        row = next((row for row in codes if row.id == wanted), None)
        standing = {name: text for name, text in vat_form(row).items() if name not in _UNSEEN} if row else {}
        version = row.version if row else 0
        conflict = find_conflict(conn, refusal, ("vat_code", wanted or ""), version, standing, form or standing)
        return {"codes": codes, "conflict": conflict, "chosen": row}

    found = await database(request).read(job)
    codes, chosen = found["codes"], found["chosen"]
    empty = {"id": "", "code": "", "name_it": "", "name_en": "", "rates": "", "treatment": "taxed", "natura": "",
             "receipt_code": "", "version": "0"}  # fmt: skip
    values = {**empty, **(vat_form(chosen) if chosen else {}), **(form or {})}
    treatments = [one.value for one in Treatment]
    return await _answer(request, "registry/vat.html", refusal, codes=codes, form=values, treatments=treatments,
                   conflict=found["conflict"], may_edit=_may_edit(scope, EDIT_SETTINGS))  # fmt: skip


async def _answer(request: web.Request, template: str, refusal: PosError | None, **values: object) -> web.Response:
    text = error_text(words_of(request), refusal) if refusal else ""
    status = refusal.status if refusal else 200
    zones = await database(request).read(office_zones) if values.get("conflict") else {}
    zone = zones.get(require_actor(request).company, "UTC")
    return page(request, template, status=status, refusal=text, notice=_saved(request), zone=zone, **values)


def _saved(request: web.Request) -> str:
    return words_of(request).t("Saved. The tills get it now.") if request.query.get("saved") else ""


async def _form(request: web.Request) -> dict[str, str]:
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}


async def _edit(request: web.Request, permission: Permission) -> Edit:
    scope = await scope_in(request, permission)
    return Edit(scope.actor, str(scope.company), now(request))


def _may_edit(scope: Scope, permission: Permission, *, whole: bool = True) -> bool:
    """Tell whether a company's page offers to change what all its shops share, or what belongs to some of them."""
    mine = [one for one in scope.actor.reach(permission) if one.company in (None, scope.company)]
    return any(one.shops is None or not whole for one in mine)
