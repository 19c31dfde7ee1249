"""The database's clock: what several processes wait for, hold and give up goes by one clock, never by their own."""

from datetime import datetime

from sqlalchemy import Connection

from commerce.dates import parse_utc

_NOW = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
    "postgresql": """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
}


def database_now(connection: Connection) -> datetime:
    """Return the moment by the database's clock, later ones in the same transaction too."""
    return parse_utc(str(connection.exec_driver_sql(_NOW[connection.dialect.name]).scalar_one()))
