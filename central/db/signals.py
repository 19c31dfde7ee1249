"""Wakes loops and live pages when something was committed. A lost signal costs latency only: everyone also polls.

What is one company's business is signalled as such: an open page of another company's people hears nothing of it.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection

FEED = "feed"  # a registry row was published
EVENT = "event"  # a projection or an area wrote an event
STORED = "stored"  # a till's entries wait to be projected
ACCESS = "access"  # who may come in, or do what, has changed
JOB = "job"  # a job waits for somebody to do it
PROGRESS = "progress"  # a job has been begun, has come further or has ended
RECORD = "record"  # a record of a kind has changed; each kind has a topic of its own, ``record.customer``
TOPICS = (FEED, EVENT, STORED, ACCESS, JOB, PROGRESS)
# A topic that is one company's is passed on as ``topic:company``.
_KEY = "cassaforte.marks"


def mark(connection: Connection, topic: str, company: str | None = None) -> None:
    """Signal a topic once this transaction is committed; to everyone where it is no single company's."""
    connection.info.setdefault(_KEY, set()).add(f"{topic}:{company}" if company else topic)


def topic_of(kind: str) -> str:
    """Return the topic of one kind of record."""
    return f"{RECORD}.{kind}"


def is_known(topic: str) -> bool:
    """Tell whether a topic that another process signals is one of ours."""
    name = topic.partition(":")[0]
    return name in TOPICS or name.startswith(f"{RECORD}.")


def take_marks(connection: Connection) -> frozenset[str]:
    """Return and forget what the transaction marked."""
    return frozenset(connection.info.pop(_KEY, ()))


class Signals:
    """The signals of one process; ``central.db.relay`` passes them on to other processes where there are some."""

    def __init__(self) -> None:
        self.name = uuid4().hex[:12]  # by which other processes know whose signals these are
        self._waiting: set[_Waiting] = set()
        self._outgoing: set[str] = set()
        self._leaves = asyncio.Event()

    def fire(self, topics: Iterable[str]) -> None:
        """Wake everyone who waits for one of the topics, here and in other processes."""
        named = frozenset(topics)
        for topic in named:
            self.fire_here(topic)
        self.keep(named)

    def keep(self, topics: Iterable[str]) -> None:
        """Have topics told to other processes."""
        self._outgoing.update(topics)
        if self._outgoing:
            self._leaves.set()

    async def leaving(self) -> set[str]:
        """Return the topics that other processes are to be told of, at least one."""
        await self._leaves.wait()
        self._leaves.clear()
        topics, self._outgoing = self._outgoing, set()
        return topics

    def fire_here(self, topic: str) -> None:
        """Wake those in this process."""
        name, _, company = topic.partition(":")
        for one in self._waiting:
            if name in one.topics and (not company or one.companies is None or company in one.companies):
                one.heard.add(name)
                one.awake.set()

    @contextmanager
    def subscribe(self, *topics: str, companies: Collection[str] | None = None) -> Iterator["Subscription"]:
        """Give a subscription that misses nothing fired while it is open, of these companies and of all together."""
        entry = _Waiting(frozenset(topics), companies, asyncio.Event(), set())
        self._waiting.add(entry)
        try:
            yield Subscription(entry.awake, entry.heard)
        finally:
            self._waiting.discard(entry)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    topics: frozenset[str]
    companies: Collection[str] | None
    awake: asyncio.Event
    heard: set[str]


class Subscription:
    """Waits for the next signal, or for the time to poll."""

    def __init__(self, awake: asyncio.Event, heard: set[str]) -> None:
        self._awake, self._heard = awake, heard

    async def wait(self, timeout_s: float) -> bool:
        """Return True at the first signal since the last call, False after the time-out."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._awake.wait()
        except TimeoutError:
            return False
        self._awake.clear()
        return True

    def take_heard(self) -> frozenset[str]:
        """Return which topics were signalled since the last call, and forget them."""
        heard = frozenset(self._heard)
        self._heard.clear()
        return heard
