"""The few projections whose rows several entries write; each entry owns its columns, so order does not matter."""

from collections.abc import Sequence

from sqlalchemy import Connection

from central.db.bulk import Row, execute_plain

_OPENED = (
    "till", "id", "company", "shop", "business_day", "currency", "drawer", "opening_cash", "opened_at", "opened_by"
)  # fmt: skip
_CLOSED = (
    "till", "id", "company", "shop", "business_day", "closed_at", "closed_by", "z_number", "sales", "total",
    "expected_cash", "counted_cash", "over_short", "z",
)  # fmt: skip
_SESSION_SHARED = 5


def sessions_opened(connection: Connection, rows: Sequence[Row]) -> None:
    """Write how sessions began."""
    _upsert(connection, "till_session", _OPENED, _OPENED[_SESSION_SHARED:], rows)


def sessions_closed(connection: Connection, rows: Sequence[Row]) -> None:
    """Write how sessions ended."""
    _upsert(connection, "till_session", _CLOSED, _CLOSED[_SESSION_SHARED:], rows)


def operator_names(connection: Connection, rows: Sequence[Row]) -> None:
    """Write what operators are called; the newest sign-on counts, whenever it arrives."""
    newest = " WHERE (excluded.at, excluded.name) > (operator_name.at, operator_name.name)"
    _upsert(connection, "operator_name", ("company", "operator", "name", "at"), ("name", "at"), rows, newest)


def _upsert(
    connection: Connection, table: str, columns: Sequence[str], own: Sequence[str], rows: Sequence[Row], when: str = ""
) -> None:
    keys = ", ".join(columns[:2])
    marks = ", ".join("?" * len(columns))
    changes = ", ".join(f"{name} = excluded.{name}" for name in own)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names are our own
        f" ON CONFLICT ({keys}) DO UPDATE SET {changes}{when}"
    )
    if rows:
        execute_plain(connection, statement, list(rows))
