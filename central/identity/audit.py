"""The record of who changed what. Written in the same transaction as the change, never changed afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.identity import queries
from central.identity.people import COMMAND_LINE, Actor
from central.identity.scope import Scope
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
    """Write one act down; one of somebody who works for a single company is that company's."""
    queries.insert_act(conn, _values(actor, at, act))


def record_many(conn: Connection, actor: Actor, at: datetime, acts: Sequence[Act]) -> None:
    """Write acts down, in their order."""
    if acts:
        queries.insert_acts(conn, [_values(actor, at, act) for act in acts])


def _values(actor: Actor, at: datetime, act: Act) -> dict[str, object]:
    return {
        "id": new_id(),
        "company": act.company or actor.company,
        "at": at,
        "actor": actor.id,
        "actor_name": actor.name,
        "action": act.action,
        "subject_kind": act.subject_kind,
        "subject": act.subject,
        "reason": act.reason,
        "change": {name: list(values) for name, values in act.change.items()},
    }


@dataclass(frozen=True, slots=True)
class LastAct:
    """Who touched something last."""

    who: str
    at: datetime


def last_act(conn: Connection, kind: str, subject: str) -> LastAct | None:
    """Return who changed something last and when; None where nobody wrote it down."""
    rows = queries.list_acts(conn, limit=1, wanted=queries.ActFilter(subject=(kind, subject)))
    return LastAct(rows[0].actor_name, rows[0].at) if rows else None


@dataclass(frozen=True, slots=True)
class PastAct:
    """One act on a thing as it is held; ``change`` maps a field to what it was and what it is, in JSON."""

    who: str
    at: datetime
    action: str
    change: Mapping[str, list[Any]]


def acts_on(conn: Connection, company: str, kind: str, subject: str, limit: int) -> list[PastAct]:
    """Return what was done to a thing of a company, newest first."""
    wanted = queries.ActFilter(subject=(kind, subject))
    rows = queries.list_acts(conn, limit=limit, wanted=wanted, scopes=[Scope(COMMAND_LINE, company)])
    return [PastAct(row.actor_name, row.at, row.action, row.change) for row in rows]


def forget_values(conn: Connection, company: str, kind: str, subject: str) -> None:
    """Take out of all acts on a thing what was changed: who did something to it and when stays."""
    queries.clear_changes(conn, company, kind, subject)


def call_otherwise(conn: Connection, company: str, title: str, now: str) -> None:
    """Call a thing otherwise where acts on others named it."""
    queries.replace_in_changes(conn, company, title, now)


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Return the fields that differ, as ``Act.change`` wants them."""
    names = {**before, **after}
    # SQLAlchemy names columns by a class of its own, which is no name in JSON
    return {str(name): (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
