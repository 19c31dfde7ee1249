"""Head office in a real browser: from the sign-in to a receipt, in both languages, for everyone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import orjson
import pytest
from sqlalchemy import update

from central.db.engine import open_database
from central.db.migrate import migrate
from central.jobs import queue, results
from central.jobs.housekeeping import TRIM
from central.jobs.tables import job as table
from central.jobs.values import Asked, Outcome, Progress, RowResult, State
from tests.central.head_office import PASSWORD, HeadOffice, open_head_office
from tests.central.office import open_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page
    from sqlalchemy import Connection

pytestmark = pytest.mark.browser
LEASE = timedelta(minutes=5)
LONG_LABEL = "offerte-di-primavera-con-un-nome-lungo-e-senza-spazi.xlsx"
SIZES = [(1280, 800), (768, 1024), (390, 844)]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HeadOffice]:
    database = open_database(f"sqlite:///{tmp_path / 'central.db'}")
    await migrate(database)
    head_office, runner = await open_head_office(await open_office(database, tmp_path), tmp_path)
    yield head_office
    await runner.cleanup()
    await database.close()


async def enter(site: HeadOffice, browser: Browser, size: tuple[int, int] = (1280, 800)) -> tuple[Page, list[str]]:
    """A signed-in page, and what its console complained about."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{site.address}/")
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1:has-text('Today')")
    await page.wait_for_load_state("load")
    return page, complaints


async def test_a_person_signs_in_sees_a_sale_arrive_and_opens_its_receipt(site: HeadOffice, chromium: Browser) -> None:
    till = await site.busy_till(sales=1)
    page, complaints = await enter(site, chromium)

    till.sell(lines=3)
    await site.deliver(till)
    await page.get_by_role("link", name="T1/26/000002").click(timeout=15_000)

    assert "TOTALE" in await page.locator(".receipt").inner_text()
    assert await page.get_by_text("hash, link and signature hold").is_visible()
    assert complaints == []


async def test_the_keyboard_alone_finds_a_sale(site: HeadOffice, chromium: Browser) -> None:
    await site.busy_till(sales=3)
    page, _ = await enter(site, chromium)

    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await page.wait_for_selector("h1:has-text('Sales')")
    await page.wait_for_load_state("load")  # keys mean something once the page's script has run
    await page.keyboard.press("f")
    await page.keyboard.type("000002")
    await page.locator("#table tbody tr").nth(1).wait_for(state="detached")

    assert "T1/26/000002" in await page.locator("#table").inner_text()


def ask_for_jobs(connection: Connection) -> str:
    """A job that failed with a row left out, and one that goes on; returns the first."""
    failed, _ = (queue.ask_for(connection, TRIM, Asked(company=None, label=LONG_LABEL)) for _ in range(2))
    note = partial(results.note_rows, job_id=failed, rows=[RowResult(7, "Pane", Outcome.REFUSED, "mail.subject")])
    first, second = (queue.claim(connection, [TRIM.name], LEASE) for _ in range(2))
    assert first is not None
    assert second is not None
    queue.step(connection, first, LEASE, note)
    queue.end(connection, first, State.FAILED, "mail.refused", {"address": "anna@example.com", "answer": "550"})
    queue.step(connection, second, LEASE, lambda _: None, Progress(120, 480))
    connection.execute(update(table).values(listed=True))
    return failed


@pytest.mark.parametrize("size", SIZES)
async def test_every_page_serves_everyone_in_both_languages(
    site: HeadOffice, chromium: Browser, axe_source: str, size: tuple[int, int]
) -> None:
    till = await site.busy_till(sales=2)
    image = till.restored_at(3)
    image.sell(lines=2)
    await site.office.push(image)
    sale = orjson.loads(next(one.body for one in till.entries if b'"sale_completed"' in one.header))["sale"]
    job = await site.office.database.write(ask_for_jobs)
    page, complaints = await enter(site, chromium, size)
    paths = ["/", "/sales", f"/sales/{sale}", "/items", f"/items/{site.items[0].id}", "/operators", "/jobs",
             f"/jobs/{job}", "/tills", f"/tills/{till.till}", "/settings", "/settings/vat",
             "/settings/users", "/settings/roles", "/settings/roles?new=1", "/settings/audit", "/account",
             "/account/second-step", "/tender-types", "/receipt-layouts/new", "/suppliers/new", "/reasons",
             "/reasons/new", "/customers", "/customers/new"]  # fmt: skip

    found = []
    for language in ("English", "Italiano"):
        await page.get_by_role("button", name=language).click()
        for path in paths:
            await page.goto(f"{site.address}{path}", wait_until="load")
            await page.evaluate(axe_source)
            report = await page.evaluate("axe.run()")
            found += [(language, path, one["id"], one["nodes"][0]["html"]) for one in report["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((language, path, "wider than the screen", ""))

    assert found == []
    assert complaints == []


@pytest.mark.parametrize("size", SIZES)
async def test_who_saves_rights_is_a_finger_away_from_stopping_somebody(
    site: HeadOffice, chromium: Browser, size: tuple[int, int]
) -> None:
    page, _ = await enter(site, chromium, size)
    await page.goto(f"{site.address}/operators", wait_until="load")
    row = page.locator("td.acts").first
    await row.locator("summary").click()

    save = await row.get_by_role("button", name="Save").bounding_box()
    stop = await row.get_by_role("button", name="Stop").bounding_box()

    assert save
    assert stop
    assert stop["y"] - (save["y"] + save["height"]) >= 8


async def test_on_a_phone_the_table_of_chains_fits(site: HeadOffice, chromium: Browser) -> None:
    till = await site.busy_till(sales=1)
    page, _ = await enter(site, chromium, (390, 844))
    await page.goto(f"{site.address}/tills/{till.till}", wait_until="load")

    wide = "(e) => e.scrollWidth - e.clientWidth"
    assert (
        await page.locator(
            "[aria-labelledby=chains-title] .sheet, .sheet[aria-labelledby=chains-title]"
        ).first.evaluate(wide)
        <= 0
    )
