"""Facts flow up: entries of every chain, oldest chain first, in order, for ever, until central's signed word is kept.

A failed push says nothing about what central did; the entries stay and are sent again. What central answers is
believed only when its signature and its hash agree with ours. There is one retry state over contact and delivery; a
chain that central does not take waits by itself and holds up no other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog

from commerce.errors import (
    BadInputError,
    CentralFailedError,
    CentralUnreachableError,
    ForbiddenError,
    MessageRejectedError,
    PosError,
    SyncError,
)
from commerce.ledger import Entry, Head, SignedHead, read_signed_head
from commerce.wire import GapAnswer, HeadMessage, HeadsAnswer, PushAnswer, PushRequest, to_wire
from terminal.sync.backoff import Backoff, Rest, rest

BATCH_ENTRIES = 500
_ABOUT_THE_CHAIN = (MessageRejectedError, CentralFailedError)  # central is there and does not take these entries
FOREIGN_TILL = "sync.foreign_till"
_NO_DUE_S = 24 * 3600.0

_log = structlog.get_logger("sync.push")


class Standing(StrEnum):
    """How what central holds of a chain relates to ours."""

    AGREES = "agrees"
    AHEAD = "ahead"  # central knows entries that we lost: this ledger came from an older copy
    OTHER = "other"  # the same sequence with other content: a fork


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one chain that central has not acknowledged, in order."""

    chain: str
    entries: Sequence[Entry]

    @property
    def head(self) -> Head:
        """Return where the chain stands after the last of them."""
        last = self.entries[-1]
        return Head(last.seq, last.hash)


class Outbox(Protocol):
    """What pushing needs of the ledger."""

    async def next_batch(self, limit: int, without: Collection[str]) -> Batch | None:
        """Return the oldest entries not acknowledged, of one chain that is not left out, or None."""
        ...

    async def chains(self) -> Sequence[str]:
        """Return the chains that this till has written."""
        ...

    async def find_hash(self, chain: str, seq: int) -> bytes | None:
        """Return the hash of an entry of ours, None where we have none."""
        ...

    async def last_seq(self, chain: str) -> int:
        """Return the last sequence we hold of a chain (0: none)."""
        ...

    async def keep_acknowledged(self, chain: str, seq: int, head: SignedHead | None) -> None:
        """Keep that central holds the chain up to ``seq`` (lower than before: it was restored), and its word."""
        ...

    async def needs_new_chain(self, head: SignedHead) -> bool:
        """Return whether what is written would go on where central knows more, or something else."""
        ...

    async def open_new_chain(self, reason: str, lost: Sequence[SignedHead]) -> None:
        """Open a new chain with a new sub-series before the next sale; ``lost`` is what central holds instead."""
        ...


class Server(Protocol):
    """What pushing needs of central."""

    async def heads(self) -> HeadsAnswer:
        """Ask what central holds."""
        ...

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        """Send entries."""
        ...


class Pusher:
    """Sends what is committed, as soon as it is committed.

    ``wake()`` says that central may be back; ``on_state`` hears whether central answers. Commits set ``news``.
    """

    def __init__(
        self,
        till: str,
        central_key: bytes,
        outbox: Outbox,
        server: Server,
        *,
        on_state: Callable[[bool, str], None],
        on_heads: Callable[[HeadsAnswer], Awaitable[None]],
        reached: Callable[[str], None] = lambda step: None,
        news: asyncio.Event | None = None,
        rest: Rest = rest,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._till = till
        self._central_key = central_key
        self._outbox = outbox
        self._server = server
        self._on_state = on_state
        self._on_heads = on_heads
        self._reached = reached
        self._news = news or asyncio.Event()  # what commits set: nothing stands between a commit and its push
        self._rest = rest
        self._backoff = Backoff(rest=rest)
        self._refused = _Refused(passed)
        self._acknowledged: dict[str, int] = {}  # how far each chain came in this run
        self._rewound: set[str] = set()  # chains that central asked for again, and that came no further since
        self._is_in_contact = False
        self._shut_out: ForbiddenError | None = None
        self._limit = BATCH_ENTRIES

    def wake(self) -> None:
        """Try again now, unless central asked for patience."""
        self._news.set()
        self._backoff.wake()

    async def run(self) -> None:
        """Push for ever."""
        while True:
            self._news.clear()
            try:
                await self.turn()
            except Exception as error:  # noqa: BLE001 - tried again for ever: nothing here is worth the daemon
                self._is_in_contact = False
                self._lost(error)
                await self._backoff.pause(error)
            else:
                self._backoff.progress()
                await self._rest(self._refused.next_due_s() or _NO_DUE_S, self._news)

    async def turn(self) -> None:
        """Make contact where there is none, and push everything there is now; SyncError when that does not work."""
        if not self._is_in_contact or self._refused.is_due():
            await self._make_contact()
        await self.drain()
        if self._shut_out is not None:
            raise self._shut_out
        self._on_state(True, "")

    async def drain(self) -> None:
        """Push everything there is now, but for chains that wait; raises SyncError when central is not there."""
        while batch := await self._outbox.next_batch(self._limit, self._refused.waiting()):
            try:
                await self._send(batch)
            except (SyncError, ForbiddenError) as error:
                self._send_less()
                if not _is_about_the_chain(error):
                    raise
                _log.warning("central does not take a chain", chain=batch.chain, code=error.code)
                self._refused.note(batch.chain, error)
        self._refused.forget_sent()

    def _lost(self, error: Exception) -> None:
        if isinstance(error, PosError):
            _log.info("central does not take entries", code=error.code)
        elif self._backoff.is_new(error):
            _log.error("pushing failed", exc_info=error)
        self._on_state(False, getattr(error, "code", type(error).__name__))

    def _send_less(self) -> None:
        """What is too much for central or for the line is not sent again as it was."""
        self._limit = max(self._limit // 2, 1)

    async def _make_contact(self) -> None:
        """Compare heads before anything is sent: a till behind its central opens a new chain before its next sale."""
        try:
            answer = await self._server.heads()
        except ForbiddenError as error:  # a till that was shut out is told nothing, yet what it holds is still taken
            self._shut_out = error
            return
        self._shut_out = None
        await self._compare([self._trusted(message) for message in answer.heads])
        await self._on_heads(answer)
        self._is_in_contact = True

    async def _compare(self, heads: Sequence[SignedHead]) -> None:
        known = {head.chain for head in heads}
        for chain in await self._outbox.chains():
            if chain not in known:  # central never had it, or was restored from before it
                await self._outbox.keep_acknowledged(chain, 0, None)
        standings = [(head, await self._standing(head)) for head in heads]
        lost = [(head, standing) for head, standing in standings if await self._is_lost(head, standing)]
        if lost:
            is_behind = any(standing is Standing.AHEAD for _, standing in lost)
            await self._outbox.open_new_chain("restored" if is_behind else "forked", [head for head, _ in lost])

    async def _is_lost(self, head: SignedHead, standing: Standing) -> bool:
        """Keep what agrees; else return whether this till has to go on in a new chain.

        The cursor then stays where it is: what this ledger wrote since is sent, and kept by central beside the other.
        """
        if standing is Standing.AGREES:
            await self._outbox.keep_acknowledged(head.chain, head.head.seq, head)
            return False
        _log.warning("central holds another chain than this ledger", chain=head.chain, standing=standing.value)
        return await self._outbox.needs_new_chain(head)

    async def _standing(self, head: SignedHead) -> Standing:
        known = await self._outbox.find_hash(head.chain, head.head.seq)
        if known is not None:
            return Standing.AGREES if known == head.head.hash else Standing.OTHER
        return Standing.AGREES if head.head.seq <= await self._outbox.last_seq(head.chain) else Standing.AHEAD

    async def _send(self, batch: Batch) -> None:
        request = PushRequest.model_construct(
            wire=1, till=self._till, chain=batch.chain, entries=[to_wire(entry) for entry in batch.entries]
        )
        self._reached("push.sent")
        answer = await self._server.push(request)
        if isinstance(answer, GapAnswer):
            await self._rewind(batch, answer.expected)
        else:
            await self._keep(batch, answer)

    async def _rewind(self, batch: Batch, expected: int) -> None:
        """Send from an earlier entry on, once: a central that asks again before it came any further has to wait.

        A gap's answer has no signature, so it may only ask for more and never spare anything.
        """
        if expected >= batch.entries[0].seq:
            raise MessageRejectedError("sync.gap_again", chain=batch.chain, seq=expected)
        await self._outbox.keep_acknowledged(batch.chain, expected - 1, None)
        if batch.chain in self._rewound:
            raise MessageRejectedError("sync.gap_again", chain=batch.chain, seq=expected)
        self._rewound.add(batch.chain)

    async def _keep(self, batch: Batch, answer: PushAnswer) -> None:
        """Keep central's word: only what it signed counts, and only for the very entries that were sent."""
        head, word = self._trusted(answer.head), self._trusted(answer.received or answer.head)
        self._reached("push.acknowledged")
        if (word.chain, word.head) != (batch.chain, batch.head):
            raise MessageRejectedError("sync.head_differs", chain=batch.chain, seq=batch.head.seq)
        await self._outbox.keep_acknowledged(batch.chain, batch.head.seq, None if answer.forked else word)
        self._note_progress(batch)
        if answer.forked and await self._outbox.needs_new_chain(head):
            await self._outbox.open_new_chain("forked", [head])

    def _note_progress(self, batch: Batch) -> None:
        """What central holds for the first time is progress; what it gets again is none."""
        self._limit = min(self._limit * 2, BATCH_ENTRIES)
        if batch.head.seq > self._acknowledged.get(batch.chain, 0):
            self._acknowledged[batch.chain] = batch.head.seq
            self._rewound.discard(batch.chain)
            self._refused.forget(batch.chain)
            self._backoff.progress()
            self._on_state(self._shut_out is None, self._shut_out.code if self._shut_out else "")

    def _trusted(self, message: HeadMessage) -> SignedHead:
        try:
            head = read_signed_head(message.model_dump())
        except BadInputError as error:
            raise CentralUnreachableError("sync.head_unreadable") from error
        if head.public_key != self._central_key or head.till != self._till:
            raise CentralUnreachableError("sync.another_central")
        return head


def _is_about_the_chain(error: PosError) -> bool:
    """Tell whether central is there, knows the till, and does not take these entries."""
    return isinstance(error, _ABOUT_THE_CHAIN) or error.code == FOREIGN_TILL


class _Refused:
    """Chains that central does not take, each with pauses of its own."""

    def __init__(self, passed: Callable[[], float]) -> None:
        self._passed = passed
        self._backoffs: dict[str, Backoff] = {}
        self._due: dict[str, float] = {}

    def note(self, chain: str, error: BaseException) -> None:
        """Let a chain wait."""
        backoff = self._backoffs.setdefault(chain, Backoff())
        self._due[chain] = self._passed() + backoff.next_pause_s(error)

    def forget(self, chain: str) -> None:
        """Central takes it again."""
        self._backoffs.pop(chain, None)
        self._due.pop(chain, None)

    def forget_sent(self) -> None:
        """There is nothing left to send but of chains that wait: the others were taken."""
        for chain in self._due.keys() - self.waiting():
            self.forget(chain)

    def waiting(self) -> set[str]:
        """Return the chains that are not to be sent yet."""
        now = self._passed()
        return {chain for chain, due in self._due.items() if due > now}

    def is_due(self) -> bool:
        """Return whether one of them is to be tried again."""
        return len(self.waiting()) < len(self._due)

    def next_due_s(self) -> float | None:
        """Return how long until the next one is, None when there is none."""
        return max(min(self._due.values()) - self._passed(), 0.001) if self._due else None
