"""The record of changes as sentences: stable codes stay in the database, people read words."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from central.identity.scope import RIGHT_TEXTS, Area
from central.identity.sentences import Change, sentence
from central.web.rendering import formats, text_of
from central.web.states import wording
from commerce.texts import LANGUAGES, N_, Translator

if TYPE_CHECKING:
    from sqlalchemy import Row

ACTION_TEXTS: dict[str, str] = {
    "alarm.seen": N_("has seen an alarm"),
    "customer.erased": N_("erased a customer's personal data"),
    "customer.exported": N_("took a customer's personal data along"),
    "chains.projected": N_("let chains of other modes count"),
    "code.refused": N_("gave a wrong code"),
    "company.second_step_off": N_("no longer asks everybody in a company for a code"),
    "company.second_step_on": N_("asks everybody in a company for a code"),
    "company.saved": N_("saved the company"),
    "enrolment.refused": N_("tried a wrong enrolment code"),
    "feed.new_epoch": N_("made every till take a snapshot"),
    "item.added": N_("added an item"),
    "item.changed": N_("changed an item"),
    "item.deleted": N_("took an item off the tills"),
    "items.import_ended": N_("ended an import of items"),
    "items.imported": N_("imported items"),
    "job.cancelled": N_("stopped a job"),
    "key.refused": N_("tried a key that opens nothing"),
    "ledger_fork.accepted": N_("accepted a fork"),
    "ledger_fork.dismissed": N_("dismissed a fork"),
    "operator.saved": N_("saved an operator"),
    "ledger_fork.reopened": N_("put a fork that cannot be counted any more back to be decided"),
    "password.refused": N_("gave a wrong present password"),
    "reader.forgotten": N_("let go of a reader of events"),
    "recovery_code.used": N_("gave a recovery code"),
    "recovery_codes.made": N_("made new recovery codes"),
    "refusals.left_out": N_("counted refusals that were not written down one by one"),
    "right.refused": N_("lacked a right"),
    "role.deleted": N_("deleted a role"),
    "role.saved": N_("saved a role"),
    "role.second_step_off": N_("no longer asks for a code of whoever has a role"),
    "role.second_step_on": N_("asks for a code of whoever has a role"),
    "sales.rebuilt": N_("rebuilt all sales"),
    "second_step.removed": N_("turned sign-in with a code off"),
    "second_step.set_up": N_("set sign-in with a code up"),
    "second_step.taken": N_("took somebody's sign-in with a code away"),
    "session.ended": N_("ended a session"),
    "session.opened": N_("signed in"),
    "sessions.ended": N_("ended all other sessions of their own"),
    "set_aside.dismissed": N_("dismissed an entry set aside"),
    "set_aside.projected": N_("let an entry set aside count"),
    "shop.saved": N_("saved a shop"),
    "sign_in.code_refused": N_("failed to sign in: wrong code"),
    "sign_in.refused": N_("failed to sign in"),
    "till.added": N_("added a till"),
    "till.code_issued": N_("issued an enrolment code"),
    "till.enrolled": N_("was enrolled"),
    "till.revoked": N_("shut a till out"),
    "till_settings.saved": N_("saved till settings"),
    "token.added": N_("made a key for a program"),
    "token.revoked": N_("revoked a key for a program"),
    "user.added": N_("let a user in"),
    "user.changed": N_("changed a user"),
    "user.password": N_("set a password"),
    "user.role_given": N_("gave a role"),
    "user.role_taken": N_("took a role"),
    "vat_code.saved": N_("saved a VAT code"),
}
_FIELD_TEXTS: dict[str, str] = {
    "active": N_("active"), "added": N_("added"), "address": N_("address"), "brand": N_("Brand"),
    "cash_step": N_("Cash is rounded to"), "changed": N_("changed"), "code": N_("Code"), "codes": N_("Codes"),
    "codes_left": N_("Recovery codes left"),
    "count": N_("how many"), "country": N_("Country"), "currency": N_("Currency"), "cut_off": N_("Day ends at"),
    "display_name": N_("Shown as"), "errors": N_("left out"), "expires_at": N_("Ends"),
    "fiscal_required": N_("A sale needs the fiscal register"), "footer": N_("Lines below the receipt"),
    "header": N_("Lines above the receipt"), "hour": N_("hour"), "keys": N_("Keys for programs"), "kind": N_("Kind"),
    "language": N_("Language"), "languages": N_("Languages"), "mail": N_("E-mail address"),
    "mode": N_("Mode"), "modes": N_("Mode"),
    "name": N_("Name"), "names": N_("Name"), "opens_drawer": N_("Opens the drawer"),
    "permission": N_("right"), "permissions": N_("May"), "pin": N_("PIN"),
    "price": N_("Price with VAT"), "rates": N_("Rates"), "reader": N_("Card reader"),
    "rights": N_("May"), "role": N_("Role"), "rows": N_("rows"),
    "shops": N_("Shop"), "size": N_("Size"), "sku": N_("Article number"), "state": N_("State"),
    "tax_id": N_("Tax number"), "tokens": N_("tokens"), "unit": N_("Unit"), "vat_code": N_("VAT code"),
    "where": N_("Where"),
    "zone": N_("Time zone"),
}  # fmt: skip
_CODES = frozenset({"mode", "modes", "state"})  # values that are codes, and words to people
_PATHS = {
    "item": "/items/",
    "job": "/jobs/",
    "till": "/tills/",
    "vat_code": "/settings/vat?code=",
}
_UNSEEN = frozenset({"version", "rank", "drawer", "method", "position"})  # of machines
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]{8}")


@dataclass(frozen=True, slots=True)
class ShownAct:
    """One act as people read it; ``changes`` are label, before, after."""

    id: str
    at: datetime
    who: str
    text: str
    what: str  # the name of what it was done to, "" where the change says it
    path: str  # of the page where what was changed is, "" for none
    reason: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Introduced:
    """How acts on a kind of record are told that this area does not know: its page, its acts, its fields in words."""

    path: str
    actions: Mapping[str, str]
    tell: Callable[[Mapping[str, Any], str], list[tuple[str, str, str]]]  # of a change, in a language


_introduced: dict[str, Introduced] = {}


def introduce(kind: str, how: Introduced) -> None:
    """Have acts on a kind of record told so; the composition root does, before anybody looks."""
    _introduced[kind] = how


def action_texts() -> dict[str, str]:
    """Return every act that can be looked for with its sentence: this area's, and those of introduced kinds."""
    introduced = {key: text for how in _introduced.values() for key, text in how.actions.items()}
    return {**introduced, **ACTION_TEXTS}


def show_act(act: "Row[Any]", words: Translator, areas: Sequence[Area] = ()) -> ShownAct:
    """Put an act into words; a code that has none yet is shown as it is. ``areas`` put rights into words."""
    if act.subject_kind in _introduced:
        return _show_introduced(act, _introduced[act.subject_kind], words)
    text = words.t(ACTION_TEXTS[act.action]) if act.action in ACTION_TEXTS else act.action
    pairs = {name: pair for whole, change in act.change.items() for name, pair in _parts(whole, change)}
    if "permissions" in pairs:
        pairs["permissions"] = [show_rights(areas, held or (), words.t) for held in pairs["permissions"]]
    what = _named(pairs.get("names"), words)
    changes = [
        Change(name, words.t(_FIELD_TEXTS.get(name, name)), *(_plain(name, one, words) for one in pair))
        for name, pair in pairs.items()
        if name not in _UNSEEN and any(one not in (None, "", []) for one in pair) and not (what and name == "names")
    ]
    ended = pairs.get("active", [None, None])[1] is False
    said, told = sentence(act.action, what, changes, words, ended=ended)
    shown = tuple((one.label, one.before, one.after) for one in changes if one.name not in told)
    path = _PATHS.get(act.subject_kind, "") and f"{_PATHS[act.subject_kind]}{act.subject}"
    return ShownAct(act.id, act.at, act.actor_name, said or text, "" if said else what, path, act.reason or "", shown)


def show_rights(areas: Sequence[Area], rights: Collection[str], t: Callable[[str], str]) -> str:
    """Put permissions into words by area: "Items & prices: see, edit"."""
    parts = []
    for area in areas:
        held = [t(RIGHT_TEXTS[one.right]).lower() for one in area.permissions if one.name in rights]
        if held:
            parts.append(f"{t(area.title)}: {', '.join(held)}")
    return " · ".join(parts)


def _show_introduced(act: "Row[Any]", how: Introduced, words: Translator) -> ShownAct:
    text = words.t({**ACTION_TEXTS, **how.actions}.get(act.action, act.action))
    path = "" if act.action.endswith((".deleted", ".erased")) else f"{how.path}{act.subject}"
    what = str(act.change.get("record", [None, ""])[1])
    changes = [Change(str(number), *one) for number, one in enumerate(how.tell(act.change, words.language))]
    said, told = sentence(act.action, what, changes, words)
    shown = tuple((one.label, one.before, one.after) for one in changes if one.name not in told)
    return ShownAct(act.id, act.at, act.actor_name, said or text, "" if said else what, path, act.reason or "", shown)


def _named(names: list[Any] | None, words: Translator) -> str:
    """Return what a thing is called where its name stayed: a name beside a change says of what, and is none itself."""
    before, after = names or (None, None)
    return text_of(after, words.language) if before == after and isinstance(after, Mapping) else ""


def _parts(name: str, pair: list[Any]) -> list[tuple[str, list[Any]]]:
    """A receipt's layout is one value in the settings, and several things to people."""
    if name != "layout":
        return [(name, pair)]
    before, after = (one if isinstance(one, Mapping) else {} for one in pair)
    return [(part, [before.get(part), after.get(part)]) for part in ("header", "footer")]


def _plain(name: str, value: Any, words: Translator) -> str:  # noqa: ANN401 - whatever JSON holds
    match value:
        case None | "" | []:
            return ""
        case bool():
            return words.t("yes") if value else words.t("no")
        case dict() if name == "role":
            return text_of(value, words.language)
        case dict() if set(value) <= set(LANGUAGES):
            return " / ".join(str(value[language]) for language in LANGUAGES if language in value)
        case dict():
            return " / ".join(f"{key} {_plain(name, one, words)}" for key, one in value.items())
        case [str(), *_] if all(isinstance(one, str) for one in value) and len(value) == 2 and _DAY.fullmatch(value[0]):
            return " ".join(_plain(name, one, words) for one in value)  # a rate with the day it holds from
        case list():
            return " · ".join(_plain(name, one, words) for one in value)
        case str():
            return _text(name, value, words)
        case _:
            return str(value)


def _text(name: str, value: str, words: Translator) -> str:
    """Dates, prices and codes as the person's language writes them."""
    if _DAY.fullmatch(value):
        return formats(words.language).day(date.fromisoformat(value))
    if _DECIMAL.fullmatch(value):
        return formats(words.language).decimals(Decimal(value))
    if name == "rights":
        return words.t(wording(f"right.{value}"))
    return words.t(wording(value)) if name in _CODES else value
