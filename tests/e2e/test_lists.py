"""Lists and records of the kit in a real browser: by keyboard alone, in both languages, at every size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.kit import service
from central.kit.proposals import Proposal
from central.registry.customers import CUSTOMERS
from tests.central.kit.samples import edit_of, fill
from tests.e2e.test_head_office import enter, site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from central.kit.proposals import Record
    from tests.central.head_office import HeadOffice

__all__ = ["site"]
pytestmark = pytest.mark.browser
LANGUAGES = {"en": ("English", "Customers", "Done"), "it": ("Italiano", "Clienti", "Fatto")}
SIZES = [(1280, 800), (1024, 600), (768, 1024), (390, 844)]


async def to_list(site: HeadOffice, page: Page, language: str) -> None:
    """From the start to the list of customers, by keys."""
    name, title, _ = LANGUAGES[language]
    await page.get_by_role("button", name=name).click()
    await page.goto(f"{site.address}/", wait_until="load")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.wait_for_selector(f"h1:has-text('{title}')")
    await page.wait_for_load_state("load")


async def tab_to(page: Page, selector: str, most: int = 80) -> None:
    """Go on with the Tab key until something has the focus."""
    for _ in range(most):
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is out of reach of the keyboard")


async def wait_focus(page: Page, selector: str) -> None:
    await page.wait_for_function("(s) => document.activeElement.matches(s)", arg=selector)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_customer_is_found_changed_beside_the_list_and_flashes(
    site: HeadOffice, chromium: Browser, language: str
) -> None:
    cards = await fill(site.office, CUSTOMERS, 60)
    page, complaints = await enter(site, chromium)
    await to_list(site, page, language)

    await page.keyboard.press("f")
    await page.keyboard.type("city00")
    await page.wait_for_url("**/customers?q=city00")
    await page.keyboard.press("ArrowDown")
    await wait_focus(page, "#table tbody tr:nth-child(1) [data-row]")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await wait_focus(page, "#beside h1")
    assert f"open={cards[1].id}" in page.url
    await tab_to(page, "#beside input[name=city]")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Bergamo")
    await page.keyboard.press("Enter")

    await page.locator(f"#r-{cards[1].id}.flash").wait_for()
    assert "Bergamo" in await page.locator(f"#r-{cards[1].id}").inner_text()
    assert page.url.endswith("/customers?q=city00")
    assert not await page.locator("#beside").is_visible()
    assert complaints == []


async def test_a_refusal_beside_the_list_keeps_what_was_typed_and_escape_goes_back(
    site: HeadOffice, chromium: Browser
) -> None:
    cards = await fill(site.office, CUSTOMERS, 3)
    page, _ = await enter(site, chromium)
    await page.goto(f"{site.address}/customers?open={cards[0].id}", wait_until="load")
    await wait_focus(page, "#beside h1")
    await tab_to(page, "#beside input[name=vat_number]")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("12345678901")
    await page.keyboard.press("Enter")

    fault = page.locator("#beside .field.wrong")
    await fault.wait_for()
    assert await fault.locator("input").input_value() == "12345678901"
    await wait_focus(page, "#beside input[name=vat_number]")
    edges = [
        await page.locator(f"#beside input[name={name}]").evaluate("one => getComputedStyle(one).borderColor")
        for name in ("vat_number", "fiscal_code")
    ]
    assert edges[0] != edges[1]
    assert await page.locator("#table").is_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await wait_focus(page, f"#r-{cards[0].id} [data-row]")
    assert page.url.endswith("/customers")


async def test_chips_are_put_on_and_taken_off_by_keys(site: HeadOffice, chromium: Browser) -> None:
    await fill(site.office, CUSTOMERS, 9)
    page, complaints = await enter(site, chromium)
    await page.goto(f"{site.address}/customers", wait_until="load")

    await tab_to(page, "#c-province")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("mi")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/customers?province=mi")
    await page.locator(".chip.stands").wait_for()
    assert await page.locator("#table tbody tr").count() == 3
    assert "begins with “mi”" in await page.locator("#c-province").inner_text()
    await wait_focus(page, "#c-province")
    await page.keyboard.press("Delete")
    await page.wait_for_url("**/customers")
    assert await page.locator("#table tbody tr").count() == 9
    assert complaints == []


async def test_some_are_chosen_deleted_and_taken_back_by_keys(site: HeadOffice, chromium: Browser) -> None:
    cards = await fill(site.office, CUSTOMERS, 5)
    page, complaints = await enter(site, chromium)
    await page.goto(f"{site.address}/customers", wait_until="load")
    await page.keyboard.press("ArrowDown")  # the first is named by the others, and would be left
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("x")
    assert await page.locator("output[data-chosen]").inner_text() == "Chosen: 2"

    await tab_to(page, "button[value=delete]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1:has-text('Delete: 2 customers?')")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Delete: 2 customers – done.")
    assert await page.locator("#table tbody tr").count() == 3
    await wait_focus(page, "[data-undo] button")
    await page.keyboard.press("Enter")

    await page.locator(f"#r-{cards[1].id}").wait_for()
    assert await page.locator("#table tbody tr").count() == 5
    assert complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_is_searched_from_anywhere(site: HeadOffice, chromium: Browser, language: str) -> None:
    till = await site.busy_till(sales=2)
    cards = await fill(site.office, CUSTOMERS, 5)
    page, complaints = await enter(site, chromium)
    await page.get_by_role("button", name=LANGUAGES[language][0]).click()
    await page.wait_for_load_state("load")

    await page.keyboard.press("/")
    await wait_focus(page, "#finder-q")
    await page.keyboard.type(cards[2].card.vat_number[:8])
    await page.locator("[data-hit]").first.wait_for()
    await page.keyboard.press("ArrowDown")
    await wait_focus(page, "[data-hit]")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/customers/{cards[2].id}")
    await page.wait_for_load_state("load")
    await page.keyboard.press("/")
    await page.keyboard.type("T1/26/000002")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/sales/*till={till.till}")
    assert complaints == []


async def change(site: HeadOffice, one: Record, name: str) -> None:
    from dataclasses import replace

    card = replace(one.card, name=name)
    job = partial(service.save, kind=CUSTOMERS, edit=edit_of(site.office), proposals=[Proposal(card, one.id, 1)])
    await site.office.database.write(job)


async def test_what_somebody_else_changes_is_told_and_marked_and_does_not_move(
    site: HeadOffice, chromium: Browser
) -> None:
    cards = await fill(site.office, CUSTOMERS, 5)
    page, complaints = await enter(site, chromium)
    async with page.expect_response("**/live"):  # from here on it hears what happens
        await page.goto(f"{site.address}/customers", wait_until="load")
    before = await page.locator("#table tbody tr").nth(1).inner_text()

    await change(site, cards[1], "Zzz")

    await page.get_by_text("1 changed", exact=True).wait_for(timeout=20_000)
    row = page.locator(f"#r-{cards[1].id}.stale")
    assert before.split()[0] in await row.inner_text()
    assert await page.locator("#table tbody tr").nth(1).get_attribute("id") == f"r-{cards[1].id}"
    await page.locator("#news a").click()
    await page.get_by_text("Zzz").wait_for()
    assert complaints == []


@pytest.mark.parametrize("size", SIZES)
async def test_lists_records_and_searches_serve_everyone_at_every_size(
    site: HeadOffice, chromium: Browser, axe_source: str, size: tuple[int, int]
) -> None:
    cards = await fill(site.office, CUSTOMERS, 60)
    page, complaints = await enter(site, chromium, size)
    paths = ["/customers?province=mi&stopped=yes", "/customers", f"/customers?open={cards[0].id}",
             f"/customers/{cards[0].id}", "/customers/new", "/search?q=city"]  # fmt: skip
    found = []
    for language in LANGUAGES:
        await page.get_by_role("button", name=LANGUAGES[language][0]).click()
        for path in paths:
            await page.goto(f"{site.address}{path}", wait_until="networkidle")
            await page.evaluate("document.querySelectorAll('#table input[name=chosen]').forEach((b) => b.click())")
            await page.evaluate(axe_source)
            report = await page.evaluate("axe.run()")
            found += [(language, path, one["id"], one["nodes"][0]["html"]) for one in report["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((language, path, "wider than the screen", ""))

    assert found == []
    assert complaints == []
