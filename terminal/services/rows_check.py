"""Whether what central sent still is on the disk as it came, looked at while the till runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from commerce.errors import StorageError
from terminal.db.catalog import Catalog
from terminal.db.connection import DatabaseFault, open_reader
from terminal.services.kept_rows import read_rows

PAUSE_S = 10.0


async def _nothing() -> None:
    """There is nothing else to look at."""


class RowsCheck:
    """Reads the operating set, and a slice of items, again and again, on connections of its own and off the loop.

    ``on_changed`` hears the names of what is not as it came, items met at a scan included. ``on_look`` looks at what
    the register itself has on the disk.
    """

    def __init__(
        self,
        path: Path,
        secret: bytes,
        catalog: Catalog,
        on_changed: Callable[[Sequence[str]], Awaitable[None]],
        *,
        on_look: Callable[[], Awaitable[None]] = _nothing,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._path = path
        self._secret = secret
        self._catalog = catalog
        self._on_changed = on_changed
        self._on_look = on_look
        self._pause = pause

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._pause(PAUSE_S)
            await self.look()

    async def look(self) -> None:
        """Look at every row of the operating set once, and at the next items."""
        await self._on_look()
        await self._catalog.look_through()
        changed = (*await asyncio.to_thread(self._read), *sorted(self._catalog.changed))
        if changed:
            await self._on_changed(changed)

    def _read(self) -> tuple[str, ...]:
        try:
            reader = open_reader(self._path)
            try:
                return read_rows(reader, self._secret)[1]
            finally:
                reader.close()
        except (DatabaseFault, StorageError):
            return ()  # for the check of the ledger's file to name
