"""Signing in with a code, sessions and the record of changes in a real browser: by keyboard alone, for everyone."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.app import KINDS
from central.db.engine import open_database
from central.db.migrate import migrate
from central.identity import second_steps
from central.identity.attempts import Visit
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import sign_in
from central.kit.proposals import Edit, Proposal
from central.kit.service import save
from central.registry.reasons import REASONS, Reason
from tests.central.head_office import PASSWORD, HeadOffice, open_head_office
from tests.central.identity.stepping import Phone
from tests.central.office import open_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Locator, Page

pytestmark = pytest.mark.browser
SIZES = [(1280, 800), (768, 1024), (390, 844)]
MOST_TABS = 120


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HeadOffice]:
    database = open_database(f"sqlite:///{tmp_path / 'central.db'}")
    await migrate(database)
    head_office, runner = await open_head_office(await open_office(database, tmp_path), tmp_path)
    yield head_office
    await runner.cleanup()
    await database.close()


@pytest.fixture(params=SIZES, ids=["desk", "tablet", "phone"])
async def context(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[BrowserContext]:
    width, height = request.param
    made = await chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    yield made
    await made.close()


async def tab_to(page: Page, wanted: Locator) -> None:
    """Go there by keyboard."""
    for _ in range(MOST_TABS):
        if await wanted.evaluate("(e) => e === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {wanted}")


async def press(page: Page, wanted: Locator) -> None:
    """Go to a button or link and press Enter."""
    await tab_to(page, wanted)
    await page.keyboard.press("Enter")


async def give_password(site: HeadOffice, page: Page, name: str = "anna") -> None:
    """Name and password; the focus stands where one types."""
    await page.goto(f"{site.address}/sign-in", wait_until="load")
    await page.keyboard.type(name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")


async def check(page: Page, axe_source: str) -> None:
    """Nothing that axe minds, nothing cut off."""
    await page.wait_for_load_state("load")
    await page.evaluate(axe_source)
    report = await page.evaluate("axe.run()")
    found = [(one["id"], one["nodes"][0]["html"]) for one in report["violations"]]
    assert (found, await page.evaluate("document.documentElement.scrollWidth > innerWidth")) == ([], False)


async def phone_of(page: Page) -> Phone:
    return Phone((await page.locator("code.secret").inner_text()).replace(" ", ""))


async def set_up(site: HeadOffice, page: Page) -> tuple[Phone, list[str]]:
    """Set a second step up under one's account, by keyboard."""
    await page.goto(f"{site.address}/account", wait_until="load")
    await press(page, page.get_by_role("link", name="Set up"))
    await tab_to(page, page.get_by_label("Your password", exact=True))
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator("svg.qr").wait_for()
    phone = await phone_of(page)
    await tab_to(page, page.get_by_label("Code from your app"))
    await page.keyboard.type(phone.code(site.office.clock()))
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    made = await page.locator(".recovery-codes code").all_inner_texts()
    site.office.clock.advance(seconds=60)
    return phone, made


async def sign_out(page: Page) -> None:
    await press(page, page.locator("header summary"))
    await press(page, page.get_by_role("button", name="Sign out"))
    await page.get_by_role("heading", name="Sign in to head office").wait_for()


async def test_it_is_set_up_with_the_picture_and_signs_in_by_keyboard(
    site: HeadOffice, context: BrowserContext, axe_source: str
) -> None:
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    phone, made = await set_up(site, page)
    assert len(made) == 10
    await check(page, axe_source)
    await sign_out(page)

    await give_password(site, page)
    await page.get_by_role("heading", name="One more step").wait_for()
    await check(page, axe_source)
    await page.keyboard.type(phone.code(site.office.clock()))
    await page.keyboard.press("Enter")

    await page.wait_for_selector("h1:has-text('Today')")
    assert complaints == []


async def test_the_picture_says_the_key_and_is_drawn(
    site: HeadOffice, context: BrowserContext, axe_source: str
) -> None:
    page = await context.new_page()
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    await page.goto(f"{site.address}/account/second-step", wait_until="load")
    await tab_to(page, page.get_by_label("Your password", exact=True))
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    picture = page.locator("svg.qr")
    await picture.wait_for()

    box = await picture.bounding_box()
    assert box
    assert box["width"] >= 150
    await check(page, axe_source)


async def test_a_recovery_code_lets_in_by_keyboard_and_a_wrong_one_stays_to_be_mended(
    site: HeadOffice, context: BrowserContext, axe_source: str
) -> None:
    page = await context.new_page()
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    _, made = await set_up(site, page)
    await sign_out(page)
    await give_password(site, page)
    await press(page, page.get_by_text("I have no phone at hand"))
    field = page.get_by_label("Recovery code", exact=True)
    await tab_to(page, field)
    await page.keyboard.type(made[0][:-1] + ("2" if made[0][-1] != "2" else "3"))
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await check(page, axe_source)
    assert await field.evaluate("(e) => e === document.activeElement")

    await page.keyboard.press("End")
    await page.keyboard.press("Backspace")
    await page.keyboard.type(made[0][-1])
    await page.keyboard.press("Enter")

    await page.wait_for_selector("h1:has-text('Today')")


@pytest.mark.parametrize("language", ["English", "Italiano"])
async def test_who_must_have_a_code_is_led_through_it_in_both_languages(
    site: HeadOffice, context: BrowserContext, axe_source: str, language: str
) -> None:
    await site.user("vera", Role.VIEWER)
    rule = partial(second_steps.require_of_role, actor=COMMAND_LINE, at=site.office.clock(), role=Role.VIEWER)
    await site.office.database.write(partial(rule, needed=True))
    page = await context.new_page()
    await give_password(site, page, "vera")
    await page.locator("svg.qr").wait_for()
    await press(page, page.get_by_role("button", name=language))
    await page.locator(f"html[lang={'en' if language == 'English' else 'it'}]").wait_for()
    await check(page, axe_source)

    await tab_to(page, page.locator("input[name=code]"))
    await page.keyboard.type((await phone_of(page)).code(site.office.clock()))
    await page.keyboard.press("Enter")
    await page.locator(".recovery-codes").wait_for()
    await check(page, axe_source)
    await press(page, page.locator(".recovery-codes + p a"))

    await page.wait_for_url(re.compile(r"//[^/]+/$"))


async def test_a_session_is_ended_by_keyboard(site: HeadOffice, context: BrowserContext, axe_source: str) -> None:
    page = await context.new_page()
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    visit = Visit("10.1.2.3", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    await sign_in(site.office.database, "anna", PASSWORD, visit, site.office.clock())
    await page.goto(f"{site.address}/account", wait_until="load")
    end = page.get_by_role("button", name="End this session: Firefox on Linux, 10.1.2.3")

    await press(page, end)

    await end.wait_for(state="detached")
    assert await page.get_by_text("this one").is_visible()
    await check(page, axe_source)


async def test_who_manages_people_takes_a_code_away_and_asks_for_codes_by_keyboard(
    site: HeadOffice, context: BrowserContext, axe_source: str
) -> None:
    await site.user("vera", Role.VIEWER)
    page = await context.new_page()
    await give_password(site, page, "vera")
    await page.wait_for_selector("h1:has-text('Today')")
    await set_up(site, page)
    await sign_out(page)
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    await page.goto(f"{site.address}/settings/users", wait_until="load")
    await check(page, axe_source)

    await press(page, page.get_by_text("Phone lost?"))
    take = page.get_by_role("button", name="Take the code of Vera away")
    await press(page, take)
    await take.wait_for(state="detached")
    await press(page, page.get_by_role("button", name="Ask for a code: Prova s.r.l."))

    await page.get_by_role("button", name="No longer ask for a code: Prova s.r.l.").wait_for()


async def test_the_record_of_changes_is_searched_for_what_a_declared_kind_did(
    site: HeadOffice, context: BrowserContext, axe_source: str
) -> None:
    edit = Edit(COMMAND_LINE, site.office.company, site.office.clock(), KINDS)
    card = Proposal(Reason(code="R1", names={"it": "Rotto", "en": "Broken"}))
    await site.office.database.write(partial(save, kind=REASONS, edit=edit, proposals=[card]))
    page = await context.new_page()
    await give_password(site, page)
    await page.wait_for_selector("h1:has-text('Today')")
    await page.goto(f"{site.address}/settings/audit", wait_until="load")

    what = page.get_by_label("What", exact=True)
    await tab_to(page, what)
    for _ in range(200):
        if await what.input_value() == "reason.added":
            break
        await page.keyboard.press("ArrowDown")
    await press(page, page.locator("form.filters button"))

    await page.wait_for_url(re.compile(r"action=reason\.added"))
    rows = page.locator("tbody tr:not(.day)")
    assert await rows.count() == 1
    assert "R1" in await rows.inner_text()
    await check(page, axe_source)
