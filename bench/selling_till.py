"""A till that is measured as a process: its folder made ready, and a sale of a hundred lines on it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import shop
from bench.place import Size, fresh_folder
from bench.processes import Listener, Scanner, Till
from commerce.ids import new_id
from terminal.services.clock import SystemClock
from terminal.services.commands import AddCode
from terminal.services.till_core import TillCore, close_till, open_till
from terminal.version import APP_VERSION

LINES = 100


def catalogue(size: Size) -> Path:
    """Return the large catalogue, made once a run."""
    path = size.folder(f"catalogue-{size.items}.db")
    if not path.exists():
        size.root.mkdir(parents=True, exist_ok=True)
        shop.write_catalogue(path.with_suffix(".new"), size.items)
        path.with_suffix(".new").replace(path)
    return path


def prepare(
    folder: Path, items: Path, *, lines: int = 0, then: Callable[[TillCore], Awaitable[None]] | None = None
) -> None:
    """Make a till that has its catalogue, an operator signed on, an open session and so many lines."""
    fresh_folder(folder)
    enrolment = shop.enrolment()
    enrolment.save(folder)
    shop.use_catalogue(folder, items)
    asyncio.run(_prepare(folder, enrolment, lines, then))


@contextmanager
def running_till(folder: Path) -> Iterator[Till]:
    """Start the till of a folder and stop it in the end."""
    with Till(folder) as till:
        till.wait_until_up()
        yield till


class Desk:
    """A cashier with a scanner and a page, at a till whose sale has a hundred lines."""

    def __init__(self, till: Till, folder: Path) -> None:
        self._till = till
        self._scanner = Scanner(till.scanner)
        self._listener = Listener(till.port, folder / "listener.log", till.token())
        self._sale = till.state()["sale"]["id"]
        self._number = 0
        self.heaviest = 0  # the most bytes that one scan sent to the page

    def scan(self) -> float:
        """Scan an item, wait for the page to show it, take it off again; return the seconds from bytes to frame."""
        self._number += 1
        before = self._listener.received
        begun = self._scanner.scan(shop.code_of(1 + self._number * 7919 % 1900))
        frame = self._listener.wait_for_lines(LINES + 1)
        self.heaviest = max(self.heaviest, self._listener.received - before)
        self._till.act(f"sale/lines/{frame.newest}/void", sale=self._sale)
        self._listener.wait_for_lines(LINES)
        return (frame.at_ns - begun) / 1e9

    def close(self) -> None:
        """Go home."""
        self._scanner.close()
        self._listener.stop()


async def _prepare(
    folder: Path, enrolment: shop.Enrolment, lines: int, then: Callable[[TillCore], Awaitable[None]] | None
) -> None:
    core = await open_till(folder, enrolment.identity, clock=SystemClock(), app_version=APP_VERSION)
    running = asyncio.create_task(core.register.run())
    try:
        await core.register.apply_operating(shop.operating_set(), cursor="1.1.1")
        await shop.begin_selling(core.register)
        if then:
            await then(core)
        for number in range(1, lines + 1):
            await core.register.submit(AddCode(new_id(), shop.code_of(number)))
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await close_till(core)
