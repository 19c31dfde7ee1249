"""The whole road on real processes: scanner, kiosk page, paper, central, head office."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from terminal.devices.printer.paper_reader import read_paper
from tests.e2e.demo_run import DemoRun
from tests.shared_data import PROJECT
from tools.demo_items import ean8, label_code
from tools.demo_shop import OPERATORS, PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("first sale")]
COFFEE, BREAD_AT_2_17 = ean8(1), label_code(2, Decimal("2.17"))
SCREENS = PROJECT / "build" / "screens"
SIZES = {"small": (1024, 600), "phone": (390, 844)}
WORDS = {
    "en": {"coffee": "Aurora ground coffee 250 g", "total": "€5.66", "change": "€4.34", "Sales": "Sales",
           "Name": "Name", "Password": "Password", "proof": "hash, link and signature hold"},
    "it": {"coffee": "Caffè macinato Aurora 250 g", "total": "5,66", "change": "4,34", "Sales": "Vendite",
           "Name": "Nome", "Password": "Password", "proof": "impronta, concatenazione e firma sono valide"},
}  # fmt: skip


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRun]:
    run = DemoRun(tmp_path_factory.mktemp("road"))
    run.start()
    yield run
    run.stop()


@dataclass
class Visit:
    """A browser in one language; ``faults`` collects what axe finds and the pages complain of."""

    road: DemoRun
    kiosk: Page
    office: Page
    axe: str
    language: str
    size: str
    faults: dict[str, Any] = field(default_factory=dict)

    def word(self, name: str) -> str:
        return WORDS[self.language][name]

    async def look(self, page: Page, name: str) -> None:
        """Check a page as it is for everyone's use, and keep how it looks."""
        script = f"{self.axe};axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' '))]))"
        if found := await page.evaluate(script):
            self.faults[name] = found
        if await page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            self.faults[f"{name} is wider than the screen"] = self.size
        await asyncio.to_thread(SCREENS.mkdir, parents=True, exist_ok=True)
        await page.screenshot(path=SCREENS / f"{name}-{self.language}-{self.size}.png")

    async def sees(self, page: Page, selector: str, text: str) -> None:
        await page.locator(selector, has_text=text).first.wait_for(timeout=15_000)

    async def screen(self, name: str) -> None:
        await self.kiosk.locator(f"body[data-screen={name}]").wait_for(timeout=15_000)


@asynccontextmanager
async def visit(road: DemoRun, browser: Browser, axe: str, language: str, size: str) -> AsyncIterator[Visit]:
    """Open the kiosk page and head office side by side."""
    width, height = SIZES[size]
    locale = {"en": "en-GB", "it": "it-IT"}[language]
    context = await browser.new_context(viewport={"width": width, "height": height}, locale=locale)
    visitor = Visit(road, await context.new_page(), await context.new_page(), axe, language, size)
    for page in (visitor.kiosk, visitor.office):
        page.on("pageerror", lambda error: visitor.faults.update({"script": str(error)}))
    yield visitor
    await context.close()


async def start_selling(visitor: Visit) -> None:
    """Open the till's page; sign on and open the session where nobody has yet."""
    kiosk = visitor.kiosk
    await kiosk.goto(visitor.road.till_url)
    await kiosk.locator("body[data-screen]").wait_for()
    if await kiosk.locator("body[data-screen=sign_on]").count():
        await kiosk.locator(".person", has_text="Anna").click()
        await kiosk.keyboard.type(OPERATORS[0][1])
        await kiosk.keyboard.press("Enter")
        await visitor.screen("session")
    if await kiosk.locator("body[data-screen=session]").count():
        await kiosk.keyboard.type("10000")
        await kiosk.keyboard.press("Enter")
        await visitor.screen("selling")


async def sign_in(visitor: Visit) -> None:
    """Sign in at head office, in the visitor's language."""
    office = visitor.office
    await office.goto(visitor.road.central)
    await visitor.look(office, "sign-in")
    await office.get_by_label(visitor.word("Name")).fill(USER)
    await office.get_by_label(visitor.word("Password")).fill(PASSWORD)
    await office.keyboard.press("Enter")
    await office.locator("[data-live]").wait_for()
    if await office.locator("html").get_attribute("lang") != visitor.language:
        await office.locator("header summary, header .menu summary").first.click()
        await office.locator(f"button[name=language][value={visitor.language}]").first.click()
        await office.locator(f"html[lang={visitor.language}] [data-live]").wait_for()


async def sell(visitor: Visit) -> str:
    """Scan two codes, pay with a note of ten; return the receipt's number."""
    kiosk = visitor.kiosk
    scanned = await asyncio.to_thread(visitor.road.scan, COFFEE, BREAD_AT_2_17)
    assert scanned.returncode == 0
    await visitor.sees(kiosk, ".line", visitor.word("coffee"))
    await visitor.sees(kiosk, "sale-totals", visitor.word("total"))
    await visitor.look(kiosk, "selling")
    await kiosk.locator(".pay").click()
    await kiosk.locator("[data-key=note-1000]").wait_for()
    await visitor.look(kiosk, "paying")
    await kiosk.locator("[data-key=note-1000]").click()
    await visitor.screen("done")
    await visitor.sees(kiosk, ".done-figure", visitor.word("change"))
    await visitor.look(kiosk, "done")
    state = await asyncio.to_thread(visitor.road.till.state)
    assert state["done"]["formatted"] in await kiosk.locator(".done-receipt").inner_text()
    return str(state["done"]["formatted"])


async def find_paper(visitor: Visit, formatted: str) -> bytes:
    """Find the receipt on the printer's paper, drawn; return its bytes."""
    kiosk = visitor.kiosk
    await kiosk.goto(f"{visitor.road.till_url}/paper")
    sheet = kiosk.locator(".sheet", has_text=formatted)
    await sheet.wait_for(timeout=15_000)
    await visitor.look(kiosk, "paper")
    address = await sheet.locator("h2 a").get_attribute("href")
    answer = await kiosk.request.get(f"{visitor.road.till_url}{address}.bin")
    await kiosk.goto(f"{visitor.road.till_url}{address}")
    return bytes(await answer.body())


@pytest.mark.parametrize(("language", "size"), [("en", "small"), ("it", "small"), ("it", "phone")])
async def test_a_scan_becomes_a_receipt_on_paper_and_a_sale_at_head_office(
    road: DemoRun, chromium: Browser, axe_source: str, language: str, size: str
) -> None:
    async with visit(road, chromium, axe_source, language, size) as visitor:
        await start_selling(visitor)
        await sign_in(visitor)
        formatted = await sell(visitor)
        await find_paper(visitor, formatted)
        office = visitor.office
        await visitor.sees(office, "[data-live] table", formatted)  # Today follows by itself
        await visitor.look(office, "today")
        await office.get_by_role("link", name=visitor.word("Sales"), exact=True).first.click()
        await office.locator("#table").get_by_role("link", name=formatted).wait_for()
        await visitor.look(office, "sales")
        await office.locator("#table").get_by_role("link", name=formatted).click()
        receipt = await office.locator(".receipt").inner_text()
        await visitor.sees(office, "main", visitor.word("proof"))
        await visitor.look(office, "sale")

    assert formatted in receipt
    assert "5,66" in receipt
    assert visitor.faults == {}


async def test_the_paper_drawn_is_the_bytes_that_the_printer_got(
    road: DemoRun, chromium: Browser, axe_source: str
) -> None:
    async with visit(road, chromium, axe_source, "it", "small") as visitor:
        await start_selling(visitor)
        formatted = await sell(visitor)
        job = await find_paper(visitor, formatted)
        drawn = await visitor.kiosk.locator(".paper-line").all_inner_texts()

    newest = await asyncio.to_thread(lambda: max((road.folder / "till-1/virtual/receipts").glob("[0-9]*.bin"), key=nth))
    assert job == await asyncio.to_thread(newest.read_bytes)
    assert b"5,66" in job
    assert words(drawn) == words(read_paper(job).lines)
    assert formatted in " ".join(drawn)


def nth(path: Path) -> int:
    """Which print of the virtual printer this is."""
    return int(path.stem)


def words(lines: Sequence[str]) -> list[str]:
    """The words of lines, however they are spaced and without what only keeps an empty line high."""
    return " ".join(lines).replace("\u200b", "").split()
