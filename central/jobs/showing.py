"""A job as people read it: its title, its state, how far it is, why it failed, what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from central.identity.people import Actor
from central.jobs.queue import may_manage
from central.jobs.values import OPEN, JobKind, State
from commerce.errors import RuleError
from commerce.texts import N_, Translator
from commerce.texts.errors import error_text

STATES = {
    State.WAITING: (N_("waits"), "plain"),
    State.RUNNING: (N_("at work"), "accent"),
    State.DONE: (N_("done"), "good"),
    State.FAILED: (N_("failed"), "bad"),
    State.CANCELLED: (N_("cancelled"), "plain"),
}
STOPPING = (N_("is being stopped"), "warn")


@dataclass(frozen=True, slots=True)
class Shown:
    """A job's row with what a page says of it; ``state`` is the word and the sort of mark it stands in."""

    row: Row[Any]
    title: str
    state: tuple[str, str]
    reason: str
    link: str
    may_cancel: bool
    has_file: bool
    is_open: bool


def show(row: Row[Any], actor: Actor, kinds: Mapping[str, JobKind], words: Translator) -> Shown:
    """Return what is to be said of a job to somebody who may see it."""
    is_open = row.state in OPEN
    stopping = is_open and row.cancel_by is not None
    word, mark = STOPPING if stopping else STATES[State(row.state)]
    title = words.t(kinds[row.kind].title) if row.kind in kinds else row.kind
    may = row.asked_by == actor.id or may_manage(actor, row)
    return Shown(
        row=row,
        title=title,
        state=(words.t(word), mark),
        reason=reason_text(words, row.reason, row.reason_values),
        link=str((row.result or {}).get("link", "")),
        may_cancel=is_open and may and not stopping,
        has_file=row.state == State.DONE and row.file_bytes is not None,
        is_open=is_open,
    )


def row_text(words: Translator, code: str | None, values: Mapping[str, Any] | None) -> str:
    """Return the sentence of what became of a row, behind the label of the field that it is about (``where``)."""
    said, where = reason_text(words, code, values), str((values or {}).get("where", ""))
    return f"{words.t(where)}: {said}" if where and said else said


def reason_text(words: Translator, code: str | None, values: Mapping[str, Any] | None) -> str:
    """Return the sentence that says why; "" where there is nothing to say."""
    return error_text(words, RuleError(code, **dict(values or {}))) if code else ""
