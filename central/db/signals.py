"""Wakes loops and live pages when something was committed. A lost signal costs latency only: everyone also polls."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

FEED = "feed"  # a registry row was published
EVENT = "event"  # a projection or an area wrote an event
STORED = "stored"  # a till's entries wait to be projected
TOPICS = (FEED, EVENT, STORED)
_KEY = "cassaforte.marks"


def mark(connection: Connection, topic: str) -> None:
    """Signal a topic once this transaction is committed."""
    connection.info.setdefault(_KEY, set()).add(topic)


def take_marks(connection: Connection) -> frozenset[str]:
    """Return and forget what the transaction marked."""
    return frozenset(connection.info.pop(_KEY, ()))


class Signals:
    """The signals of one process; ``relay`` passes them on to other processes where there are some."""

    def __init__(self) -> None:
        self._waiting: set[tuple[frozenset[str], asyncio.Event]] = set()
        self.to_relay: asyncio.Queue[str] | None = None

    def fire(self, topics: Iterable[str]) -> None:
        """Wake everyone who waits for one of the topics, here and in other processes."""
        for topic in topics:
            self.fire_here(topic)
            if self.to_relay is not None:
                self.to_relay.put_nowait(topic)

    def fire_here(self, topic: str) -> None:
        """Wake those in this process."""
        for topics, awake in self._waiting:
            if topic in topics:
                awake.set()

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator["Subscription"]:
        """Give a subscription that misses nothing fired while it is open."""
        entry = (frozenset(topics), asyncio.Event())
        self._waiting.add(entry)
        try:
            yield Subscription(entry[1])
        finally:
            self._waiting.discard(entry)


class Subscription:
    """Waits for the next signal, or for the time to poll."""

    def __init__(self, awake: asyncio.Event) -> None:
        self._awake = awake

    async def wait(self, timeout_s: float) -> bool:
        """Return True at the first signal since the last call, False after the time-out."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._awake.wait()
        except TimeoutError:
            return False
        self._awake.clear()
        return True
