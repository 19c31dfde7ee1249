"""The till's two files as pulling sees them: the operating set in ``ledger.db``, the catalogue beside it."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from commerce.errors import BadInputError, CentralUnreachableError
from commerce.wire import Change
from terminal.db import ledger
from terminal.db.catalog import Catalog
from terminal.db.connection import Readers
from terminal.services.register import Register
from terminal.services.registry import FEED
from terminal.sync.pull import OPERATING

_log = structlog.get_logger("sync.registries")


class TillRegistries:
    """Applies the operating set through the register's queue, and items to the catalogue."""

    def __init__(self, register: Register, catalog: Catalog, readers: Readers) -> None:
        self._register = register
        self._catalog = catalog
        self._readers = readers

    async def cursor(self, feed: str) -> str | None:
        """Return where a feed was left."""
        if feed == OPERATING:
            return await ledger.read_pull_cursor(self._readers, FEED)
        return self._catalog.cursor()

    async def apply(self, feed: str, changes: Sequence[Change]) -> None:
        """Apply one transaction of central's in one transaction here; rows that make no sense are left, all of them."""
        try:
            if feed == OPERATING:
                await self._register.apply_operating(changes)
            else:
                await self._catalog.apply_items(changes)
        except BadInputError as error:
            _log.warning("central sends what makes no sense; the till goes on with what it has", feed=feed)
            raise CentralUnreachableError(error.code) from error

    async def keep_cursor(self, feed: str, cursor: str) -> None:
        """Keep where the feed was left."""
        if feed == OPERATING:
            if await self.cursor(feed) != cursor:
                await self._register.apply_operating((), cursor=cursor)
        elif self._catalog.cursor() != cursor:
            await self._catalog.apply_items((), cursor)

    def snapshot_target(self) -> Path:
        """Return a free path for a new catalogue file."""
        return self._catalog.fresh_path()

    async def adopt_snapshot(self, path: Path) -> None:
        """Use a downloaded catalogue; one that cannot be read is left, and asked for again."""
        try:
            await self._catalog.adopt(path)
        except BadInputError as error:
            raise CentralUnreachableError(error.code) from error
