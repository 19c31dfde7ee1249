"""Head office as one sees it: two weeks of two shops, in light and dark, on a desk, a tablet and a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.central.lively import make_lively
from tests.e2e.test_head_office import enter, site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.central.head_office import HeadOffice

__all__ = ["site"]
pytestmark = pytest.mark.browser

SIZES = [(1280, 800), (1024, 600), (768, 1024), (390, 844)]
WEEK = "/sales?since=2026-11-17&until=2026-11-23"
PATHS = ["/", "/sales", WEEK, "/customers", "/items", "/operators", "/tills", "/jobs", "/settings",
         "/settings/vat", "/tender-types", "/settings/users",
         "/settings/roles", "/settings/audit", "/reasons", "/account"]  # fmt: skip
PLACES: dict[str, str] = {}  # of the single things that a test looks at
LISTS = ["/customers", "/tender-types", "/reasons"]
SECTIONS = {"t": ("Today", "Oggi"), "s": ("Sales", "Vendite"), "c": ("Customers", "Clienti"),
            "i": ("Items & prices", "Articoli e prezzi"), "o": ("Operators", "Operatori"), "l": ("Tills", "Casse"),
            "j": ("Jobs", "Elaborazioni")}  # fmt: skip
# What is wider than the place it has; a bar of a phone may be, as long as it says so.
CUT = """() => [...document.querySelectorAll(".sheet, .card, .bar, .sections, .tabs, .pills, .strip")]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
    .filter(e => !e.hasAttribute("data-after") && !e.hasAttribute("data-before"))
    .map(e => `${e.className} ${e.scrollWidth} > ${e.clientWidth}`)"""
# Names that are cut, without their whole text at hand.
LOST = """() => [...document.querySelectorAll(".grow, .clip, .cut")]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth && !e.title && !e.querySelector("[title]"))
    .map(e => e.textContent.trim())"""
ROWS = """() => [...document.querySelectorAll("#table .sheet tbody tr")]
    .map(e => Math.round(e.getBoundingClientRect().height))"""
LETTERS = """() => Math.min(...[...document.querySelectorAll(".plot text")].filter(e => e.checkVisibility())
    .map(e => e.getBoundingClientRect().height))"""


@pytest.fixture
async def lively(site: HeadOffice) -> HeadOffice:
    PLACES.update(await make_lively(site))
    return site


async def see(page: Page, site: HeadOffice, path: str) -> None:
    await page.goto(f"{site.address}{path}", wait_until="load")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_read_by_everyone(
    lively: HeadOffice, chromium: Browser, axe_source: str, scheme: str
) -> None:
    page, complaints = await enter(lively, chromium)
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = []
    for path in [*PATHS, *PLACES.values()]:
        await see(page, lively, path)
        if path == WEEK:
            await page.get_by_text("By day", exact=True).click()
            await page.locator("a[data-pane]").first.click()
            await page.locator(".pane .receipt").wait_for()
        await page.evaluate(axe_source)
        report = await page.evaluate("axe.run()")
        found += [(path, one["id"], one["nodes"][0]["html"][:200]) for one in report["violations"]]

    assert found == []
    assert complaints == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
async def test_nothing_is_cut_off(lively: HeadOffice, chromium: Browser, size: tuple[int, int]) -> None:
    page, _ = await enter(lively, chromium, size)
    found = []
    for language in ("English", "Italiano"):
        await page.get_by_role("button", name=language).click()
        for path in [*PATHS, *PLACES.values()]:
            await see(page, lively, path)
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((language, path, "wider than the screen"))
            cut = await page.evaluate(CUT)
            if path in LISTS and size[0] == 390:  # columns that one chose are pushed along, within their sheet
                cut = [one for one in cut if not one.startswith("sheet ")]
            found += [(language, path, one) for one in cut + await page.evaluate(LOST)]

    assert found == []


async def test_a_bar_of_a_phone_shows_where_one_is_and_that_it_goes_on(lively: HeadOffice, chromium: Browser) -> None:
    page, _ = await enter(lively, chromium, (390, 844))
    await page.locator(".sections[data-after]").wait_for()
    assert await page.locator(".sections[data-before]").count() == 0

    await see(page, lively, "/settings/audit")

    await page.locator(".sections[data-before]").wait_for()
    for bar in (".sections", ".tabs"):
        here = await page.locator(f"{bar} [aria-current]").bounding_box()
        assert here is not None
        assert here["x"] >= 0
        assert here["x"] + here["width"] <= 390


@pytest.mark.parametrize(("width", "coarse", "height"), [(1280, False, 40), (1024, True, 56)])
async def test_rows_are_as_high_as_a_mouse_or_a_finger_needs(
    lively: HeadOffice, chromium: Browser, width: int, *, coarse: bool, height: int
) -> None:
    page, _ = await enter(lively, chromium)
    context = await chromium.new_context(
        viewport={"width": width, "height": 800}, has_touch=coarse, is_mobile=coarse,
        storage_state=await page.context.storage_state(),
    )  # fmt: skip
    touched = await context.new_page()
    await see(touched, lively, "/sales")

    assert set(await touched.evaluate(ROWS)) <= {height, height + 1}


async def test_the_head_of_a_long_list_stays_in_sight_and_its_sum_stands_below(
    lively: HeadOffice, chromium: Browser
) -> None:
    page, _ = await enter(lively, chromium)
    await see(page, lively, WEEK)
    await page.mouse.wheel(0, 900)
    await page.wait_for_function("scrollY > 500")

    head = await page.locator("#table .sheet thead th").first.bounding_box()

    assert head is not None
    assert head["y"] == 0
    assert "264 receipts" in await page.locator("#table .sheet tfoot").inner_text()


async def test_a_picture_keeps_its_height_on_a_phone_and_has_its_table_a_tap_away(
    lively: HeadOffice, chromium: Browser
) -> None:
    page, _ = await enter(lively, chromium, (390, 844))

    picture = await page.locator(".plot").bounding_box()
    assert picture is not None
    assert picture["height"] >= 180
    assert await page.evaluate(LETTERS) >= 12
    await page.get_by_text("As a table").first.click()

    assert await page.get_by_role("cell", name="12:00").is_visible()


@pytest.mark.parametrize(("language", "place"), [("English", 0), ("Italiano", 1)])
async def test_the_keyboard_alone_goes_through_the_main_pages(
    lively: HeadOffice, chromium: Browser, language: str, place: int
) -> None:
    page, complaints = await enter(lively, chromium)
    await page.get_by_role("button", name=language).press("Enter")
    for key, titles in SECTIONS.items():
        await page.wait_for_load_state("load")
        await page.keyboard.press("g")
        await page.keyboard.press(key)
        await page.wait_for_selector(f"h1:text-is('{titles[place]}')")
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await page.wait_for_selector(f"h1:text-is('{SECTIONS['s'][place]}')")
    await page.wait_for_load_state("load")

    await page.locator("a[data-pane]").nth(1).press("Enter")
    number = await page.locator("tr.chosen a[data-pane]").inner_text()
    assert await page.evaluate("document.activeElement.textContent") == number
    assert "TOTALE EUR" in await page.locator(".pane .receipt").inner_text()
    shared = page.url
    await page.keyboard.press("Escape")
    assert await page.evaluate("document.activeElement.textContent") == number
    assert await page.locator(".pane").is_hidden()

    await page.goto(shared, wait_until="load")
    assert await page.locator(".pane h2").inner_text() == number
    assert complaints == []


async def test_on_a_narrow_screen_a_sale_opens_on_its_own_page(lively: HeadOffice, chromium: Browser) -> None:
    page, _ = await enter(lively, chromium, (1024, 600))
    await see(page, lively, "/sales")
    number = await page.locator("a[data-pane]").first.inner_text()

    await page.locator("a[data-pane]").first.click()

    await page.wait_for_selector(f"h1:text-is('{number}')")


async def test_paper_carries_what_was_asked_for_and_no_desk(lively: HeadOffice, chromium: Browser) -> None:
    page, _ = await enter(lively, chromium)
    await page.emulate_media(media="print", color_scheme="dark")
    await see(page, lively, WEEK)

    for gone in ("nav.sections", "form.filters", ".pills", ".head .button", ".skip"):
        assert await page.locator(gone).first.is_hidden(), gone
    assert await page.locator("#table .sheet tfoot").is_visible()
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    await page.locator("a[data-pane]").first.evaluate("e => location.assign(e.href)")
    await page.locator("main .receipt").wait_for()
    assert await page.locator("nav.sections").is_hidden()
    assert await page.locator("details.proof").is_hidden()


async def test_tills_tell_of_counted_cash_as_it_comes(lively: HeadOffice, chromium: Browser) -> None:
    page, _ = await enter(lively, chromium)
    await see(page, lively, "/tills")

    await page.get_by_text("€4.80 missing").wait_for()
    till = await lively.busy_till("T9", sales=1)
    till.close_session()
    await lively.deliver(till)

    await page.get_by_text("€0.10 missing").wait_for(timeout=15_000)
