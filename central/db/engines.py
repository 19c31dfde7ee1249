"""How either database is connected to: its settings, time-outs, and which connections can only read."""

import time
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import QueuePool, StaticPool

_BUSY_S = 30
_IDLE_IN_TRANSACTION_S = 60  # an idle transaction anywhere holds up the change feed's horizon
_LOCK_S = 30
_STEPS = 50_000  # of SQLite's machine between two looks at the clock: a few milliseconds
_DEADLINE = "cassaforte.deadline"
# A server that vanished is noticed within a minute; the URL may say otherwise.
_LINK = {"connect_timeout": 10, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4,
         "tcp_user_timeout": 30_000, "application_name": "cassaforte"}  # fmt: skip


def sqlite_writer(url: URL) -> Engine:
    """Return an engine of one connection, whose transactions take the write lock at once."""
    engine = create_engine(url, connect_args=_SQLITE_ARGUMENTS, poolclass=StaticPool)
    event.listen(engine, "connect", _prepare_sqlite)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def sqlite_reader(url: URL, connections: int, limit_s: float) -> Engine:
    """Return an engine that cannot write and whose transactions are stopped after a time."""
    # The last one back is the first one out: the others' caches stay small.
    engine = create_engine(
        url, connect_args=_SQLITE_ARGUMENTS, poolclass=QueuePool, pool_size=connections, pool_use_lifo=True
    )
    event.listen(engine, "connect", _prepare_sqlite)

    @event.listens_for(engine, "connect")
    def _only_read(connection: Any, record: Any) -> None:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy
        connection.execute("PRAGMA query_only=ON")
        record.info[_DEADLINE] = float("inf")
        connection.set_progress_handler(lambda: time.monotonic() > record.info[_DEADLINE], _STEPS)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.info[_DEADLINE] = time.monotonic() + limit_s
        connection.exec_driver_sql("BEGIN")

    return engine


def postgres_writer(url: URL, connections: int) -> Engine:
    """Return a pool whose transactions never wait for a lock for long."""
    return _postgres(url, connections, {})


def postgres_reader(url: URL, connections: int, limit_s: float) -> Engine:
    """Return a pool whose transactions see one snapshot and cannot write; a slow statement is stopped."""
    engine = _postgres(url, connections, {"statement_timeout": f"{_milliseconds(limit_s)}"})

    @event.listens_for(engine, "connect")
    def _snapshot(connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's connection behind SQLAlchemy
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    return engine


def hurry(connection: Connection, limit_s: float) -> None:
    """Stop what a reader's transaction still asks after a time that is shorter than its own."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_milliseconds(limit_s)}")
    else:
        connection.info[_DEADLINE] = time.monotonic() + limit_s


def postgres_arguments(url: URL, settings: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what libpq is told to connect by a URL: everything in it, ``sslmode`` and the like too, and our defaults.

    ``settings`` are the session's; those in the URL's own ``options`` win.
    """
    _, given = PGDialect_psycopg().create_connect_args(url)  # type: ignore[no-untyped-call]
    ours = [f"-c {name}={value}" for name, value in (settings or {}).items()]
    return {**_LINK, **given, "options": " ".join([*ours, str(given.get("options", ""))]).strip()}


def _milliseconds(seconds: float) -> int:
    """Return whole milliseconds."""
    return int(seconds * 1000)


def _postgres(url: URL, connections: int, settings: dict[str, str]) -> Engine:
    common = {
        "idle_in_transaction_session_timeout": str(_milliseconds(_IDLE_IN_TRANSACTION_S)),
        "lock_timeout": str(_milliseconds(_LOCK_S)),
        "jit": "off",  # compiling a page's query took longer than any page takes
    }
    return create_engine(
        url.set(query={}),
        connect_args=postgres_arguments(url, {**common, **settings}),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_BUSY_S,
        pool_use_lifo=True,
    )


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy
    connection.isolation_level = None  # the driver would begin too late, and never before a SELECT
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


_SQLITE_ARGUMENTS = {"timeout": _BUSY_S, "check_same_thread": False}
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",  # a set of 500 sales is not spilled before its commit
    "PRAGMA wal_autocheckpoint=8000",
)
