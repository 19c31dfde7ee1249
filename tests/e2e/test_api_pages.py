"""The page that tells people of an API, of both daemons: in both languages, at every width, by keyboard."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from central.db.engine import open_database
from central.db.migrate import migrate
from tests.central.head_office import PASSWORD, open_head_office
from tests.central.office import open_office
from tests.e2e.kiosk import open_kiosk
from tests.fakes.register import FakeRegister

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.browser
SIZES = [(1280, 800), (768, 1024), (390, 844)]
DAILY = (("central", SIZES[1]), ("till", SIZES[-1]))


@asynccontextmanager
async def till_page(browser: Browser, size: tuple[int, int]) -> AsyncIterator[tuple[Page, str]]:
    async with open_kiosk(browser, FakeRegister(), size=size) as kiosk:
        yield kiosk.page, kiosk.address


@asynccontextmanager
async def central_page(browser: Browser, size: tuple[int, int], folder: Path) -> AsyncIterator[tuple[Page, str]]:
    database = open_database(f"sqlite:///{folder / 'central.db'}")
    await migrate(database)
    site, runner = await open_head_office(await open_office(database, folder), folder)
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{site.address}/sign-in?next=/account")
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1")
    yield page, site.address
    await runner.cleanup()
    await database.close()


@pytest.mark.parametrize(
    ("daemon", "size"),
    [  # axe takes half a minute for the many operations of head office: one width a day, all in the long suites
        pytest.param(daemon, size, marks=[] if (daemon, size) in DAILY else pytest.mark.soak)
        for daemon in ("central", "till")
        for size in SIZES
    ],
)
async def test_everybody_can_read_what_the_api_is(
    chromium: Browser, axe_source: str, tmp_path: Path, daemon: str, size: tuple[int, int]
) -> None:
    opened = central_page(chromium, size, tmp_path) if daemon == "central" else till_page(chromium, size)
    found = []
    async with opened as (page, address):
        for language in ("en", "it"):
            await page.goto(f"{address}/api/v1/docs?lang={language}", wait_until="load")
            await page.evaluate(axe_source)
            report = await page.evaluate("axe.run()")
            found += [(language, one["id"], one["nodes"][0]["html"]) for one in report["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((language, "wider than the screen", ""))
            await by_keyboard(page)

    assert found == []


async def by_keyboard(page: Page) -> None:
    """Go to the first part by its link, and open the first example there."""
    part = page.locator(".api nav a").first
    await part.focus()
    target = await part.get_attribute("href")
    await page.keyboard.press("Enter")
    await page.wait_for_function("target => location.hash === target", arg=target)
    example = page.locator(f"{target} ~ section details").first
    await example.locator("summary").focus()
    await page.keyboard.press("Enter")
    await example.locator("pre").wait_for(state="visible")
