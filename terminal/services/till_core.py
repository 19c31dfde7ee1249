"""The till's core, opened as a whole: ledger, catalogue and register on one folder."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commerce.errors import RuleError, StorageError
from commerce.ledger import ChainMode
from terminal.db import pins
from terminal.db.catalog import Catalog
from terminal.db.connection import Readers, Writer
from terminal.db.migrate import migrate
from terminal.services.chains import Chains
from terminal.services.clock import Clock, ReplayClock, WatchedClock
from terminal.services.damage import words_of_start
from terminal.services.identity import Identity
from terminal.services.kept_heads import HEAD_FILE, find_heads
from terminal.services.pins import Guesser, PinCheck
from terminal.services.plan import Till
from terminal.services.register import Register
from terminal.services.routes import Routes
from terminal.services.steps import Steps

LEDGER = "ledger.db"


class StoredAttempts:
    """Attempts on PINs, counted in the ledger's file (``terminal.services.pins.AttemptStore``)."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def load(self) -> dict[Guesser, int]:
        """Return the attempts that no right PIN has ended; a client that proved itself is there with 0."""
        return await self._writer.run(pins.list_attempts)

    async def count(self, guesser: Guesser) -> int:
        """Count an attempt on disk and return how many there are now."""
        return await self._writer.run(lambda tx: pins.count_attempt(tx, *guesser))

    async def forget(self, guesser: Guesser) -> None:
        """Forget its attempts."""
        await self._writer.run(lambda tx: pins.forget_attempts(tx, *guesser))

    async def prove(self, guesser: Guesser) -> Sequence[Guesser]:
        """Keep that a client was right about an operator, with no attempts; return those that make room for it."""
        return await self._writer.run(lambda tx: pins.prove_client(tx, *guesser))


@dataclass(frozen=True, slots=True)
class TillCore:
    """What the rest of the daemon works with. ``register.run`` is started by the runtime."""

    identity: Identity
    writer: Writer
    readers: Readers
    catalog: Catalog
    chains: Chains
    register: Register
    steps: Steps
    clock: Clock

    def now(self) -> datetime:
        """Return the wall time as this till reads it."""
        return self.clock.now()


async def open_till(
    folder: Path,
    identity: Identity,
    *,
    clock: Clock,
    app_version: str,
    steps: Steps | None = None,
    routes: Routes | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> TillCore:
    """Open the files and rebuild the register.

    StorageError ``start.disk_full``, ``ledger.damaged`` with the entry, or ``ledger.damaged_file``. ConflictError
    ``ledger.in_use``; RuleError ``ledger.newer``, and ``replay.only`` for a replay clock on a till that is not enrolled
    for replay, or the machine's clock on one that is.
    """
    if isinstance(clock, ReplayClock) != (identity.mode is ChainMode.REPLAY):
        raise RuleError("replay.only")
    try:
        return await _open(folder, identity, clock, app_version, steps or Steps(), routes or Routes(), sleep)
    except (OSError, StorageError) as error:
        raise await asyncio.to_thread(words_of_start, folder / LEDGER, error) from error


async def _open(
    folder: Path,
    identity: Identity,
    clock: Clock,
    app_version: str,
    steps: Steps,
    routes: Routes,
    sleep: Callable[[float], Awaitable[object]],
) -> TillCore:
    writer = Writer(folder / LEDGER, alone=True)
    await writer.start(migrate)
    readers, catalog = Readers(folder / LEDGER), Catalog(folder, identity.secret)
    try:
        await readers.open()
        await catalog.open()
        chains = Chains(writer, identity, app_version)
        till = Till(catalog, chains, WatchedClock(clock), steps, routes)
        register = Register(till, writer, identity, PinCheck(identity.secret, StoredAttempts(writer), sleep))
        await register.open(find_heads(folder / HEAD_FILE, identity.till_id, identity.central_public_key))
    except BaseException:
        await catalog.close()
        await readers.close()
        await writer.stop()
        raise
    return TillCore(identity, writer, readers, catalog, chains, register, steps, clock)


async def close_till(core: TillCore) -> None:
    """Close everything, the writer last."""
    await core.catalog.close()
    await core.readers.close()
    await core.writer.stop()
