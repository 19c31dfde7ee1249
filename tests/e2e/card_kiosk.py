"""A kiosk page on a real register whose cards go through a reader."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from commerce.ids import new_id
from terminal.services.card_loop import CardLoop
from terminal.services.commands import SignOff, SignOn
from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.customer import PatientReader
from tests.fakes.register import FakeRegister
from tests.fakes.ui import ui_services
from tests.terminal.shop import CARLO, COFFEE, PIN, TestTill, operating_changes, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

    from terminal.ui.ports import UiServices


@dataclass
class CardKiosk:
    """A till that is selling coffee for 3.49, its page, and the reader beside it."""

    folder: Path
    kiosk: Kiosk
    reader: PatientReader = field(default_factory=PatientReader)
    _till: TestTill | None = None
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def till(self) -> TestTill:
        assert self._till is not None
        return self._till

    async def start(self, *, fill: bool = False) -> None:
        """Start the daemon."""
        self._till = await self._running.enter_async_context(running_till(self.folder, fill=fill))
        if fill:
            await self._fill()
        loop = CardLoop(self.till.register, {"reader": self.reader}, asyncio.Event(), _a_moment)
        self.till.register.listeners.append(lambda _: loop.wake())
        acting = asyncio.create_task(loop.run())
        self._running.push_async_callback(_end, acting)
        await self.kiosk.start()

    async def stop(self) -> None:
        """Kill the daemon; its page stays."""
        await self.kiosk.stop()
        await self._running.aclose()

    async def act_as_carlo(self) -> None:
        """Let somebody sell who may not decide about money."""
        await self.till.submit(SignOff(new_id()))
        await self.till.submit(SignOn(new_id(), CARLO, PIN))

    async def also_by_hand(self) -> None:
        """Offer, before the reader, a card of which a person says that it was taken."""
        card = next(change for change in operating_changes() if change.id == "tender-card")
        row = {**(card.row or {}), "code": "hand", "position": 0}
        await self.till.register.apply_operating([card.model_copy(update={"id": "tender-hand", "row": row})])

    async def pay_by_card(self) -> None:
        """Sell something, and ask the reader for its price."""
        await self.till.scan(COFFEE)
        await self.kiosk.tap(".pay")
        await self.kiosk.tap("[data-key=type-card]")

    def services(self, hosts: frozenset[str]) -> UiServices:
        """Return the server's parts over the register that runs now."""
        return replace(ui_services(FakeRegister(), hosts, self.kiosk.around), register=self.till.register)

    async def _fill(self) -> None:
        rows = [
            change.model_copy(update={"version": 9, "row": {**(change.row or {}), "reader": "reader"}})
            if change.id == "tender-card"
            else change
            for change in operating_changes()
        ]
        await self.till.register.apply_operating(rows)
        await self.till.ready()


@asynccontextmanager
async def open_card_kiosk(browser: Browser, folder: Path, **page: Any) -> AsyncIterator[CardKiosk]:  # noqa: ANN401
    """Start a till with a reader and open its page."""
    here: list[CardKiosk] = []

    async def before(kiosk: Kiosk) -> None:
        here.append(CardKiosk(folder, kiosk))
        kiosk.services = here[0].services
        await here[0].start(fill=True)

    async with open_kiosk(browser, FakeRegister(), start=before, **page):
        yield here[0]
        await here[0].stop()


async def _a_moment(_: float) -> None:
    await asyncio.sleep(0.05)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
