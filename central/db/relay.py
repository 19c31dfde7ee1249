"""Passes signals on between processes: LISTEN/NOTIFY on PostgreSQL, a look at the counters on SQLite.

Whoever listens notifies itself now and then, and knows by what it hears that it is not deaf.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from psycopg import AsyncConnection, Notify
from sqlalchemy import URL, Connection, text

from central.db.bulk import execute_plain
from central.db.engine import Database
from central.db.engines import postgres_arguments
from central.db.signals import EVENT, FEED, STORED, TOPICS, Signals, is_known

_CHANNEL = "cassaforte"
_POLL_S = 1.0
_PULSE_S = 10.0
_PULSE = "pulse"


class Ear(Protocol):
    """A connection that listens (``psycopg.AsyncConnection``)."""

    async def execute(self, query: str, params: tuple[object, ...] | None = None) -> object:
        """Carry out a statement."""

    def notifies(self, *, timeout: float | None = None) -> AsyncIterator[Notify]:
        """Yield what is notified until the time is up."""

    async def close(self) -> None:
        """Let go."""


class DeafError(ConnectionError):
    """The database takes our notifications and we hear none of them: something between us drops LISTEN."""


async def relay_signals(database: Database) -> None:
    """Wake this process for what others did, for ever; DeafError or a driver's error when the ear is lost."""
    if database.url.get_backend_name() == "sqlite":
        await _watch_counters(database)
    else:
        await hear(database.signals, lambda: _connect(database.url))


async def send_signals(database: Database) -> None:
    """Tell other processes what was done here, for ever; what could not be told is told when it can be."""
    signals = database.signals
    sender = signals.name
    while True:
        topics = (await signals.leaving()) - {STORED}  # whoever stored projects
        try:
            await database.write(partial(_notify, sender=sender, topics=sorted(topics)))
        except BaseException:
            signals.keep(topics)
            raise


async def hear(signals: Signals, connect: Callable[[], Awaitable[Ear]], pulse_s: float = _PULSE_S) -> None:
    """Listen on a connection of our own until it fails or turns out deaf."""
    ear = await connect()
    try:
        await ear.execute(f"LISTEN {_CHANNEL}")
        for topic in TOPICS:
            signals.fire_here(topic)  # whatever happened before we listened
        while True:
            await _hear_for(ear, signals, pulse_s)
    finally:
        await ear.close()


async def _hear_for(ear: Ear, signals: Signals, seconds: float) -> None:
    pulse = f"{_PULSE} {uuid4().hex}"
    await ear.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, pulse))
    alive = False
    async for note in ear.notifies(timeout=seconds):
        alive = alive or note.payload == pulse
        sender, _, topic = note.payload.partition(" ")
        if is_known(topic) and sender != signals.name:
            signals.fire_here(topic)
    if not alive:
        raise DeafError("the connection does not hear its own NOTIFY")


async def _connect(url: URL) -> Any:  # noqa: ANN401 - an Ear, whose ``notifies`` psycopg types more narrowly
    return await AsyncConnection.connect(**postgres_arguments(url), autocommit=True)


def _notify(connection: Connection, sender: str, topics: list[str]) -> None:
    for topic in topics:
        execute_plain(connection, "SELECT pg_notify(?, ?)", (_CHANNEL, f"{sender} {topic}"))


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
