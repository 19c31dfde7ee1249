"""The layer while a card reader is asked: what it says, what can be done, and that it is there wherever the view is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from commerce.kinds import TenderState
from terminal.devices.protocols import Scan
from terminal.services.commands import SignOff
from terminal.services.scans import take_scan
from terminal.services.state import Screen
from tests.e2e.card_kiosk import CardKiosk, open_card_kiosk
from tests.e2e.test_kiosk_looks import OUT_OF_SIGHT, SIZES, SPILLED, TOO_SMALL
from tests.fakes.shop import NOW
from tests.terminal.shop import BREAD, PIN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.e2e.kiosk import Kiosk

pytestmark = pytest.mark.browser

FOCUSED = "document.activeElement.dataset.key ?? document.activeElement.localName"
LAYER = "dialog[open]"


@pytest.fixture
async def cards(chromium: Browser, tmp_path: Path) -> AsyncIterator[CardKiosk]:
    async with open_card_kiosk(chromium, tmp_path) as cards:
        yield cards


async def gone(kiosk: Kiosk) -> None:
    """Wait until nothing is in the layer."""
    await kiosk.page.locator(LAYER).wait_for(state="detached")


async def decide(cards: CardKiosk, key: str) -> None:
    """Say what the reader did, and that one is sure."""
    await cards.kiosk.tap(f"{LAYER} [data-key={key}]")
    await cards.kiosk.tap(f"{LAYER} sure-ask [data-key=yes]")


async def test_while_the_reader_is_asked_the_layer_says_so_and_when_it_approves_the_sale_completes(
    cards: CardKiosk,
) -> None:
    kiosk = cards.kiosk

    await cards.pay_by_card()
    await kiosk.sees(f"{LAYER} .card-amount", "€3.49")
    await kiosk.sees(f"{LAYER} [role=status]", "Present the card to the reader")
    assert await kiosk.page.locator(f"{LAYER} .card-buttons button").count() == 0
    cards.reader.does("approve")

    await kiosk.screen("done")
    await gone(kiosk)
    assert await kiosk.page.evaluate("document.activeElement !== document.body")
    assert kiosk.taps == 2


async def test_escape_decides_nothing_about_money(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    await cards.kiosk.sees(LAYER, "Present the card")

    for _ in range(3):
        await cards.kiosk.page.keyboard.press("Escape")

    await cards.kiosk.sees(LAYER, "Present the card")
    basket = cards.till.state.basket
    assert basket is not None
    assert [tender.state for tender in basket.tenders] == [TenderState.PENDING]
    cards.reader.does("approve")
    await cards.kiosk.screen("done")


async def test_money_that_is_not_there_never_looks_as_if_it_were(cards: CardKiosk) -> None:
    page = cards.kiosk.page

    await cards.pay_by_card()
    await cards.kiosk.sees("pay-panel .awaited", "waiting for the card")
    await cards.kiosk.sees(LAYER, "Present the card")

    assert await page.locator(".pay-figure strong").text_content() == "€3.49"
    assert await page.locator(".pay-given > span").text_content() == "Given €0.00"
    assert await page.locator("pay-panel .awaited").text_content() == "card €3.49 waiting for the card"
    assert await page.locator("pay-panel [data-key=complete]").count() == 0
    cards.reader.does("decline")
    await cards.kiosk.sees("pay-panel .awaited", "declined")


async def test_a_declined_card_is_tried_again(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    cards.reader.does("decline")
    await cards.kiosk.sees(f"{LAYER} h2", "Declined")

    await cards.kiosk.tap(f"{LAYER} [data-key=retry]")
    await cards.kiosk.sees(LAYER, "Present the card")
    cards.reader.does("decline")
    await cards.kiosk.sees(f"{LAYER} h2", "Declined")
    await cards.kiosk.page.keyboard.press("F9")
    await cards.kiosk.sees(LAYER, "Present the card")
    cards.reader.does("approve")

    await cards.kiosk.screen("done")
    assert [what for what, _ in cards.reader.asked] == ["pay"] * 3


async def test_after_a_declined_card_the_customer_pays_otherwise(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    cards.reader.does("decline")

    await cards.kiosk.tap(f"{LAYER} [data-key=void]")
    await gone(cards.kiosk)
    await cards.kiosk.sees(".pay-figure strong", "€3.49")
    assert await cards.kiosk.page.evaluate("document.getElementById('work').contains(document.activeElement)")
    await cards.kiosk.tap(".exact")

    await cards.kiosk.screen("done")


async def test_a_person_is_asked_twice_before_their_word_counts_and_back_leads_back(cards: CardKiosk) -> None:
    keys = cards.kiosk.page.keyboard
    await cards.pay_by_card()
    cards.reader.does("lost")
    await cards.kiosk.sees(f"{LAYER} [role=status]", "It is not known whether the money was taken.")
    await cards.kiosk.sees(LAYER, "by itself")

    await cards.kiosk.page.locator(f"{LAYER} [data-key=confirm]").focus()
    await keys.press("Enter")
    await cards.kiosk.sees(f"{LAYER} sure-ask", "€3.49 was taken")
    await keys.press("Escape")
    await cards.kiosk.sees(f"{LAYER} h2", "Outcome unknown")
    assert await cards.kiosk.page.evaluate(FOCUSED) == "confirm"
    assert cards.till.state.screen is Screen.PAYING
    await decide(cards, "confirm")

    await cards.kiosk.screen("done")
    await gone(cards.kiosk)


async def test_that_it_was_not_paid_lets_it_be_asked_again(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    cards.reader.does("lost")

    await decide(cards, "deny")

    await cards.kiosk.sees(f"{LAYER} h2", "Not paid")
    await cards.kiosk.sees(LAYER, "Somebody said what the card reader did.")


async def test_who_may_not_decide_has_it_approved_over_the_very_same_layer(cards: CardKiosk) -> None:
    kiosk, keys = cards.kiosk, cards.kiosk.page.keyboard
    await cards.act_as_carlo()
    await cards.pay_by_card()
    cards.reader.does("lost")

    await decide(cards, "confirm")
    await kiosk.sees(f"{LAYER} approval-ask h2", "Approval · It was paid")
    await keys.press("Escape")
    await kiosk.sees(f"{LAYER} h2", "Outcome unknown")
    assert await kiosk.page.evaluate(FOCUSED) == "confirm"
    assert cards.till.state.screen is Screen.PAYING
    await decide(cards, "confirm")
    await kiosk.tap(f"{LAYER} .person >> nth=0")
    await keys.type(PIN)
    await keys.press("Enter")

    await kiosk.screen("done")
    await gone(kiosk)


async def test_when_the_reader_knows_meanwhile_nobody_is_asked_any_more(cards: CardKiosk) -> None:
    await cards.act_as_carlo()
    await cards.pay_by_card()
    cards.reader.does("lost")
    await decide(cards, "deny")
    await cards.kiosk.sees(f"{LAYER} approval-ask", "Approval")

    cards.reader.knows = True

    await cards.kiosk.screen("done")
    await gone(cards.kiosk)


async def test_the_layer_stands_again_after_a_reload_and_on_a_second_page(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    await cards.kiosk.sees(LAYER, "Present the card")

    await cards.kiosk.page.reload()
    await cards.kiosk.sees(LAYER, "Present the card")
    second = await cards.kiosk.page.context.new_page()
    await second.goto(cards.kiosk.page.url)
    await second.locator(LAYER, has_text="Present the card").wait_for()
    cards.reader.does("decline")
    await second.locator(LAYER, has_text="Declined").wait_for()
    await cards.kiosk.sees(LAYER, "Declined")
    await second.locator(f"{LAYER} [data-key=void]").click()

    await gone(cards.kiosk)
    await second.locator(LAYER).wait_for(state="detached")


async def test_after_the_till_was_killed_the_layer_says_that_nobody_knows(cards: CardKiosk) -> None:
    await cards.pay_by_card()
    await cards.kiosk.sees(LAYER, "Present the card")

    await cards.stop()
    await cards.kiosk.sees(f"{LAYER} .layer-away", "The till is not answering.")
    await cards.start()

    await cards.kiosk.sees(f"{LAYER} h2", "Outcome unknown")
    cards.reader.knows = True
    await cards.kiosk.screen("done")
    assert [what for what, _ in cards.reader.asked] == ["pay"]


async def test_what_is_scanned_meanwhile_is_named_in_the_layer_and_presses_nothing(cards: CardKiosk) -> None:
    keys = cards.kiosk.page.keyboard
    await cards.pay_by_card()
    cards.reader.does("lost")
    await cards.kiosk.page.locator(f"{LAYER} [data-key=confirm]").focus()

    await keys.type(BREAD)
    await keys.press("Enter")

    await cards.kiosk.sees(f"{LAYER} .strip", f"{BREAD} was not added: the sale is being paid.")
    assert await cards.kiosk.page.locator("sure-ask").count() == 0
    await cards.kiosk.tap(f"{LAYER} .strip .button")
    await cards.kiosk.page.locator(".strip").first.wait_for(state="detached")


async def test_the_key_for_cards_asks_the_reader_for_what_was_typed_and_books_no_card_by_hand(cards: CardKiosk) -> None:
    page = cards.kiosk.page
    await cards.also_by_hand()
    await cards.till.scan(BREAD)
    await cards.kiosk.tap(".pay")
    await page.locator("[data-key=type-hand]").wait_for()

    await page.keyboard.type("100")
    await page.keyboard.press("F9")

    await cards.kiosk.sees(f"{LAYER} .card-amount", "€1.00")
    await cards.kiosk.sees(LAYER, "Present the card")


async def test_what_is_to_be_done_first_is_said_under_the_card_by_hand_alone(cards: CardKiosk) -> None:
    await cards.also_by_hand()
    await cards.till.scan(BREAD)
    await cards.kiosk.tap(".pay")

    hint = cards.kiosk.page.locator("[data-key=type-hand] + p")
    assert "first" in (await hint.text_content(timeout=5000) or "")
    assert await cards.kiosk.page.locator("[data-key=type-card] + p").count() == 0


async def test_the_keys_are_listed_while_something_is_paid_already(cards: CardKiosk, axe_source: str) -> None:
    kiosk = cards.kiosk
    await cards.till.scan(BREAD)
    await kiosk.tap(".pay")
    await kiosk.page.keyboard.type("100")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees(".given", "€1.00")

    await kiosk.page.keyboard.press("F1")
    await kiosk.sees("key-list", "Card, while paying")
    assert not await kiosk.page.locator("action-bar").is_visible()
    await kiosk.page.keyboard.press("Escape")

    await kiosk.sees("pay-panel .given", "€1.00")
    assert await kiosk.violations(axe_source) == []


async def test_money_that_a_reader_took_is_given_back_after_a_question(cards: CardKiosk, axe_source: str) -> None:
    kiosk = cards.kiosk
    await cards.till.scan(BREAD)
    await kiosk.tap(".pay")
    await kiosk.page.keyboard.type("100")
    await kiosk.tap("[data-key=type-card]")
    cards.reader.does("approve")
    await kiosk.sees(".given", "card €1.00")
    await gone(kiosk)

    await kiosk.tap(".given")
    await kiosk.sees(f"{LAYER} sure-ask", "The reader took €1.00 (card).")
    await kiosk.tap(f"{LAYER} [data-key=yes]")
    await kiosk.sees(LAYER, "giving the money back")
    cards.reader.does("lost")
    await kiosk.sees(LAYER, "It is not known whether the money was given back.")
    await decide(cards, "deny")
    await gone(kiosk)
    await kiosk.sees(".given", "not given back")
    assert await kiosk.violations(axe_source) == []
    await kiosk.tap(".given")
    await kiosk.tap(f"{LAYER} [data-key=yes]")
    cards.reader.does("approve")

    await kiosk.page.locator(".given").wait_for(state="detached")
    await kiosk.sees(".pay-figure strong", "€")
    assert [what for what, _ in cards.reader.asked] == ["pay", "reverse", "reverse"]


@pytest.mark.parametrize("size", SIZES)
async def test_every_step_fits_can_be_hit_and_shuts_nobody_out(
    chromium: Browser, tmp_path: Path, axe_source: str, size: str
) -> None:
    look = "dark" if size == "wide" else "light"
    faults = {}
    async with open_card_kiosk(chromium, tmp_path, size=SIZES[size], locale="it-IT", color_scheme=look) as cards:
        kiosk = cards.kiosk
        await cards.act_as_carlo()

        async def look_at(step: str) -> None:
            beyond, small, spilled = [await kiosk.page.evaluate(s) for s in (OUT_OF_SIGHT, TOO_SMALL, SPILLED)]
            high = await kiosk.page.locator("dialog").evaluate("e => e.scrollHeight - e.clientHeight")
            found = await kiosk.violations(axe_source)
            if beyond > 0 or small or spilled or high > 0 or found:
                faults[step] = (beyond, small, spilled, high, found)

        await cards.pay_by_card()
        await kiosk.page.locator("card-progress[data-step=asking]").wait_for()
        await look_at("asking")
        cards.reader.does("decline")
        await kiosk.page.locator("card-progress[data-step=declined]").wait_for()
        await look_at("declined")
        await kiosk.tap("[data-key=retry]")
        cards.reader.does("lost")
        await kiosk.page.locator("card-progress[data-step=unknown]").wait_for()
        await look_at("unknown")
        await take_scan(cards.till.register, Scan("scanner", 1, BREAD, NOW))
        await kiosk.page.locator(f"{LAYER} .strip").wait_for()
        await look_at("scanned")
        await kiosk.tap("[data-key=confirm]")
        await kiosk.page.locator("sure-ask").wait_for()
        await look_at("sure")

    assert faults == {}


async def test_a_code_scanned_where_a_pin_is_typed_is_named_and_is_no_pin(cards: CardKiosk) -> None:
    await cards.till.submit(SignOff(new_id()))
    await cards.kiosk.tap(".person >> nth=0")

    await cards.kiosk.page.keyboard.type(BREAD)
    await cards.kiosk.page.keyboard.press("Enter")

    await cards.kiosk.sees(".strip", f"{BREAD} was not added: nobody is signed on.")
    assert [notice.code for notice in cards.till.state.notices] == ["operator.none"]
    assert await cards.kiosk.page.locator("number-pad[data-typed]").count() == 0
