"""One thing done to many records: whatever can be done is done, the rest is told with its reason; for some seconds all
of it can be taken back. Jobs on a connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from central.kit import records, service
from central.kit.kinds import Kind
from central.kit.models import card_of, models_of, said_of
from central.kit.proposals import Edit, Proposal, Record, pending
from central.kit.tables import list_undo
from commerce.errors import ConflictError, NotFoundError, Problem, RuleError
from commerce.ids import new_id

DELETE = "delete"
MOST = 1000
UNDO_S = 10  # as long as the page offers it
_HELD = timedelta(seconds=3 * UNDO_S)  # a page takes its time to arrive, and a finger to press
_U = list_undo.c


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to how many records, and of those that were left: title and reason."""

    id: str
    action: str
    count: int
    left: tuple[tuple[str, Problem], ...]


def carry_out(conn: Connection, kind: Kind, edit: Edit, action: str, chosen: Mapping[str, int | None]) -> str:
    """Do something to the records of these versions, to all that it can be done to; return the id of the deed.

    NotFoundError ``action.unknown``; RuleError ``bulk.many``.
    """
    change = service.change_of(kind, action) if action != DELETE else None
    if len(chosen) > MOST:
        raise RuleError("bulk.many", most=MOST)
    service.enter(conn, kind, edit)
    found, left = _standing(conn, kind, edit, chosen)
    done = _delete(conn, kind, edit, found, left) if change is None else _change(conn, kind, edit, change, found, left)
    return _keep(conn, kind, edit, action, done, left)


def deed_of(conn: Connection, kind: Kind, edit: Edit, deed: str) -> Deed | None:
    """Return what somebody has just done, None when it is too late to take it back."""
    row = _find(conn, kind, edit, deed)
    if row is None:
        return None
    left = tuple((title, Problem(code, "", values)) for title, code, values in row.others)
    return Deed(row.id, row.action, len(row.done), left)


def take_back(conn: Connection, kind: Kind, edit: Edit, deed: str) -> int:
    """Put records back as they were, but those that somebody has changed since; return how many.

    ConflictError ``undo.over`` when it is too late.
    """
    service.enter(conn, kind, edit)
    row = _find(conn, kind, edit, deed)
    if row is None:
        raise ConflictError("undo.over")
    found = records.find(conn, kind, edit.company, [one for one, _, _ in row.done])
    proposals = [_back(kind, found[one], was) for one, version, was in row.done if found[one].version == version]
    service.look_over(conn, kind, edit, proposals)
    conn.execute(delete(list_undo).where(_U.company == edit.company, _U.id == deed))
    return len(service.store(conn, kind, edit, proposals))


def _standing(
    conn: Connection, kind: Kind, edit: Edit, chosen: Mapping[str, int | None]
) -> tuple[list[Record], list[tuple[str, Problem]]]:
    """Return the records of the versions that were shown, and those that somebody changed since."""
    found = records.find(conn, kind, edit.company, chosen)
    if any(one not in found for one in chosen):
        raise NotFoundError("record.gone")
    same = [one for one in found.values() if not one.gone and one.version == chosen[one.id]]
    others = [one for one in found.values() if one not in same]
    codes = {one.id: "record.gone" if one.gone else "version.stale" for one in others}
    return same, [(kind.title(one.card), Problem(codes[one.id], "", {})) for one in others]


def _delete(
    conn: Connection, kind: Kind, edit: Edit, found: Sequence[Record], left: list[tuple[str, Problem]]
) -> list[tuple[str, int, dict[str, Any]]]:
    free: dict[str, int | None] = {}
    for one in found:
        try:
            service.check_unused(conn, kind, edit, one.id)
            free[one.id] = one.version
        except RuleError as error:
            left.append((kind.title(one.card), Problem(error.code, "", error.values)))
    service.remove(conn, kind, edit, free)
    return [(one, (version or 0) + 1, {}) for one, version in free.items()]


def _change(
    conn: Connection, kind: Kind, edit: Edit, change: service.Change, found: Sequence[Record],
    left: list[tuple[str, Problem]],
) -> list[tuple[str, int, dict[str, Any]]]:  # fmt: skip
    proposals = [Proposal(change(one.card), one.id, one.version) for one in found]
    service.look_over(conn, kind, edit, proposals)
    for one, proposal in zip(found, proposals, strict=True):
        wrong = [*proposal.problems, *pending(edit, proposal)]
        if wrong:
            left.append((kind.title(one.card), wrong[0]))
    saved = {one.id: one for one in service.store(conn, kind, edit, proposals)}
    return [(one.id, saved[one.id].version, _was(kind, one, saved[one.id])) for one in found if one.id in saved]


def _was(kind: Kind, before: Record, after: Record) -> dict[str, Any]:
    was, now = said_of(kind, before), said_of(kind, after)
    return {name: was[name] for name in kind.shapes if was[name] != now[name]}


def _back(kind: Kind, standing: Record, was: Mapping[str, Any]) -> Proposal:
    proposal = Proposal(standing.card, standing.id, standing.version, returns=standing.gone)
    sent = models_of(kind).patch.model_validate(was)
    proposal.card = card_of(kind, sent, proposal.problems, standing.card)
    return proposal


def _keep(
    conn: Connection, kind: Kind, edit: Edit, action: str, done: Sequence[tuple[str, int, dict[str, Any]]],
    left: Sequence[tuple[str, Problem]],
) -> str:  # fmt: skip
    conn.execute(delete(list_undo).where(_U.at < edit.at - _HELD))
    told = [[title, one.code, {name: str(value) for name, value in one.values.items()}] for title, one in left]
    row = {"company": edit.company, "id": new_id(), "kind": kind.name, "actor": str(edit.actor.id), "action": action}
    conn.execute(insert(list_undo), {**row, "done": [list(one) for one in done], "others": told, "at": edit.at})
    return row["id"]


def _find(conn: Connection, kind: Kind, edit: Edit, deed: str) -> Row[Any] | None:
    mine = (_U.company == edit.company, _U.id == deed, _U.kind == kind.name, _U.actor == str(edit.actor.id))
    return conn.execute(select(list_undo).where(*mine, _U.at >= edit.at - _HELD)).first()
