"""Entries that were just stored, on their way to the projector without a second reading from the database.

Only a short cut: what is not here, after a restart or for another process's pushes, is read from the tables.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from central.tills.values import Arrived, RawEntry

_MAX_BYTES = 48 * 1024 * 1024


@dataclass(slots=True)
class Handover:
    """Stored batches per chain; the oldest chain's are forgotten when they grow too large."""

    _batches: OrderedDict[tuple[str, str], list[RawEntry]] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def put(self, till: str, chain: str, entries: Sequence[Arrived]) -> None:
        """Keep what a push added and nothing spoke against."""
        key = (till, chain)
        fresh = [_raw(till, chain, one) for one in entries]
        kept = self._batches.get(key)
        if kept and fresh and kept[-1].seq + 1 != fresh[0].seq:
            self._forget(key)
            kept = None
        if kept is None:
            kept = self._batches[key] = []
        kept.extend(fresh)
        self._bytes += sum(map(_size, fresh))
        while self._bytes > _MAX_BYTES:
            self._forget(next(iter(self._batches)))

    def holds_set(self, size: int) -> bool:
        """Tell whether so many entries of one chain wait here."""
        return any(len(batch) >= size for batch in self._batches.values())

    def take(self, till: str, chain: str, first: int, last: int) -> list[RawEntry] | None:
        """Return exactly the entries from first to last, or None; either way nothing before ``last`` stays here."""
        key = (till, chain)
        kept = self._batches.get(key)
        if not kept:
            return None
        start, end = first - kept[0].seq, last - kept[0].seq + 1
        taken = kept[start:end] if start >= 0 and end <= len(kept) else None
        rest = kept[max(end, 0) :]
        self._forget(key)
        if rest:
            self._batches[key] = rest
            self._bytes += sum(map(_size, rest))
        return taken

    def _forget(self, key: tuple[str, str]) -> None:
        self._bytes -= sum(map(_size, self._batches.pop(key)))


def _raw(till: str, chain: str, one: Arrived) -> RawEntry:
    kind = str(one.header["kind"]) if one.header else ""
    return RawEntry(till, chain, one.entry.seq, one.hash, kind, one.entry.header, one.entry.body)


def _size(entry: RawEntry) -> int:
    return len(entry.header) + len(entry.body)
