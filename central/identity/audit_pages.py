"""The record of changes, looked through by who, what, which record and days; its address is the search."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from central.identity import queries, service
from central.identity.acts import ShownAct, action_texts, show_act
from central.organisation.service import office_zones
from central.web.context import require_actor
from central.web.keys import RIGHTS, database
from central.web.paging import place_in, sheet_of
from central.web.rendering import formats, page, words_of
from commerce.errors import BadInputError

if TYPE_CHECKING:
    from central.identity.scope import Area
    from commerce.texts import Translator

_PAGE = 50
_FIELDS = ("who", "action", "kind", "record", "since", "until")


def add_routes(app: web.Application) -> None:
    """Add the page of the record of changes."""
    app.router.add_get("/settings/audit", show_audit)


async def show_audit(request: web.Request) -> web.Response:
    """Show who changed what, newest first: all of it, or what the address looks for."""
    actor, words = require_actor(request), words_of(request)
    zones = await database(request).read(office_zones)
    own = zones.get(actor.company, "UTC")
    asked = {name: request.query.get(name, "").strip() for name in _FIELDS}
    acts = await service.list_acts(
        database(request), actor, _wanted(asked, ZoneInfo(own)), limit=_PAGE + 1, after=place_in(request, "before", 2)
    )
    sheet = sheet_of(acts, _PAGE, queries.act_place)
    areas: list[Area] = request.app[RIGHTS]
    kept = {name: value for name, value in asked.items() if value}
    shown = [(act, show_act(act, words, areas), zones.get(act.company, own)) for act in sheet.rows]
    return page(
        request, "identity/audit.html", asked=asked, searched=bool(kept), chips=_chips(kept, words),
        days=[(day, list(those)) for day, those in groupby(shown, key=_day_of)],
        older=urlencode({**kept, "before": sheet.older}) if sheet.older else "",
        actions=[("", words.t("anything")), *sorted(((key, words.t(text)) for key, text in action_texts().items()),
                                                    key=lambda one: one[1].casefold())],
        link=lambda **wanted: f"?{urlencode(wanted)}",
    )  # fmt: skip


def _day_of(one: tuple[object, ShownAct, str]) -> date:
    return one[1].at.astimezone(ZoneInfo(one[2])).date()


def _chips(kept: dict[str, str], words: "Translator") -> list[tuple[str, str]]:
    """Return what is looked for in words, each with the address that lacks it."""
    together = {"record": {"record", "kind"}}
    return [
        (_said(name, text, words), urlencode({key: kept[key] for key in kept if key not in together.get(name, {name})}))
        for name, text in kept.items()
        if name != "kind"
    ]


def _said(name: str, text: str, words: "Translator") -> str:
    match name:
        case "who":
            return f"{words.t('Who')}: {text}"
        case "action":
            return f"{words.t('What')}: {words.t(action_texts().get(text, text))}"
        case "since" | "until":
            label = words.t("First day") if name == "since" else words.t("Last day")
            return f"{label}: {formats(words.language).day(date.fromisoformat(text))}"
        case _:
            return words.t("Only changes of one record are shown.")


def _wanted(asked: dict[str, str], zone: ZoneInfo) -> queries.ActFilter:
    since, until = (_day(asked[name], name) for name in ("since", "until"))
    return queries.ActFilter(
        asked["who"], asked["action"], (asked["kind"], asked["record"]) if asked["record"] else None,
        None if since is None else _midnight(since, zone), None if until is None else _midnight(until, zone, 1),
    )  # fmt: skip


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInputError("bad_input", field=field) from error


def _midnight(day: date, zone: ZoneInfo, days_on: int = 0) -> datetime:
    """Return when a day begins, or one after it; BadInputError for a day at the end of the calendar."""
    try:
        return datetime.combine(day + timedelta(days=days_on), time(), zone).astimezone(UTC)
    except OverflowError as error:
        raise BadInputError("bad_input") from error
