"""Keeps PostgreSQL's plans fit for tables that grow fast: one made for an empty table would read it whole for long."""

from sqlalchemy import Connection, Table


def refresh_statistics(connection: Connection, *tables: Table) -> None:
    """Let the engine look at the tables anew; SQLite plans by its indexes and needs none of it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in tables)}")
