"""Prints and notices: what happened to the sale first, then what to do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from commerce.numbering import RECEIPT
from commerce.texts.errors import ERROR_TEXTS, sentence_of, shown_values
from terminal.ui.words import (
    FISCAL,
    FISCAL_AGAIN,
    FISCAL_GIVE_UP,
    FISCAL_NOTED,
    FISCAL_SILENT,
    FISCAL_TITLE,
    FISCAL_WAITING,
    PRICE_MISSING,
    PRINT_ACTIONS,
    PRINT_AGAIN,
    PRINT_COPY,
    PRINT_DONE,
    PRINT_RECEIPT,
    PRINT_SENT,
    PRINT_WAITING,
    PRINT_Z,
    RECEIPT_TITLE,
    REPORT_TITLE,
    SCAN_REFUSED,
)

if TYPE_CHECKING:
    from terminal.services.state import Notice, PrintState
    from terminal.ui.view_types import ActionView, ItemView, NoticeView, PrintView
    from terminal.ui.views import Viewer

NEEDS_PERSON: Final = frozenset({"failed", "unknown", "not_done"})


def print_view(viewer: Viewer, job: PrintState) -> PrintView:
    """Return a print with what a person can do about it."""
    title = RECEIPT_TITLE if job.document_kind == RECEIPT else REPORT_TITLE
    if job.kind == "fiscal":
        title = FISCAL_TITLE
    return {
        "id": job.id,
        "of": job.of,
        "title": viewer.words.t(title, number=job.title),
        "state": job.state,
        "text": viewer.words.t(_print_text(job)),
        "needs_person": (job.state in NEEDS_PERSON and not job.is_one_way) or _is_silent(job),
        "actions": _actions(viewer, job),
    }


def notice_view(viewer: Viewer, notice: Notice, currency: str) -> NoticeView:
    """Return a notice; what can be chosen or typed to put it right comes with it."""
    values = notice.values
    found = [_candidate(viewer, entry, currency) for entry in values.get("candidates") or ()]
    item = values.get("item")
    return {
        "id": notice.number,
        "code": notice.code,
        "kind": "price" if notice.code == "price.missing" and item else "candidates" if found else "alarm",
        "text": _notice_text(viewer, notice),
        "of_scan": notice.of_scan,
        "scanned": values.get("scanned"),
        "item": _item_id(item),
        "candidates": found,
    }


def _is_silent(job: PrintState) -> bool:
    """Return whether the fiscal register was sent the document and does not say what became of it."""
    return job.kind == "fiscal" and job.state == "started" and bool(job.reason)


def _print_text(job: PrintState) -> str:
    if _is_silent(job):
        return FISCAL_SILENT
    if job.kind == "fiscal":
        return FISCAL.get(job.state, FISCAL_WAITING)
    if job.is_one_way:
        return PRINT_SENT
    if job.state not in NEEDS_PERSON:
        return PRINT_DONE if job.state == "done" else PRINT_WAITING
    if job.document_kind != RECEIPT:
        return PRINT_Z[job.state]
    by_reason = ERROR_TEXTS.get(job.reason) if job.reason.startswith("printer.") and job.state != "unknown" else None
    return by_reason or PRINT_RECEIPT[job.state]


def _actions(viewer: Viewer, job: PrintState) -> list[ActionView]:
    if job.kind == "fiscal":
        return _fiscal_actions(viewer, job)
    if job.state == "done":
        return [{"name": "again", "text": viewer.words.t(PRINT_COPY)}]
    if job.is_one_way:
        return [{"name": "again", "text": viewer.words.t(PRINT_AGAIN)}]
    if job.state not in NEEDS_PERSON:
        return []
    again, dismiss = PRINT_ACTIONS[job.state]
    return [{"name": "again", "text": viewer.words.t(again)}, {"name": "dismiss", "text": viewer.words.t(dismiss)}]


def _fiscal_actions(viewer: Viewer, job: PrintState) -> list[ActionView]:
    """Offer what cannot print twice: another try where nothing was printed, never where something may have been."""
    if _is_silent(job):
        return [{"name": "dismiss", "text": viewer.words.t(FISCAL_GIVE_UP)}]
    if job.state == "unknown":
        return [{"name": "dismiss", "text": viewer.words.t(FISCAL_NOTED)}]
    if job.state in NEEDS_PERSON:
        return [{"name": "again", "text": viewer.words.t(FISCAL_AGAIN)}]
    return []


def _notice_text(viewer: Viewer, notice: Notice) -> str:
    values = notice.values
    name = _name(viewer, values)
    own = SCAN_REFUSED.get(notice.code) if notice.of_scan else None
    by_code = PRICE_MISSING if notice.code == "price.missing" and name else own or sentence_of(notice.code, values)
    msgid = by_code or ERROR_TEXTS["rule"]
    shown = {"code": notice.code, **shown_values(viewer.words, values), "name": name}
    return viewer.words.say(msgid, shown)


def _name(viewer: Viewer, values: Mapping[str, Any]) -> str:
    item = values.get("item")
    names = values.get("names") or (item.get("names") if isinstance(item, Mapping) else None) or {}
    return names.get(viewer.language) or next(iter(names.values()), "") or str(values.get("name", ""))


def _candidate(viewer: Viewer, entry: object, currency: str) -> ItemView:
    """Read a candidate; one that is only an id is shown by its id rather than not at all."""
    if not isinstance(entry, Mapping):
        return {"id": str(entry), "sku": "", "name": str(entry), "unit": "", "price": None}
    return {
        "id": str(entry.get("item") or entry.get("id")),
        "sku": str(entry.get("sku") or ""),
        "name": _name(viewer, entry) or str(entry.get("sku") or ""),
        "unit": str(entry.get("unit") or ""),
        "price": _price(viewer, entry.get("price"), currency),
    }


def _price(viewer: Viewer, price: object, currency: str) -> str | None:
    try:
        return None if price is None else viewer.formats.price(Decimal(str(price)), currency)
    except InvalidOperation:
        return None


def _item_id(item: object) -> str | None:
    if isinstance(item, Mapping):
        item = item.get("id")
    return None if item is None else str(item)
