"""The till's core, opened as a whole: ledger, catalogue and register on one folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commerce.errors import RuleError
from commerce.ledger import ChainMode
from terminal.db.catalog import Catalog
from terminal.db.connection import Readers, Writer
from terminal.db.migrate import migrate
from terminal.services.chains import Chains
from terminal.services.clock import Clock, ReplayClock, WatchedClock
from terminal.services.identity import Identity
from terminal.services.kept_heads import HEAD_FILE, find_heads
from terminal.services.pins import PinCheck
from terminal.services.plan import Till
from terminal.services.register import Register
from terminal.services.steps import Steps

LEDGER = "ledger.db"
LOCK = "lock"


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
    folder: Path, identity: Identity, *, clock: Clock, app_version: str, steps: Steps | None = None
) -> TillCore:
    """Open the files and rebuild the register.

    ConflictError ``ledger.in_use``; RuleError ``ledger.newer``, and ``replay.only`` for a replay clock on a till that
    is not enrolled for replay, or the machine's clock on one that is.
    """
    if isinstance(clock, ReplayClock) != (identity.mode is ChainMode.REPLAY):
        raise RuleError("replay.only")
    steps = steps or Steps()
    writer = Writer(folder / LEDGER, lock=folder / LOCK)
    await writer.start(migrate)
    readers, catalog = Readers(folder / LEDGER), Catalog(folder)
    try:
        await readers.open()
        await catalog.open()
        chains = Chains(writer, identity, app_version)
        till = Till(catalog, chains, WatchedClock(clock), steps)
        register = Register(till, writer, identity, PinCheck(identity.secret))
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
