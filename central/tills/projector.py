"""Projects stored entries in sets. How far a chain is projected commits together with what was projected.

Several processes may run it: a chain's cursor is locked, and a set is only stored on the cursor it was built from.
An entry that cannot be projected is set aside, and the others go on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from central.db.engine import Database
from central.db.events import emit
from central.db.faults import concerns_rows, is_duplicate
from central.db.signals import STORED, Subscription
from central.organisation.directory import tills
from central.tills import chains
from central.tills.building import Builder, Built
from central.tills.handover import Handover
from central.tills.tables import ledger_entry, projection_cursor, set_aside, till_chain
from central.tills.values import RawEntry

_log = structlog.get_logger()
SET_SIZE = 500
_SET_BYTES = 16 * 1024 * 1024  # of bodies; an entry may have 12 MB, and 500 of them would be the end of the process
_CHAINS_AT_ONCE = 50
_SETS_AT_ONCE = 4  # of one chain, before the others' turn
_GATHER_S = 0.05  # sales of the next moments share a set, and acknowledging them does not wait for this one


class Projection(Protocol):
    """What an area makes of entries (``central.sales.projection``)."""

    def build(self, entries: Sequence[RawEntry]) -> tuple[Any, Mapping[int, str]]:
        """Return the rows of a set, and for each entry (by index) that has none, why; runs in a thread."""

    def store(self, connection: Connection, rows: Any, at: datetime, announced: int) -> None:  # noqa: ANN401 - its own
        """Write what ``build`` returned; events only for entries after the sequence ``announced``."""

    def clear(self, connection: Connection) -> None:
        """Drop everything it ever wrote."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A chain with entries that are not projected yet."""

    till: str
    chain: str
    company: str
    projected_seq: int
    announced_seq: int
    revision: int
    seq: int

    @property
    def key(self) -> tuple[str, str]:
        """Return which chain it is."""
        return self.till, self.chain


@dataclass(frozen=True, slots=True)
class _Set:
    """Entries up to ``last`` with the rows and problems that they come to; None where that could not be made."""

    last: int
    entries: list[RawEntry]
    built: Built | None


@dataclass(slots=True)
class Projector:
    """Brings projections up to date with the raw entries."""

    database: Database
    projection: Projection
    now: Callable[[], datetime]
    modes: tuple[str, ...] = ("live",)
    handover: Handover = field(default_factory=Handover)
    builder: Builder = field(default_factory=Builder)
    projected: int = field(default=0)
    _failed: set[tuple[str, str]] = field(default_factory=set)

    async def run(self, poll_s: float = 2.0) -> None:
        """Project whenever something was stored, for ever."""
        with self.database.signals.subscribe(STORED) as subscription:
            try:
                await self._run(subscription, poll_s)
            finally:
                await self.builder.close()

    async def _run(self, subscription: Subscription, poll_s: float) -> None:
        while True:
            if await self.step():
                continue
            await self.builder.rest()
            if await subscription.wait(poll_s) and not self.handover.holds_set(SET_SIZE):
                await asyncio.sleep(_GATHER_S)

    async def step(self) -> int:
        """Project some sets of every waiting chain; returns how many entries that advanced.

        A chain that cannot be projected just now ends the step, and comes after all others in the next one.
        """
        waiting = await self.database.read(partial(_waiting_chains, modes=self.modes))
        count = 0
        for chain in sorted(waiting, key=lambda one: one.key in self._failed):
            self._failed.add(chain.key)
            count += await self._project_sets(chain)
            self._failed.discard(chain.key)
        return count

    async def catch_up(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Project everything that waits; returns how many entries that were."""
        total = 0
        try:
            while await self.database.read(partial(_waiting_chains, modes=self.modes)):  # a set in vain is not the end
                total += await self.step()
                progress(total)
        finally:
            await self.builder.close()
        return total

    async def _project_sets(self, chain: Waiting) -> int:
        """Project some sets of a chain, what comes meanwhile included; each is built while the one before is stored."""
        made, count = await self._build_set(chain), 0
        for left in reversed(range(_SETS_AT_ONCE)):
            following = replace(chain, projected_seq=made.last, announced_seq=max(made.last, chain.announced_seq))
            if left and following.projected_seq >= chain.seq:
                following = replace(following, seq=await self.database.read(partial(_end_of, chain=chain)))
            if not left or following.projected_seq >= following.seq:
                return count + await self._store_set(chain, made)
            both = self._store_set(chain, made), self._build_set(following)
            advanced, ahead = await asyncio.gather(*both, return_exceptions=True)
            if isinstance(advanced, BaseException):
                raise advanced
            if isinstance(ahead, BaseException):
                raise ahead
            if not advanced:
                break
            count, chain, made = count + advanced, following, ahead
        return count

    async def _build_set(self, chain: Waiting) -> "_Set":
        last, entries = await self._take_set(chain)
        try:
            return _Set(last, entries, await self.builder.build(self.projection, entries))
        except Exception as error:  # see _store_set
            if not concerns_rows(error):
                raise
            return _Set(last, entries, None)

    async def _store_set(self, chain: Waiting, made: "_Set") -> int:
        try:
            done = await self.database.write(partial(self._store, chain=chain, made=made))
        except Exception as error:  # whatever an entry makes the code or the tables do, its chain goes on without it
            if not concerns_rows(error):
                raise
            in_parts = partial(self._store_parts, chain=chain, last=made.last, entries=made.entries)
            done = await self.database.write(in_parts)
        self.projected += len(made.entries) if done else 0
        return made.last - chain.projected_seq if done else 0

    async def _take_set(self, chain: Waiting) -> tuple[int, list[RawEntry]]:
        last = min(chain.seq, chain.projected_seq + SET_SIZE)
        taken = self.handover.take(chain.till, chain.chain, chain.projected_seq + 1, last)
        if taken is not None:
            return last, taken
        return await self.database.read(partial(_read_set, chain=chain, last=last))

    def _store(self, connection: Connection, chain: Waiting, made: "_Set") -> bool:
        if made.built is None:
            return self._store_parts(connection, chain, made.last, made.entries)
        if not _advance(connection, chain, made.last):
            return False
        rows, problems = made.built
        self.projection.store(connection, rows, self.now(), chain.announced_seq)
        self._set_aside(connection, chain, {made.entries[index].seq: reason for index, reason in problems.items()})
        return True

    def _store_parts(self, connection: Connection, chain: Waiting, last: int, entries: Sequence[RawEntry]) -> bool:
        if not _advance(connection, chain, last):
            return False
        problems = project_parts(connection, self.projection, entries, self.now(), chain.announced_seq)
        self._set_aside(connection, chain, problems)
        return True

    def _set_aside(self, connection: Connection, chain: Waiting, problems: Mapping[int, str]) -> None:
        if not problems:
            return
        chains.insert_set_aside(connection, chain.till, chain.chain, problems, self.now())
        keys = [f"{chain.till}/{chain.chain}/{seq}" for seq in problems]
        emit(connection, chain.company, "till.set_aside", keys, self.now())
        _log.warning("entries_set_aside", till=chain.till, chain=chain.chain, reasons=dict(problems))


def project_one(
    connection: Connection, projection: Projection, entry: RawEntry, at: datetime, announced: int = 0
) -> str | None:
    """Project one entry; returns why it could not be, leaving nothing of it behind."""
    return project_parts(connection, projection, [entry], at, announced).get(entry.seq)


def project_parts(
    connection: Connection, projection: Projection, entries: Sequence[RawEntry], at: datetime, announced: int
) -> dict[int, str]:
    """Project entries; returns the sequences of those that could not be, and why.

    What fails together is halved until the one entry is found, and nothing of it is left behind.
    """
    try:
        rows, problems = projection.build(entries)
        with connection.begin_nested():
            projection.store(connection, rows, at, announced)
    except Exception as error:  # see Projector._project_set
        if not concerns_rows(error):
            raise
        if len(entries) == 1:
            return {entries[0].seq: _refusal(entries[0], error)}
        middle = len(entries) // 2
        parts = (entries[:middle], entries[middle:])
        first, second = (project_parts(connection, projection, part, at, announced) for part in parts)
        return first | second
    return {entries[index].seq: reason for index, reason in problems.items()}


def _refusal(entry: RawEntry, error: Exception) -> str:
    if is_duplicate(error):
        return "projection.duplicate"
    _log.warning("entry_not_projected", till=entry.till, chain=entry.chain, seq=entry.seq, error=repr(error)[:500])
    return "projection.refused" if isinstance(error, DBAPIError) else "projection.failed"


def _waiting_chains(connection: Connection, modes: Sequence[str]) -> list[Waiting]:
    cursor = projection_cursor.c
    query = (
        select(till_chain.c.till, till_chain.c.chain, tills.c.company, cursor.projected_seq,
               cursor.announced_seq, cursor.revision, till_chain.c.seq)
        .join(projection_cursor, (cursor.till == till_chain.c.till) & (cursor.chain == till_chain.c.chain))
        .join(tills, tills.c.id == till_chain.c.till)
        .where(till_chain.c.seq > cursor.projected_seq, till_chain.c.mode.in_(modes))
        .order_by(till_chain.c.opened_at, till_chain.c.till, till_chain.c.chain)
        .limit(_CHAINS_AT_ONCE)
    )  # fmt: skip
    return [Waiting(*row) for row in connection.execute(query)]


def _end_of(connection: Connection, chain: Waiting) -> int:
    row = till_chain.c
    return int(connection.execute(select(row.seq).where(row.till == chain.till, row.chain == chain.chain)).scalar_one())


def count_waiting(connection: Connection, modes: Sequence[str]) -> int:
    """Return how many entries wait to be projected."""
    cursor = projection_cursor.c
    query = (
        select(func.coalesce(func.sum(till_chain.c.seq - cursor.projected_seq), 0))
        .join(projection_cursor, (cursor.till == till_chain.c.till) & (cursor.chain == till_chain.c.chain))
        .where(till_chain.c.mode.in_(modes))
    )
    return int(connection.execute(query).scalar_one())


def _read_set(connection: Connection, chain: Waiting, last: int) -> tuple[int, list[RawEntry]]:
    """Return the entries up to ``last`` or as many as one set may weigh, one at least, and the last of them."""
    first, entry = chain.projected_seq + 1, ledger_entry.c
    weighed = select(entry.seq, func.sum(func.length(entry.body)).over(order_by=entry.seq).label("bytes")).where(
        entry.till == chain.till, entry.chain == chain.chain, entry.seq.between(first, last)
    )
    light = weighed.subquery()
    fitting = connection.execute(select(func.max(light.c.seq)).where(light.c.bytes <= _SET_BYTES)).scalar()
    last = fitting or first
    return last, read_entries(connection, chain.till, chain.chain, (first, last))


def read_entries(connection: Connection, till_id: str, chain: str, span: tuple[int, int]) -> list[RawEntry]:
    """Return the stored entries of a span that are not set aside."""
    entry, aside = ledger_entry.c, set_aside.c
    kept_back = select(aside.seq).where(
        aside.till == till_id, aside.chain == chain, aside.seq.between(*span), aside.state != "projected"
    )
    query = (
        select(entry.till, entry.chain, entry.seq, entry.hash, entry.kind, entry.header, entry.body)
        .where(entry.till == till_id, entry.chain == chain, entry.seq.between(*span), entry.seq.not_in(kept_back))
        .order_by(entry.seq)
    )
    return [RawEntry(*row) for row in connection.execute(query)]


def _advance(connection: Connection, chain: Waiting, last: int) -> bool:
    """Move the cursor if nobody else did, or decided anything, meanwhile; holds it until the transaction ends."""
    chains.keep_rebuilds_out(connection)
    cursor = projection_cursor.c
    moved = connection.execute(
        projection_cursor.update()
        .where(
            cursor.till == chain.till,
            cursor.chain == chain.chain,
            cursor.projected_seq == chain.projected_seq,
            cursor.revision == chain.revision,
        )
        .values(projected_seq=last, announced_seq=max(last, chain.announced_seq))
    )
    return moved.rowcount == 1
