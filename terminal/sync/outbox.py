"""The ledger as pushing sees it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from commerce.dates import parse_utc
from commerce.ledger import SignedHead
from terminal.db import ledger
from terminal.db.connection import Readers, Writer
from terminal.sync.push import Batch

if TYPE_CHECKING:
    from datetime import datetime

HEAD_FILE = "head.json"


class LedgerOutbox:
    """Reads what central has not acknowledged; keeps central's word in a file outside the ledger.

    ``unsent`` and ``since`` are what the page and the heartbeat show; they are brought up to date by ``count``.
    """

    def __init__(
        self, folder: Path, writer: Writer, readers: Readers, open_new_chain: Callable[[str], Awaitable[object]]
    ) -> None:
        self._folder = folder
        self._writer = writer
        self._readers = readers
        self._open_new_chain = open_new_chain
        self._cursors: dict[str, int] | None = None
        self.unsent = 0
        self.since: datetime | None = None

    async def next_batch(self, limit: int) -> Batch | None:
        """Return the oldest entries not acknowledged, of one chain, or None."""
        for chain, acknowledged in (await self._known_cursors()).items():
            entries = await ledger.read_unsent(self._readers, chain, acknowledged, limit)
            if entries:
                return Batch(chain, entries)
        return None

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
        if cursors.get(chain) != seq:
            await self._writer.run(lambda tx: ledger.set_push_cursor(tx, chain, seq))
            cursors[chain] = seq
        if head is not None:
            await asyncio.to_thread(_write_head, self._folder / HEAD_FILE, head)
        await self.count()

    async def open_new_chain(self, reason: str) -> None:
        """Open a new chain with a new sub-series before the next sale."""
        await self._open_new_chain(reason)
        self._cursors = None

    async def count(self) -> None:
        """Bring ``unsent`` and ``since`` up to date."""
        self.unsent = await ledger.unsent_count(self._readers)
        oldest = await ledger.oldest_unsent_at(self._readers) if self.unsent else None
        self.since = parse_utc(oldest) if oldest else None

    async def _known_cursors(self) -> dict[str, int]:
        if self._cursors is None:
            self._cursors = await ledger.read_push_cursors(self._readers)
        return self._cursors


def _write_head(path: Path, head: SignedHead) -> None:
    """Replace the file as a whole: half a proof proves nothing."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(head.as_json(), indent=1), encoding="utf-8")
    fresh.replace(path)
