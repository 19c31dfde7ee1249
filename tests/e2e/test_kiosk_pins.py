"""A PIN that waits because of wrong ones: the page says so, counts, and does not take it for a till that is away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from terminal.services.commands import VoidLine
from terminal.ui.ports import Typing
from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.register import FakeRegister
from tests.fakes.shop import COFFEE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Route

pytestmark = pytest.mark.browser

BANNER = "connection-banner:not([hidden])"


@dataclass
class HeldChecks:
    """Keeps PINs from being looked at until they are let go."""

    waiting: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, route: Route) -> None:
        """Hold a request."""
        self.waiting.put_nowait(route.request.post_data or "")
        await self.open.wait()
        await route.continue_()

    async def next(self) -> str:
        """Return what the next one that is held asked."""
        return await asyncio.wait_for(self.waiting.get(), 20)


@pytest.fixture
async def kiosk(chromium: Browser) -> AsyncIterator[Kiosk]:
    async with open_kiosk(chromium, FakeRegister(pin_wait_s=4)) as kiosk:
        yield kiosk


async def wrong_pin(kiosk: Kiosk) -> None:
    """Choose Anna and type a wrong PIN; the page's time goes on as the test says from now on."""
    await kiosk.page.clock.pause_at(await kiosk.page.evaluate("Date.now() + 5000"))
    await kiosk.tap(".person >> nth=0")
    await kiosk.page.keyboard.type("0000")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees(".strip", "The PIN is not right.")


async def test_after_a_wrong_pin_the_page_says_how_long_the_next_one_waits_and_counts_down(kiosk: Kiosk) -> None:
    await wrong_pin(kiosk)
    await kiosk.sees(".pin-wait", "After a wrong PIN the next one waits. It is looked at in 4 seconds.")

    await kiosk.page.clock.run_for(3250)
    await kiosk.sees(".pin-wait", "looked at in 1 second.")
    assert await kiosk.page.locator("pin-wait [role=status]").text_content() == (
        "After a wrong PIN the next one waits. It is looked at in 4 seconds."
    )
    await kiosk.page.clock.run_for(1000)

    assert await kiosk.page.locator(".pin-wait").text_content() == ""


async def test_a_check_that_waits_is_no_till_that_is_away(kiosk: Kiosk) -> None:
    held = HeldChecks()
    await wrong_pin(kiosk)
    await kiosk.page.route("**/sign-on", held.hold)

    await kiosk.page.keyboard.type("1234")
    await kiosk.page.keyboard.press("Enter")
    await held.next()
    await kiosk.page.clock.run_for(9000)

    await kiosk.sees(".pin-wait", "The PIN is being checked…")
    assert await kiosk.page.locator(BANNER).count() == 0
    held.open.set()
    await kiosk.screen("session")


async def test_a_check_without_any_answer_is_a_till_that_is_away(kiosk: Kiosk) -> None:
    held = HeldChecks()
    await wrong_pin(kiosk)
    await kiosk.page.route("**/sign-on", held.hold)
    await kiosk.page.keyboard.type("1234")
    await kiosk.page.keyboard.press("Enter")
    await held.next()

    await kiosk.page.clock.run_for(16_000)

    await kiosk.sees(BANNER, "The till is not answering.")
    held.open.set()
    await kiosk.screen("session")


async def test_a_reload_does_not_forget_that_the_next_pin_waits(kiosk: Kiosk) -> None:
    await wrong_pin(kiosk)

    await kiosk.page.reload()
    await kiosk.tap(".person >> nth=0")

    await kiosk.sees(".pin-wait", "the next one waits")


async def test_somebody_else_signs_on_while_a_check_waits_and_what_was_refused_stays_to_be_seen(kiosk: Kiosk) -> None:
    await wrong_pin(kiosk)

    await kiosk.tap("[data-key=other]")
    await kiosk.tap(".person >> nth=1")
    assert await kiosk.page.locator(".pin-wait").text_content() == ""
    await kiosk.page.keyboard.type("5678")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.screen("session")

    await kiosk.sees(".strip", "The PIN is not right.")


async def test_nobody_waits_behind_the_pin_of_somebody_else(kiosk: Kiosk) -> None:
    held = HeldChecks()
    await kiosk.page.route("**/sign-on", held.hold)
    await kiosk.tap(".person >> nth=0")
    await kiosk.page.keyboard.type("0000")
    await kiosk.page.keyboard.press("Enter")
    assert "0000" in await held.next()
    await kiosk.tap("[data-key=other]")
    await kiosk.tap(".person >> nth=1")

    await kiosk.page.keyboard.type("5678")
    await kiosk.page.keyboard.press("Enter")

    assert "5678" in await held.next()
    held.open.set()
    await kiosk.screen("session")


async def test_an_approval_says_it_as_well(chromium: Browser) -> None:
    register = FakeRegister(pin_wait_s=2).sign_on()
    async with open_kiosk(chromium, register) as kiosk:
        register.needs = {VoidLine: "void"}
        register.scan(COFFEE)
        await kiosk.tap(".line")
        await kiosk.tap("[data-key=remove]")
        await kiosk.page.locator("dialog[open] number-pad").wait_for()

        await kiosk.page.keyboard.type("9999")
        await kiosk.page.keyboard.press("Enter")

        await kiosk.sees("dialog[open] .pin-wait", "After a wrong PIN the next one waits.")


@pytest.mark.parametrize("typing", [Typing(), Typing("rhythm")], ids=["device", "rhythm"])
@pytest.mark.parametrize("pin", ["1234", "120987654321"], ids=len)
async def test_a_pin_of_any_length_is_typed_on_a_keyboard(chromium: Browser, pin: str, typing: Typing) -> None:
    async with open_kiosk(chromium, FakeRegister(), typing=typing) as kiosk:
        held = HeldChecks()
        await kiosk.page.route("**/api/v1/sign-on", held.hold)
        await kiosk.tap(".person >> nth=0")

        await kiosk.page.keyboard.type(pin, delay=60)
        await kiosk.page.keyboard.press("Enter")

        assert json.loads(await held.next())["pin"] == pin
        held.open.set()
