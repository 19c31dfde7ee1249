"""Which database of which PostgreSQL cluster this is: transaction ids mean something only there.

A dump with its rows keeps the ids that the old cluster gave. In a new one, whose count stands elsewhere, rows with them
are before their time or behind a cursor, so a feed that is read there says so until it is counted anew.
"""

from sqlalchemy import Connection

_HOME = """
SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""


def home_of(connection: Connection) -> str:
    """Return what a copy of this database in another place does not share; "" on SQLite, which counts by itself."""
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.exec_driver_sql(_HOME).scalar_one())
