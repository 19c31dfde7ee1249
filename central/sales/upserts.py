"""The few projections whose rows several entries write, with the same result in whatever order they come."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from central.db.bulk import Row, execute_plain

_SHARED = ("company", "shop", "business_day")
_BEGAN = ("currency", "drawer", "opening_cash", "opened_at", "opened_by", "opened_hash")
_ENDED = (
    "closed_at", "closed_by", "z_number", "sales", "total", "expected_cash", "counted_cash", "over_short", "z",
    "closed_hash",
)  # fmt: skip


def sessions_opened(connection: Connection, rows: Sequence[Row]) -> None:
    """Write how sessions began; that says whose they are and of which day, too."""
    changes = {name: f"excluded.{name}" for name in (*_SHARED, *_BEGAN)}
    _upsert(connection, ("till", "id", *_SHARED, *_BEGAN), changes, _later("opened"), rows)


def sessions_closed(connection: Connection, rows: Sequence[Row]) -> None:
    """Write how sessions ended."""
    shared = {
        name: f"CASE WHEN till_session.opened_at IS NULL THEN excluded.{name} ELSE till_session.{name} END"
        for name in _SHARED
    }
    changes = {**shared, **{name: f"excluded.{name}" for name in _ENDED}}
    _upsert(connection, ("till", "id", *_SHARED, *_ENDED), changes, _later("closed"), rows)


def _later(what: str) -> str:
    """Of two entries that say the same of a session, a fork's and the chain's own, the later one counts."""
    own, new = (f"({table}.{what}_at, {table}.{what}_hash)" for table in ("till_session", "excluded"))
    return f"till_session.{what}_at IS NULL OR {new} > {own}"


def _upsert(
    connection: Connection, columns: Sequence[str], changes: Mapping[str, str], when: str, rows: Sequence[Row]
) -> None:
    marks = ", ".join("?" * len(columns))
    changed = ", ".join(f"{name} = {value}" for name, value in changes.items())
    statement = (
        f"INSERT INTO till_session ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names are our own
        f" ON CONFLICT (till, id) DO UPDATE SET {changed} WHERE {when}"
    )
    if rows:
        execute_plain(connection, statement, list(rows))
