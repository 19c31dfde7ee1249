"""What waits for a person: entries set aside and forks. Jobs on a connection; every decision is audited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select, update

from central.identity import audit
from central.identity.people import Actor
from central.organisation.service import find_till_within, get_till
from central.tills import chains
from central.tills.area import APPROVE_AT_TILLS
from central.tills.projector import Projection, project_one
from central.tills.proof import find_evidence
from central.tills.tables import ledger_entry, ledger_fork, set_aside
from central.tills.values import RawEntry
from commerce.errors import BadInputError, ConflictError, NotFoundError, RuleError


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Which entry; ``hash`` only where it is a fork."""

    till: str
    chain: str
    seq: int
    hash: bytes | None = None

    def __str__(self) -> str:
        return f"{self.till}/{self.chain}/{self.seq}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, when and why."""

    actor: Actor
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Counting:
    """What entries become, and chains of which modes count."""

    projection: Projection
    modes: tuple[str, ...] = ("live",)


def get_entry(connection: Connection, key: EntryKey) -> RawEntry:
    """Return a stored entry, a fork when the key has its hash; NotFoundError if there is none."""
    for table in (ledger_entry, ledger_fork):
        query = select(
            table.c.till, table.c.chain, table.c.seq, table.c.hash, table.c.kind, table.c.header, table.c.body
        ).where(table.c.till == key.till, table.c.chain == key.chain, table.c.seq == key.seq)
        if key.hash is not None:
            query = query.where(table.c.hash == key.hash)
        row = connection.execute(query).first()
        if row is not None:
            return RawEntry(*row)
        if key.hash is None:
            break
    raise NotFoundError("entry.unknown", entry=str(key))


def retry(connection: Connection, counting: Counting, key: EntryKey, decision: Decision) -> None:
    """Project an entry whatever it was set aside for; RuleError ``set_aside.still`` when it cannot be."""
    _open_row(connection, set_aside, key, decision)
    entry = _genuine(connection, counting, key)
    cursor = chains.lock_cursor(connection, key.till, key.chain)
    if key.seq <= cursor.projected_seq:
        _project(connection, counting, entry, decision)
    else:  # the projector is still to come by; what it has read already knows nothing of this
        _refuse(counting.projection.build([entry])[1].get(0))
        chains.invalidate_sets(connection, key.till, key.chain)
    _close(connection, set_aside, key, decision, "projected")


def dismiss(connection: Connection, key: EntryKey, decision: Decision) -> None:
    """Decide that an entry set aside stays without effect; BadInputError ``resolve.note`` without a reason."""
    _open_row(connection, set_aside, key, decision)
    _require_note(decision)
    _close(connection, set_aside, key, decision, "dismissed")


def accept_fork(connection: Connection, counting: Counting, key: EntryKey, decision: Decision) -> None:
    """Let a fork's sale count beside the chain's own; RuleError ``set_aside.still`` when it cannot be projected."""
    _open_row(connection, ledger_fork, key, decision)
    entry = _genuine(connection, counting, key)
    chains.lock_cursor(connection, key.till, key.chain)
    _project(connection, counting, entry, decision)
    _close(connection, ledger_fork, key, decision, "accepted")


def dismiss_fork(connection: Connection, key: EntryKey, decision: Decision) -> None:
    """Decide that a fork stays without effect; BadInputError ``resolve.note`` without a reason."""
    _open_row(connection, ledger_fork, key, decision)
    _require_note(decision)
    _close(connection, ledger_fork, key, decision, "dismissed")


def _genuine(connection: Connection, counting: Counting, key: EntryKey) -> RawEntry:
    """Return an entry that the till has signed, on a chain that counts; checked again at every decision."""
    found = find_evidence(connection, key.till, key.chain, key.seq, key.hash)
    if found is None:
        raise NotFoundError("entry.unknown", entry=str(key))
    _refuse(None if found.is_genuine else found.problem)
    _refuse(None if found.mode in counting.modes else "projection.mode")
    return get_entry(connection, key)


def _project(connection: Connection, counting: Counting, entry: RawEntry, decision: Decision) -> None:
    _refuse(project_one(connection, counting.projection, entry, decision.at))


def _refuse(reason: str | None) -> None:
    if reason:
        raise RuleError("set_aside.still", reason=reason)


def _require_note(decision: Decision) -> None:
    if not decision.note.strip():
        raise BadInputError("resolve.note")


def _open_row(connection: Connection, table: Table, key: EntryKey, decision: Decision) -> None:
    find_till_within(connection, decision.actor, APPROVE_AT_TILLS, key.till)
    row = connection.execute(select(table.c.state).where(*_is(table, key)).with_for_update()).first()
    if row is None:
        raise NotFoundError("entry.unknown", entry=str(key))
    if row.state != "open":
        raise ConflictError("resolve.done", state=row.state)


def _close(connection: Connection, table: Table, key: EntryKey, decision: Decision, state: str) -> None:
    values = {
        "state": state, "resolved_at": decision.at, "resolved_by": decision.actor.name, "note": decision.note[:1000]
    }  # fmt: skip
    connection.execute(update(table).where(*_is(table, key)).values(values))
    company = str(get_till(connection, key.till).company)
    act = audit.Act(
        f"{table.name}.{state}", table.name, str(key), {"state": ("open", state)}, company, decision.note or None
    )
    audit.record(connection, decision.actor, decision.at, act)


def _is(table: Table, key: EntryKey) -> list[Any]:
    same = [table.c.till == key.till, table.c.chain == key.chain, table.c.seq == key.seq]
    return [*same, table.c.hash == key.hash] if table is ledger_fork else same
