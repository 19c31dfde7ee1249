"""The ledger as pushing sees it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

import structlog

from commerce.bounds import MOST_BODY_BYTES, MOST_HEADER_BYTES
from commerce.dates import parse_utc
from commerce.errors import BadInputError
from commerce.ledger import Entry, Head, SignedHead, entry_hash
from commerce.wire import MAX_PERSONAL_BYTES
from terminal.db import ledger
from terminal.db.connection import Readers, Writer
from terminal.services.chains import needs_new_chain
from terminal.services.kept_heads import HEAD_FILE, merge_heads, read_heads, write_heads
from terminal.sync.push import Batch

_SIGNATURE_BYTES = 64

_log = structlog.get_logger("sync.outbox")


class CurrentChains(Protocol):
    """The chains that are being written, as memory has them."""

    @property
    def till(self) -> str:
        """Return who writes them."""
        ...

    @property
    def company(self) -> str:
        """Return whose till that is."""
        ...

    @property
    def heads(self) -> Mapping[str, Head]:
        """Return their ends as of the last commit."""
        ...

    def remembered(self, chain: str, after: int) -> Sequence[Entry]:
        """Return the entries behind ``after`` when they are still at hand, else nothing."""
        ...


class LedgerOutbox:
    """Reads what central has not acknowledged; keeps central's word in a file outside the ledger.

    ``unsent`` and ``since`` are what the page and the heartbeat show. ``note_commit`` brings them up to date without
    asking the ledger, ``count`` by asking it.
    """

    def __init__(
        self,
        folder: Path,
        writer: Writer,
        readers: Readers,
        current: CurrentChains,
        open_new_chain: Callable[[str, Sequence[SignedHead]], Awaitable[object]],
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._writer = writer
        self._readers = readers
        self._current = current
        self._open_new_chain = open_new_chain
        self._now = now
        self._cursors: dict[str, int] | None = None
        self._heads: list[SignedHead] | None = None
        self._older = 0  # unsent entries of chains that are not being written
        self.unsent = 0
        self.since: datetime | None = None

    async def next_batch(self, limit: int, without: Collection[str] = ()) -> Batch | None:
        """Return the oldest entries not acknowledged, of one chain that is not left out, or None."""
        if self._cursors is None:
            await self.count()
        for chain, acknowledged in (await self._known_cursors()).items():
            if chain in without:
                continue
            at_hand = self._current.remembered(chain, acknowledged)
            entries = at_hand or await self._read(chain, acknowledged, limit)
            if entries:
                return Batch(chain, entries[:limit])
        return None

    async def chains(self) -> Sequence[str]:
        """Return the chains of this ledger, oldest first."""
        return tuple(await self._known_cursors())

    async def find_hash(self, chain: str, seq: int) -> bytes | None:
        """Return the hash of an entry of ours, None where we have none."""
        return await ledger.read_hash(self._readers, chain, seq)

    async def last_seq(self, chain: str) -> int:
        """Return the last sequence we hold of a chain (0: none)."""
        return await ledger.read_last_seq(self._readers, chain)

    async def keep_acknowledged(self, chain: str, seq: int, head: SignedHead | None) -> None:
        """Keep how far central holds a chain, and its word.

        The cursor is not worth a sync of the disk by itself: losing it costs a repeated push, which has no effect.
        """
        cursors = await self._known_cursors()
        was_lost = seq < cursors.get(chain, 0)  # then there is something to send that nobody has counted
        if cursors.get(chain) != seq:
            await self._writer.run(lambda tx: ledger.set_push_cursor(tx, chain, seq))
            cursors[chain] = seq
        if head is not None:
            await self._keep_head(head)
        if not was_lost and not self._older and not self._of_current(cursors):
            self.unsent, self.since = 0, None
        else:
            await self.count()

    async def needs_new_chain(self, head: SignedHead) -> bool:
        """Return whether what is written would go on where central knows more, or something else."""
        return await self._writer.run(lambda tx: needs_new_chain(tx, head))

    async def open_new_chain(self, reason: str, lost: Sequence[SignedHead] = ()) -> None:
        """Open a new chain with a new sub-series before the next sale."""
        await self._open_new_chain(reason, lost)
        self._cursors = None
        await self.count()

    def note_commit(self) -> None:
        """Count what was committed just now as unsent."""
        if self._cursors is None:
            return
        self.unsent = self._older + self._of_current(self._cursors)
        if self.unsent and self.since is None:
            self.since = self._now()

    async def count(self) -> None:
        """Bring ``unsent`` and ``since`` up to date by the ledger."""
        await self._known_cursors()
        self._older = await ledger.unsent_count(self._readers, self._current.till, without=self._current.heads.keys())
        self.note_commit()
        oldest = await ledger.oldest_unsent_at(self._readers, self._current.till) if self.unsent else None
        self.since = parse_utc(oldest) if oldest else None

    def _of_current(self, cursors: dict[str, int]) -> int:
        return sum(max(head.seq - cursors.get(chain, 0), 0) for chain, head in self._current.heads.items())

    async def _read(self, chain: str, acknowledged: int, limit: int) -> list[Entry]:
        """Read entries, unless memory knows that there are none."""
        head = self._current.heads.get(chain)
        if head.seq <= acknowledged if head else not self._older:
            return []
        kept = await ledger.read_unsent(self._readers, chain, acknowledged, limit)
        if kept:
            owner = (self._current.till, self._current.company)
            return list(islice(_as_sent(kept, acknowledged, owner), limit))
        following = await ledger.read_next_seq(self._readers, chain, acknowledged) or 0
        return [_gone(seq) for seq in range(acknowledged + 1, min(following, acknowledged + 1 + limit))]

    async def _keep_head(self, head: SignedHead) -> None:
        """Keep the newest word; where the disk refuses, the older one stays good and a newer one follows."""
        if self._heads is None:
            self._heads = await asyncio.to_thread(_find_heads, self._folder / HEAD_FILE)
        self._heads = merge_heads(self._heads, [head])
        try:
            await asyncio.to_thread(write_heads, self._folder / HEAD_FILE, self._heads, durable=False)
        except OSError as error:
            _log.warning("central's word is not kept", reason=error.strerror)

    async def _known_cursors(self) -> dict[str, int]:
        if self._cursors is None:
            self._cursors = await ledger.read_push_cursors(self._readers, self._current.till)
        return self._cursors


def _find_heads(path: Path) -> list[SignedHead]:
    """Return what was kept before; what cannot be read proves nothing any more."""
    try:
        return read_heads(path)
    except BadInputError:
        return []


def _as_sent(kept: Sequence[Entry], acknowledged: int, owner: tuple[str, str]) -> Iterator[Entry]:
    """Return entries as they can travel, and as central will call them, without a gap.

    What rot or a hand left of an entry, or nothing where one is gone, is for central to set aside; what was written
    behind it, the alarm about it first of all, must arrive.
    """
    expected = acknowledged + 1
    for entry in kept:
        yield from map(_gone, range(expected, entry.seq))
        expected = entry.seq + 1
        yield _readable(entry) if _names(entry.header, *owner) else _disowned(entry)


def _gone(seq: int) -> Entry:
    return Entry(seq, b"", b"", entry_hash(b""), bytes(_SIGNATURE_BYTES))


def _names(header: bytes | None, till: str, company: str) -> bool:
    """Tell whether a header names its till and company; one that is no text is for central to call unreadable."""
    return isinstance(header, bytes) and all(
        f'"{name}":"{value}"'.encode() in header for name, value in (("till", till), ("company", company))
    )


def _disowned(entry: Entry) -> Entry:
    """Return an entry whose header names somebody else, or nobody, as one that central cannot read.

    Central refuses a whole push that speaks for another till, and nothing behind it would ever arrive.
    """
    damaged = _readable(entry)
    header = b"!" + damaged.header[: MOST_HEADER_BYTES - 1]
    return replace(damaged, header=header, hash=entry_hash(header))


def _readable(entry: Entry) -> Entry:
    header, body = _text(entry.header, MOST_HEADER_BYTES), _text(entry.body, MOST_BODY_BYTES)
    signature = (entry.signature or b"")[:_SIGNATURE_BYTES].ljust(_SIGNATURE_BYTES, b"\0")
    personal = None if entry.personal is None else _text(entry.personal, MAX_PERSONAL_BYTES)
    return Entry(entry.seq, header, body, entry_hash(header), signature, personal)


def _text(raw: bytes | None, most: int) -> bytes:
    return (raw or b"")[:most].decode(errors="ignore").encode()
