"""Facts flow up: entries of every chain, oldest chain first, in order, for ever, until central's signed word is kept.

A failed push says nothing about what central did; the entries stay and are sent again. What central answers is
believed only when its signature and its hash agree with ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from commerce.errors import (
    BadInputError,
    CentralUnreachableError,
    ForbiddenError,
    MessageRejectedError,
    StorageError,
    SyncError,
)
from commerce.ledger import Entry, SignedHead, read_signed_head
from commerce.wire import GapAnswer, HeadMessage, HeadsAnswer, PushAnswer, PushRequest, to_wire

BATCH_ENTRIES = 500
LONGEST_PAUSE_S = 30
_PASSING = (SyncError, ForbiddenError, StorageError)  # tried again for ever: none of them is worth the daemon

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


class Outbox(Protocol):
    """What pushing needs of the ledger."""

    async def next_batch(self, limit: int) -> Batch | None:
        """Return the oldest entries not acknowledged, of one chain, or None."""
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

    async def open_new_chain(self, reason: str) -> None:
        """Open a new chain with a new sub-series before the next sale."""
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

    ``wake()`` says that something was committed or that central is back; ``on_state`` hears whether central answers.
    """

    def __init__(
        self,
        till: str,
        central_key: bytes,
        outbox: Outbox,
        server: Server,
        *,
        current_chain: Callable[[], str],
        on_state: Callable[[bool, str], None],
        on_heads: Callable[[HeadsAnswer], Awaitable[None]],
        reached: Callable[[str], None] = lambda step: None,
        news: asyncio.Event | None = None,
    ) -> None:
        self._till = till
        self._central_key = central_key
        self._outbox = outbox
        self._server = server
        self._current_chain = current_chain
        self._on_state = on_state
        self._on_heads = on_heads
        self._reached = reached
        self._news = news or asyncio.Event()  # what commits set: nothing stands between a commit and its push

    def wake(self) -> None:
        """Look for entries now, and cut a pause between two attempts short."""
        self._news.set()

    async def run(self) -> None:
        """Push for ever; a core loop of the runtime."""
        while True:
            await self._until_it_works(self._first_contact)
            await self._until_it_is_lost()

    async def drain(self) -> None:
        """Push everything there is now; raises SyncError when central does not take it."""
        while batch := await self._outbox.next_batch(BATCH_ENTRIES):
            await self._send(batch)

    async def _until_it_is_lost(self) -> None:
        while True:
            self._news.clear()
            try:
                await self.drain()
            except _PASSING as error:
                self._lost(error)
                return
            self._on_state(True, "")
            await self._news.wait()

    async def _until_it_works(self, attempt: Callable[[], Awaitable[None]]) -> None:
        retrying = AsyncRetrying(
            wait=wait_random_exponential(multiplier=1, max=LONGEST_PAUSE_S),
            retry=retry_if_exception_type(_PASSING),
            sleep=self._pause,
            before_sleep=self._note_failure,
        )
        await retrying(attempt)

    async def _pause(self, seconds: float) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def _note_failure(self, state: RetryCallState) -> None:
        if state.outcome and (error := state.outcome.exception()):
            self._lost(error)

    def _lost(self, error: BaseException) -> None:
        code = getattr(error, "code", type(error).__name__)
        _log.info("central does not take entries", code=code)
        self._on_state(False, str(code))

    async def _first_contact(self) -> None:
        """Compare heads before anything is sent: a till behind its central opens a new chain before its next sale."""
        answer = await self._server.heads()
        for message in answer.heads:
            await self._compare(self._trusted(message))
        await self._on_heads(answer)
        self._on_state(True, "")

    async def _compare(self, head: SignedHead) -> None:
        ours = await self._outbox.last_seq(head.chain)
        standing = await self._standing(head, ours)
        if standing is Standing.AGREES:
            await self._outbox.keep_acknowledged(head.chain, head.head.seq, head)
            return
        _log.warning("central holds another chain than this ledger", chain=head.chain, standing=standing.value)
        # The cursor stays where it is: what this ledger wrote since then is sent and kept by central beside the other.
        if head.chain == self._current_chain():
            await self._outbox.open_new_chain("restored" if standing is Standing.AHEAD else "forked")

    async def _standing(self, head: SignedHead, ours: int) -> Standing:
        known = await self._outbox.find_hash(head.chain, head.head.seq)
        if known is not None:
            return Standing.AGREES if known == head.head.hash else Standing.OTHER
        return Standing.AGREES if head.head.seq <= ours else Standing.AHEAD

    async def _send(self, batch: Batch) -> None:
        request = PushRequest.model_construct(
            wire=1, till=self._till, chain=batch.chain, entries=[to_wire(entry) for entry in batch.entries]
        )
        self._reached("push.sent")
        answer = await self._server.push(request)
        if isinstance(answer, GapAnswer):
            if answer.expected == batch.entries[0].seq:  # it asks for the very entry it was sent
                raise CentralUnreachableError("sync.gap_again", chain=batch.chain, seq=answer.expected)
            await self._outbox.keep_acknowledged(batch.chain, answer.expected - 1, None)
            return
        await self._keep(batch, answer)

    async def _keep(self, batch: Batch, answer: PushAnswer) -> None:
        head = self._trusted(answer.head)
        self._reached("push.acknowledged")
        last = batch.entries[-1]
        if answer.forked:
            await self._outbox.keep_acknowledged(batch.chain, last.seq, None)
            if batch.chain == self._current_chain():
                await self._outbox.open_new_chain("forked")
            return
        if head.head.seq < last.seq or (head.head.seq == last.seq and head.head.hash != last.hash):
            raise MessageRejectedError("sync.head_differs", chain=batch.chain, seq=last.seq)
        await self._outbox.keep_acknowledged(batch.chain, head.head.seq, head)

    def _trusted(self, message: HeadMessage) -> SignedHead:
        try:
            head = read_signed_head(message.model_dump())
        except BadInputError as error:
            raise CentralUnreachableError("sync.head_unreadable") from error
        if head.public_key != self._central_key or head.till != self._till:
            raise CentralUnreachableError("sync.another_central")
        return head
