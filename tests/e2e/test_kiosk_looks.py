from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from terminal.devices.protocols import Availability, DeviceState
from terminal.services.commands import AddCode, AddTender, CloseSession, VoidLine
from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.register import FakeRegister
from tests.fakes.shop import BREAD, COFFEE, NO_PRICE, TWIN_CODE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

pytestmark = pytest.mark.browser

SIZES = {"small": (1024, 600), "wide": (1280, 800), "phone": (390, 844)}
TOO_SMALL = """() => [...document.querySelectorAll("button, input, a")]
    .filter(e => e.checkVisibility()).map(e => [e, e.getBoundingClientRect()])
    .filter(([e, r]) => Math.min(r.width, r.height) < 44 && getComputedStyle(e, "::after").position !== "absolute")
    .map(([e, r]) => `${e.textContent} ${r.width}x${r.height}`)"""
SPILLED = """() => [...document.querySelectorAll("button, .done-figure")]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth).map(e => e.textContent)"""
PLACES = """() => [...document.querySelectorAll("#work button")]
    .map(e => [e.textContent, e.getBoundingClientRect().x, e.getBoundingClientRect().y])"""
OUT_OF_SIGHT = "() => document.documentElement.scrollWidth - innerWidth"


async def screens(kiosk: Kiosk) -> AsyncIterator[str]:
    """Walk through every screen and panel of the page."""
    register, keys = kiosk.register, kiosk.page.keyboard
    yield "sign-on"
    await kiosk.tap(".person >> nth=0")
    await keys.type("1234")
    yield "pin"
    await keys.press("Enter")
    await kiosk.screen("session")
    yield "session"
    await kiosk.tap("[data-key=send]")
    await kiosk.screen("selling")
    yield "empty"
    for code in (COFFEE, BREAD, "4711", "4712"):
        register.scan(code)
    await kiosk.page.locator(".strip").nth(1).wait_for()
    yield "selling with a notice"
    await keys.press("F2")
    await keys.type("a")
    await kiosk.page.locator(".item").first.wait_for()
    yield "found"
    await kiosk.tap(".line >> nth=0")
    yield "line"
    for panel, key in (("menu", "F10"), ("keys", "?"), ("receipt", "F4"), ("paying", "F8")):
        await keys.press("Escape")
        await keys.press(key)
        yield panel
    await keys.press("Escape")
    await kiosk.tap("[data-key=void]")
    yield "void"
    await keys.press("Escape")
    register.needs = {VoidLine: "void"}
    await kiosk.tap(".line >> nth=0")
    await kiosk.tap("[data-key=remove]")
    await kiosk.page.locator("dialog[open] number-pad").wait_for()
    yield "approval"
    await keys.press("Escape")
    await keys.press("Escape")
    for code, panel in ((TWIN_CODE, "candidates"), (NO_PRICE, "price")):
        register.show(notices=())
        register.scan(code)
        await kiosk.page.locator("item-choice, price-ask").wait_for()
        yield panel
    await register.submit(AddTender("a", register.state.basket.sale, "cash", 566, 200))  # type: ignore[union-attr]
    await kiosk.screen("paying")
    yield "given"
    register.print_state, register.print_reason = "failed", "printer.paper_out"
    kiosk.around.devices = (DeviceState("p", "receipt_printer", Availability.GONE, "link.lost"),)
    await register.submit(AddTender("b", register.state.basket.sale, "cash", 366, 500))  # type: ignore[union-attr]
    await kiosk.screen("done")
    yield "done with a print in doubt"
    await register.submit(CloseSession("c", 100))
    await kiosk.sees("z-report", "Z 12")
    yield "closed"


@pytest.mark.parametrize(("locale", "look"), [("en-GB", "light"), ("it-IT", "dark")])
async def test_no_screen_shuts_anyone_out(chromium: Browser, axe_source: str, locale: str, look: str) -> None:
    async with open_kiosk(chromium, FakeRegister(), locale=locale, color_scheme=look) as kiosk:
        found = {name: await kiosk.violations(axe_source) async for name in screens(kiosk)}

    assert len(found) == 18
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("size", SIZES)
async def test_everything_fits_and_can_be_hit(chromium: Browser, size: str) -> None:
    async with open_kiosk(chromium, FakeRegister(), size=SIZES[size], locale="it-IT") as kiosk:
        faults = {}
        async for name in screens(kiosk):
            beyond = await kiosk.page.evaluate(OUT_OF_SIGHT)
            small = await kiosk.page.evaluate(TOO_SMALL)
            if beyond > 0 or small:
                faults[name] = (beyond, small)

    assert faults == {}


async def test_paying_needs_no_scrolling_on_the_smallest_till(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister().sign_on(), locale="it-IT") as kiosk:
        kiosk.register.scan(COFFEE)
        await kiosk.tap(".pay")
        hidden = await kiosk.page.locator("#panel").evaluate("e => e.scrollHeight - e.clientHeight")

    assert hidden <= 0


async def test_the_newest_of_many_lines_is_in_view(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister().sign_on()) as kiosk:
        for _ in range(40):
            kiosk.register.scan(COFFEE)
        newest = kiosk.page.locator(".line[data-newest]")
        await kiosk.page.locator(".line").nth(39).wait_for()

        box = await newest.bounding_box()
        frame = await kiosk.page.locator("sale-lines").bounding_box()

    assert box is not None
    assert frame is not None
    assert box["y"] + box["height"] <= frame["y"] + frame["height"] + 1


async def test_nothing_moves_under_the_thumb_when_something_is_to_be_looked_at(chromium: Browser) -> None:
    register = FakeRegister().sign_on()
    async with open_kiosk(chromium, register) as kiosk:
        for _ in range(20):
            register.scan(COFFEE)
        await kiosk.tap(".pay")
        await kiosk.page.locator(".exact").wait_for()
        before = await kiosk.page.evaluate(PLACES)

        register.scan("4711")
        await kiosk.page.locator(".strip").wait_for()
        noticed = await kiosk.page.evaluate(PLACES)
        await kiosk.stop()
        await kiosk.page.locator("connection-banner:not([hidden])").wait_for()

        assert len(before) > 10
        assert noticed == before
        assert await kiosk.page.evaluate(PLACES) == before
        newest = await kiosk.page.locator(".line[data-newest]").bounding_box()
        strip = await kiosk.page.locator(".strip").bounding_box()
    assert newest is not None
    assert strip is not None
    assert newest["y"] + newest["height"] <= strip["y"] + 1


async def test_new_paper_appears_by_itself(chromium: Browser, axe_source: str) -> None:
    async with open_kiosk(chromium, FakeRegister()) as kiosk:
        await kiosk.page.goto(f"http://127.0.0.1:{kiosk.port}/paper?lang=en")
        await kiosk.sees("main", "Nothing was printed yet.")

        kiosk.paper.jobs[1] = b"the first receipt"

        await kiosk.sees(".paper", "the first receipt")
        assert await kiosk.violations(axe_source) == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_large_amount_stays_on_its_button_and_on_the_screen(chromium: Browser, size: str) -> None:
    register = FakeRegister().sign_on()
    async with open_kiosk(chromium, register, size=SIZES[size], locale="it-IT") as kiosk:
        await register.submit(AddCode("a", COFFEE, Decimal(99_999)))
        await kiosk.page.locator(".pay strong").wait_for()
        assert await kiosk.page.evaluate(SPILLED) == []
        await kiosk.tap(".pay")
        await kiosk.page.locator(".exact").wait_for()
        assert await kiosk.page.evaluate(SPILLED) == []
        sale = register.state.basket
        assert sale is not None
        await register.submit(AddTender("b", sale.sale, "cash", sale.total, 10**11))
        await kiosk.screen("done")
        assert await kiosk.page.evaluate(SPILLED) == []
        assert await kiosk.page.evaluate(OUT_OF_SIGHT) <= 0
