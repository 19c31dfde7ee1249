"""What is heard without looking: a code that was sold sounds high, one that was not sounds low."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from terminal.services.state import Notice
from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.register import FakeRegister
from tests.fakes.shop import COFFEE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

pytestmark = pytest.mark.browser

GOOD, BAD = [1320], [220, 165]
LOUDSPEAKER = """
window.heard = []
window.AudioContext = class {
  currentTime = 0
  state = "running"
  destination = {}
  createOscillator() {
    const frequency = { value: 0 }
    return { frequency, connect: (to) => to, start: () => window.heard.push(frequency.value), stop: () => {} }
  }
  createGain() {
    return { gain: { setValueAtTime: () => {}, exponentialRampToValueAtTime: () => {} }, connect: (to) => to }
  }
}
"""


@pytest.fixture
async def kiosk(chromium: Browser) -> AsyncIterator[Kiosk]:
    async with open_kiosk(chromium, FakeRegister().sign_on(), start=with_loudspeaker) as kiosk:
        yield kiosk


async def with_loudspeaker(kiosk: Kiosk) -> None:
    await kiosk.page.add_init_script(LOUDSPEAKER)
    await kiosk.start()


async def hears(kiosk: Kiosk, tones: list[int]) -> None:
    """Wait until exactly these tones were begun, in order."""
    await kiosk.page.wait_for_function("tones => window.heard.join() === tones.join()", arg=tones, timeout=5000)


async def test_a_good_scan_sounds_high(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await hears(kiosk, GOOD)


async def test_an_unknown_code_sounds_low(kiosk: Kiosk) -> None:
    kiosk.register.scan("4711")

    await hears(kiosk, BAD)


async def test_a_code_that_was_not_read_for_certain_sounds_low_and_shows(kiosk: Kiosk) -> None:
    values = {"device": "Scanner", "reason": "lost"}
    doubt = Notice(7, "scan.doubtful", values, "2026-11-23T17:42:07.000000Z", of_scan=True)

    kiosk.register.show(notices=(doubt,))

    await hears(kiosk, BAD)
    await kiosk.sees(".strip", "A code was not read for certain.")
