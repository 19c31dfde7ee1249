"""The record of who changed what. Written in the same transaction as the change, never changed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.identity import queries
from central.identity.people import Actor
from commerce.ids import new_id

Change = Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done: ``change`` maps a field to what it was and what it is. Secrets are never in it."""

    action: str
    subject_kind: str
    subject: str
    change: Change
    company: str | None = None
    reason: str | None = None


def record(conn: Connection, actor: Actor, at: datetime, act: Act) -> None:
    """Write one act down."""
    values: dict[str, object] = {
        "id": new_id(),
        "company": act.company,
        "at": at,
        "actor": actor.id,
        "actor_name": actor.name,
        "action": act.action,
        "subject_kind": act.subject_kind,
        "subject": act.subject,
        "reason": act.reason,
        "change": {name: list(values) for name, values in act.change.items()},
    }
    queries.insert_act(conn, values)


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Return the fields that differ, as ``Act.change`` wants them."""
    names = {**before, **after}
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
