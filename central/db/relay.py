"""Passes signals on between processes: LISTEN/NOTIFY on PostgreSQL, a look at the counters on SQLite."""

import asyncio
from typing import Any

import asyncpg
from sqlalchemy import Connection, text

from central.db.engine import Database
from central.db.signals import EVENT, FEED, STORED, TOPICS

_CHANNEL = "cassaforte"
_POLL_S = 1.0
_TIMEOUT_S = 10.0


async def relay_signals(database: Database) -> None:
    """Run for ever; a lost connection is the runtime's to start again."""
    if database.url.get_backend_name() == "sqlite":
        await _watch_counters(database)
    else:
        await _relay_notifications(database)


async def _watch_counters(database: Database) -> None:
    """The command line writes to the same file while the server runs."""
    seen = await database.read(_counters)
    while True:
        await asyncio.sleep(_POLL_S)
        now = await database.read(_counters)
        for topic, before, after in zip((FEED, EVENT), seen, now, strict=True):
            if before != after:
                database.signals.fire_here(topic)
        seen = now


def _counters(connection: Connection) -> tuple[int, int]:
    row = connection.execute(text("SELECT last_xid, last_event FROM feed_state")).one()
    return int(row[0]), int(row[1])


async def _relay_notifications(database: Database) -> None:
    outgoing: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(
        database.url.set(drivername="postgresql").render_as_string(hide_password=False), timeout=_TIMEOUT_S
    )
    own = connection.get_server_pid()

    def received(_: Any, sender: int, __: str, topic: str) -> None:  # noqa: ANN401 - asyncpg has no types
        if sender != own and topic in TOPICS:
            database.signals.fire_here(topic)

    try:
        await connection.add_listener(_CHANNEL, received)
        for topic in TOPICS:
            database.signals.fire_here(topic)  # whatever happened before we listened
        database.signals.to_relay = outgoing
        while True:
            topics = {await outgoing.get()}
            while not outgoing.empty():
                topics.add(outgoing.get_nowait())
            for topic in topics - {STORED}:  # whoever stored projects
                await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, topic, timeout=_TIMEOUT_S)
    finally:
        database.signals.to_relay = None
        await connection.close(timeout=_TIMEOUT_S)
