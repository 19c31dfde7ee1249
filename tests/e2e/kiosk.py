"""A kiosk page in a real browser, on a till's real server over a register in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from terminal.ui.ports import Typing
from terminal.ui.server import build_server, loopback_hosts
from tests.fakes.ui import FakePaper, FakeSurroundings, ui_services
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import Browser, Page

    from terminal.ui.ports import UiServices
    from tests.fakes.register import FakeRegister


@dataclass(frozen=True)
class Asked:
    """A request that reached the till: whether from its own page, as the browser says, and how it was answered."""

    is_own: bool
    path: str
    status: int


@dataclass
class Kiosk:
    """The till behind the page; ``taps`` counts what was tapped."""

    page: Page
    register: FakeRegister
    around: FakeSurroundings
    port: int
    paper: FakePaper = field(default_factory=FakePaper)
    taps: int = 0
    faults: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    services: Callable[[frozenset[str]], UiServices] | None = None  # of another register than the one in memory
    _runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Return the origin of the page."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Let the daemon answer."""
        hosts = loopback_hosts(self.port)
        in_memory = ui_services(self.register, hosts, self.around, self.paper)
        app = build_server(self.services(hosts) if self.services else in_memory)
        app.on_response_prepare.append(self._note)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _note(self, request: web.Request, answer: web.StreamResponse) -> None:
        site, origin = request.headers.get("Sec-Fetch-Site", "none"), request.headers.get("Origin", self.address)
        is_own = origin == self.address and site in ("same-origin", "none")
        self.asked.append(Asked(is_own, request.path, answer.status))

    async def stop(self) -> None:
        """Let the daemon be away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def tap(self, selector: str) -> None:
        """Tap something that can be tapped."""
        self.taps += 1
        await self.page.locator(selector).click(timeout=5000)

    async def sees(self, selector: str, text: str) -> None:
        """Wait until an element shows a text."""
        await self.page.locator(selector, has_text=text).first.wait_for(timeout=5000)

    async def screen(self, name: str) -> None:
        """Wait until the page shows a screen."""
        await self.page.locator(f"body[data-screen={name}]").wait_for(timeout=5000)

    async def violations(self, axe: str) -> list[Any]:
        """Return what axe finds wrong on the page as it is."""
        script = f"{axe};axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' '))]))"
        found: list[Any] = await self.page.evaluate(script)
        return found


@asynccontextmanager
async def open_kiosk(
    browser: Browser,
    register: FakeRegister,
    *,
    size: tuple[int, int] = (1024, 600),
    locale: str = "en-GB",
    typing: Typing | None = None,
    start: Callable[[Kiosk], Awaitable[None]] = Kiosk.start,
    **context: Any,  # noqa: ANN401  # what playwright takes
) -> AsyncIterator[Kiosk]:
    """Start a till, open its page and wait for the first view; the page must not have complained in the end."""
    opened = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale, **context)
    kiosk = Kiosk(await opened.new_page(), register, FakeSurroundings(typing=typing or Typing()), free_port())
    kiosk.page.on("pageerror", lambda error: kiosk.faults.append(str(error)))
    kiosk.page.on("console", lambda message: _note_refusal(kiosk, message.text))
    await start(kiosk)
    await kiosk.page.goto(f"http://127.0.0.1:{kiosk.port}/")
    await kiosk.page.locator("#stage:not([hidden])").wait_for()
    yield kiosk
    await opened.close()
    await kiosk.stop()
    assert kiosk.faults == []


def _note_refusal(kiosk: Kiosk, text: str) -> None:
    """A refusal of the content policy is a fault of the page; a failed fetch is not."""
    if "Content Security Policy" in text:
        kiosk.faults.append(text)
