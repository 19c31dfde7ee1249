"""What an administrator or a failover does to connections."""

from sqlalchemy import create_engine, text

_CLOSE = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def close_all(url: str, which: str = "%") -> None:
    """Close every connection to a PostgreSQL database, or those whose last statement is like this."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        connection.execute(text(f"{_CLOSE} AND query LIKE :which"), {"which": which})
    engine.dispose()
