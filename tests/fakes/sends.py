"""A central that sends the same rows whenever it is asked, each with its digest for the shop's till."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commerce.errors import CentralUnreachableError, MessageRejectedError
from commerce.rows import row_bytes, row_digest
from terminal.sync.pull import OPERATING
from tests.terminal.shop import SECRET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from commerce.wire import Change


def sealed(change: Change, secret: bytes = SECRET) -> Change:
    """Return a row as central serves it to the till with this secret."""
    encoded = None if change.row is None else row_bytes(change.row)
    digest = row_digest(secret, change.kind, change.id, change.version, encoded).hex()
    return change.model_copy(update={"digest": digest})


def as_sealed(change: Change) -> Change:
    """Leave a row as it was sealed."""
    return change


@dataclass
class Sends:
    """A central that sends the same transactions whenever it is asked; the first cursor may be of another epoch."""

    lines: dict[str, list[list[Change]]]
    epoch_is_new: bool = False
    secret: bytes = SECRET
    spoil: Callable[[Change], Change] = as_sealed
    asked: list[tuple[str, str]] = field(default_factory=list)
    snapshots: int = 0

    async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        """Send every line, then the trailer."""
        self.asked.append((feed, after))
        if self.epoch_is_new and feed == OPERATING and after:
            self.epoch_is_new = False
            raise MessageRejectedError("feed.epoch")
        for line in self.lines.get(feed, []):
            yield [self.spoil(sealed(change, self.secret)).model_dump() for change in line]
        yield {"wire": 1, "cursor": "1.1.1", "more": False}

    async def download_snapshot(self, target: Path) -> str:
        """Have none."""
        self.snapshots += 1
        raise CentralUnreachableError()
