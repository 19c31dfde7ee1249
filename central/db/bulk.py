"""Our own SQL, the same text on both engines, and the one bulk insert: COPY on PostgreSQL, executemany on SQLite."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import psycopg
from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError

Row = tuple[object, ...]
_NOBODY_READS_MS = 3000
_TOGETHER = 100  # rows of at most 300 columns: SQLite takes 32,766 values
_COPY_FROM = 64  # below, one round trip beats COPY's three
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def execute_plain(
    connection: Connection, statement: str, values: tuple[Any, ...] | list[Any] = ()
) -> CursorResult[Any]:
    """Carry out a statement with ``?`` for each value (in storage form); for each row of a list of them."""
    if connection.dialect.name == "postgresql":
        statement = statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, values)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows whose values are in storage form (text, whole numbers, bytes).

    There is no ON CONFLICT: the caller knows that the rows are new.
    """
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"INSERT INTO {table.name} ({names}) VALUES "  # noqa: S608 - our names
    if connection.dialect.name == "sqlite":
        _insert_together(connection, statement, len(columns), rows)
        return
    if len(rows) < _COPY_FROM:
        execute_plain(connection, statement + _marks(len(columns)), list(rows))
        return
    _copy(connection, f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)", _types(table, tuple(columns)), rows)


def insert_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless one stands in its place, somebody else's of this very moment too; tell whether it did."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(dict(values)).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).first() is not None


def put_row(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """Insert a row, or change the one that has its primary key."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    connection.execute(insert(table).values(dict(values)).on_conflict_do_update(index_elements=keys, set_=changed))


def empty(connection: Connection, tables: Sequence[Table]) -> None:
    """Drop every row of tables, in a moment however many there are: a transaction of minutes holds up the feed.

    On PostgreSQL nobody may be reading them just then: the job fails as ``storage.busy`` rather than have pages wait.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_NOBODY_READS_MS}ms'")
        connection.exec_driver_sql(f"TRUNCATE {', '.join(table.name for table in tables)}")
        return
    for table in tables:
        connection.execute(table.delete())  # without a condition SQLite gives whole pages back


def _insert_together(connection: Connection, statement: str, width: int, rows: Sequence[Row]) -> None:
    """Insert rows many to a statement: the driver lets go of the interpreter for each, and gets it back late."""
    whole = len(rows) - len(rows) % _TOGETHER
    many = statement + ", ".join([_marks(width)] * _TOGETHER)
    for first in range(0, whole, _TOGETHER):
        execute_plain(connection, many, tuple(chain.from_iterable(rows[first : first + _TOGETHER])))
    if rows[whole:]:
        execute_plain(connection, statement + _marks(width), list(rows[whole:]))


def _marks(width: int) -> str:
    return f"({', '.join('?' * width)})"


def _copy(connection: Connection, statement: str, types: Sequence[str], rows: Sequence[Row]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - the job's own connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except (psycopg.DataError, OverflowError, ValueError) as error:
        raise DataError(statement, None, error) from error
    except psycopg.Error as error:
        broken = bool(driver.closed)
        if broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, connection_invalidated=broken, dialect=connection.dialect
        ) from error


@lru_cache(maxsize=64)
def _types(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Binary COPY converts nothing: say what each column takes."""
    return tuple(str(table.c[name].type.compile(_DIALECT)).lower().partition(" collate ")[0] for name in columns)
