"""What tills noticed: somebody guesses PINs, or had hands on their files. Shown until somebody has seen it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, Select, and_, func, select, tuple_

from central.db.bulk import Row as StoredRow
from central.db.bulk import insert_new, insert_rows
from central.db.events import emit
from central.db.keyset import Place, Waiting
from central.identity import audit
from central.organisation.directory import tills
from central.organisation.service import find_till_within
from central.tills import chains
from central.tills.area import APPROVE_AT_TILLS
from central.tills.review import Decision, EntryKey
from central.tills.tables import alarm_seen, till_alarm
from central.tills.values import RawEntry
from commerce.bodies.alarm import AlarmRaised
from commerce.bodies.form import read
from commerce.bodies.header import Header
from commerce.dates import utc_text
from commerce.errors import BadInputError, ConflictError, NotFoundError
from commerce.kinds import Kind

_COLUMNS = tuple(column.name for column in till_alarm.columns)
_KEY = ("till", "chain", "seq", "hash")
_SHOWN = 50
_PLACES_AT_ONCE = 200
ALARMS = Waiting(
    till_alarm.c.state,
    (("open",), ("seen",)),
    (till_alarm.c.at, till_alarm.c.chain, till_alarm.c.seq, till_alarm.c.hash),
)
MOST_COUNTED = 1_000
_UNSEEN: StoredRow = ("open", None, None, None)


class AlarmProjection:
    """The projection of alarms (``central.tills.projector.Projection``)."""

    def build(self, entries: Sequence[RawEntry]) -> tuple[list[StoredRow], Mapping[int, str]]:
        """Return the alarms among entries, and why others have no row."""
        rows: list[StoredRow] = []
        problems: dict[int, str] = {}
        for index, entry in enumerate(entries):
            if entry.kind == Kind.ALARM_RAISED:
                try:
                    rows.append(_row(entry))
                except BadInputError as error:
                    problems[index] = error.code
        return rows, problems

    def store(self, connection: Connection, rows: list[StoredRow], at: datetime, announced: int) -> None:
        """Write them, and tell open pages."""
        insert_rows(connection, till_alarm, _COLUMNS, _with_decisions(connection, rows))
        news = sorted({str(row[0]) for row in rows if int(str(row[2])) > announced})
        for company, till in connection.execute(select(tills.c.company, tills.c.id).where(tills.c.id.in_(news))):
            emit(connection, company, "till.alarm", [till], at)

    def clear(self, connection: Connection) -> None:
        """Drop every alarm; who saw it stays."""
        connection.execute(till_alarm.delete())


def open_alarms() -> Any:  # noqa: ANN401 - SQLAlchemy's expressions
    """Return what counts a till's alarms that nobody has seen, within a query on the directory of tills."""
    return count_some(select(till_alarm.c.seq).where(till_alarm.c.till == tills.c.id, till_alarm.c.state == "open"))


def count_some(of_a_till: Select[Any]) -> ScalarSelect[int]:
    """Return what counts rows of a till, no further than ``MOST_COUNTED``: all tills stand on every page of them."""
    some = of_a_till.correlate(tills).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def list_alarms(connection: Connection, till: str, after: Place | None = None, limit: int = _SHOWN) -> list[Row[Any]]:
    """Return a page of a till's alarms, those that nobody has seen first (``ALARMS``)."""
    return ALARMS.page(connection, select(till_alarm).where(till_alarm.c.till == till), after, limit)


def mark_seen(connection: Connection, key: EntryKey, decision: Decision) -> None:
    """Note that somebody saw an alarm and looks after it; a rebuild waits, or it would not know.

    NotFoundError ``till.unknown`` or ``alarm.unknown``, ConflictError ``alarm.seen`` when somebody did before.
    """
    actor = decision.actor
    company = str(find_till_within(connection, actor, APPROVE_AT_TILLS, key.till).company)
    chains.keep_rebuilds_out(connection)
    place = {"till": key.till, "chain": key.chain, "seq": key.seq, "hash": key.hash}
    if not _is_known(connection, place):
        raise NotFoundError("alarm.unknown")
    seen = {"seen_at": decision.at, "seen_by": actor.name, "note": decision.note[:1000]}
    if not insert_new(connection, alarm_seen, {**place, **seen}):
        raise ConflictError("alarm.seen")
    same = and_(*(till_alarm.c[name] == value for name, value in place.items()))
    connection.execute(till_alarm.update().where(same).values(state="seen", **seen))
    act = audit.Act("alarm.seen", "alarm", str(key), {"state": ("open", "seen")}, company, decision.note[:1000] or None)
    audit.record(connection, actor, decision.at, act)
    emit(connection, company, "till.alarm", [key.till], decision.at)


def _is_known(connection: Connection, place: Mapping[str, object]) -> bool:
    same = and_(*(till_alarm.c[name] == value for name, value in place.items()))
    return connection.execute(select(till_alarm.c.till).where(same)).first() is not None


def _row(entry: RawEntry) -> StoredRow:
    body = read(AlarmRaised, entry.body)
    at = read(Header, entry.header).at
    return (entry.till, entry.chain, entry.seq, entry.hash, body.code.value, body.subject, body.count, body.detail, at)


def _with_decisions(connection: Connection, rows: Sequence[StoredRow]) -> list[StoredRow]:
    """Complete alarms by who saw them: a rebuild makes them again, and forgets no decision."""
    seen: dict[tuple[object, ...], StoredRow] = {}
    for start in range(0, len(rows), _PLACES_AT_ONCE):
        places = [row[: len(_KEY)] for row in rows[start : start + _PLACES_AT_ONCE]]
        query = select(alarm_seen).where(tuple_(*(alarm_seen.c[name] for name in _KEY)).in_(places))
        for row in connection.execute(query):
            key = tuple(getattr(row, name) for name in _KEY)
            seen[key] = ("seen", utc_text(row.seen_at), row.seen_by, row.note)
    return [(*row, *seen.get(row[: len(_KEY)], _UNSEEN)) for row in rows]
