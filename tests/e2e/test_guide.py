"""The pictures of the guide to head office are taken of the pages as they are (``make guide`` keeps them)."""

from __future__ import annotations

import os
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.central.lively import make_lively
from tests.e2e.test_head_office import enter, site
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.central.head_office import HeadOffice

__all__ = ["site"]
DESK, PHONE = (1280, 800), (390, 844)
WEEK = "/sales?since=2026-11-17&until=2026-11-23"
MOST_BYTES = 100_000
PICTURES = PROJECT / "docs" / "images"
GUIDES = [PROJECT / "docs" / "head-office.md", PROJECT / "docs" / "head-office.it.md"]


async def take(page: Page, folder: Path, name: str) -> None:
    """Keep what is to be seen in few colours: a page has no more."""
    await page.wait_for_function("document.fonts.status === 'loaded'")
    seen = Image.open(BytesIO(await page.screenshot(animations="disabled", caret="hide")))
    seen.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


async def take_all(site: HeadOffice, chromium: Browser, folder: Path) -> None:
    places = await make_lively(site)
    page, _ = await enter(site, chromium, DESK)
    for name, path in (("today", "/"), ("sales", WEEK), ("customers", "/customers"), ("customer", places["customer"]),
                       ("tills", "/tills"), ("changes", "/settings/audit?who=Anna")):  # fmt: skip
        await page.goto(f"{site.address}{path}", wait_until="load")
        if name == "sales":
            await page.locator("a[data-pane]").nth(3).click()
            await page.locator(".pane .receipt").wait_for()
            await page.mouse.move(0, 0)
        if name == "tills":
            await page.locator("aside .wants").wait_for()
        if name == "customers":
            await page.get_by_text("6 customers").wait_for()
        await take(page, folder, name)
    await page.goto(f"{site.address}{WEEK}", wait_until="load")
    await page.get_by_text("By day", exact=True).click()
    await take(page, folder, "by-day")
    phone, _ = await enter(site, chromium, PHONE)
    await take(phone, folder, "phone")


@pytest.mark.browser
async def test_the_guides_pictures_are_taken_of_the_pages(site: HeadOffice, chromium: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("CASSAFORTE_PICTURES") or tmp_path)

    await take_all(site, chromium, folder)

    taken = {path.name: path.stat().st_size for path in folder.glob("*.png")}
    assert set(taken) == {path.name for path in PICTURES.glob("*.png")}
    assert {name: size for name, size in taken.items() if not 0 < size < MOST_BYTES} == {}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guide_shows_every_picture_that_there_is(guide: Path) -> None:
    shown = set(re.findall(r"\(images/([a-z-]+\.png)\)", guide.read_text(encoding="utf-8")))

    assert shown == {path.name for path in PICTURES.glob("*.png")}
    assert all(path.stat().st_size < MOST_BYTES for path in PICTURES.glob("*.png"))
