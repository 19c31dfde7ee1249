"""The one bulk insert: COPY on PostgreSQL, executemany of tuples on SQLite."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

Row = tuple[object, ...]
_COPY_FROM = 64  # below, one round trip beats COPY's three


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows whose values are in storage form (text, whole numbers, bytes).

    There is no ON CONFLICT: the caller knows that the rows are new.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names are our own
        connection.exec_driver_sql(statement, list(rows))
        return
    driver = driver_connection(connection)
    try:
        if len(rows) < _COPY_FROM:
            marks = ", ".join(f"${index + 1}" for index in range(len(columns)))
            names = ", ".join(f'"{name}"' for name in columns)
            statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names are our own
            await_only(driver.executemany(statement, rows))
        else:
            await_only(driver.copy_records_to_table(table.name, records=rows, columns=columns))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(f"COPY {table.name}", None, error) from error


def execute_on_driver(connection: Connection, statement: str, values: Sequence[object]) -> None:
    """Carry out one statement with asyncpg itself: on the way of every acknowledgement each layer counts."""
    try:
        await_only(driver_connection(connection).execute(statement, *values))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(statement, None, error) from error


def fetch_on_driver(connection: Connection, statement: str, values: Sequence[object]) -> tuple[Any, ...] | None:
    """Return the first row of one statement, asked by asyncpg itself; what began the transaction counts as one."""
    try:
        found = await_only(driver_connection(connection).fetchrow(statement, *values))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DBAPIError(statement, None, error) from error
    return None if found is None else tuple(found)


def driver_connection(connection: Connection) -> Any:  # noqa: ANN401 - asyncpg has no types
    """Return asyncpg's connection, inside the transaction that SQLAlchemy would begin with its next statement."""
    driver = connection.connection.driver_connection
    if driver is not None and not driver.is_in_transaction():
        connection.exec_driver_sql("SELECT 1")
    return driver
