from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from terminal.services.commands import AddTender, CloseSession, PrintAgain, VoidLine
from terminal.services.state import Screen
from terminal.ui.ports import Typing
from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.register import FakeRegister
from tests.fakes.shop import BREAD, BRUNO, COFFEE, NO_PRICE, TWIN_CODE, TWINS_WITHOUT_PRICE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Route

pytestmark = pytest.mark.browser


@pytest.fixture
async def kiosk(chromium: Browser) -> AsyncIterator[Kiosk]:
    async with open_kiosk(chromium, FakeRegister().sign_on()) as kiosk:
        yield kiosk


async def test_a_scan_becomes_a_line_with_its_total(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.sees(".line[data-newest]", "Ground coffee 250 g")
    await kiosk.sees("sale-totals strong", "€3.49")
    await kiosk.sees("live-words", "Ground coffee 250 g 3.49. Total €3.49")


async def test_exact_cash_takes_two_taps_and_shows_that_it_is_paid(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.tap(".pay")
    await kiosk.tap(".exact")

    await kiosk.screen("done")
    await kiosk.sees(".done-figure", "€3.49")
    assert kiosk.taps == 2


async def test_a_note_takes_two_taps_and_the_change_fills_the_screen(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.tap(".pay")
    await kiosk.tap("[data-key=note-500]")

    await kiosk.sees(".done-label", "Change")
    await kiosk.sees(".done-figure", "€1.51")
    await kiosk.sees(".done-receipt", kiosk.register.receipts[0].document.formatted)
    await kiosk.sees(".done-receipt", "Printed")
    assert kiosk.taps == 2
    height = await kiosk.page.locator(".done-figure").evaluate("e => e.getBoundingClientRect().height")
    assert height > 100


async def test_a_card_takes_two_taps(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.tap(".pay")
    await kiosk.tap("[data-key=type-card]")

    await kiosk.screen("done")
    assert kiosk.taps == 2
    assert kiosk.register.receipts[0].tenders[0].type == "card"


async def test_the_next_scan_starts_the_next_sale_by_itself(kiosk: Kiosk) -> None:
    await sell(kiosk)

    kiosk.register.scan(BREAD)

    await kiosk.screen("selling")
    await kiosk.sees(".line", "Farmhouse bread")


async def test_next_customer_leaves_the_change(kiosk: Kiosk) -> None:
    await sell(kiosk)

    await kiosk.tap("[data-key=next]")

    await kiosk.screen("selling")
    await kiosk.sees(".lines-empty-title", "Ready for the next customer")


async def test_the_last_receipt_again_takes_two_taps(kiosk: Kiosk) -> None:
    await sell(kiosk)
    await kiosk.page.keyboard.press("F8")
    await kiosk.screen("selling")

    await kiosk.tap("action-bar [data-key=receipt]")
    await kiosk.tap("last-receipt [data-key=again]")

    await kiosk.page.locator("item-search").wait_for()
    assert kiosk.taps == 2
    assert isinstance(kiosk.register.submitted[-1], PrintAgain)


async def test_a_line_is_voided_with_two_taps(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)
    kiosk.register.scan(BREAD)

    await kiosk.tap(".line >> nth=0")
    await kiosk.tap("[data-key=remove]")

    await kiosk.page.locator(".line", has_text="Ground coffee").wait_for(state="detached")
    assert kiosk.taps == 2


async def test_a_quantity_takes_three_taps(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.tap(".line")
    await kiosk.tap("[data-key=pad-3]")
    await kiosk.tap("[data-key=set]")

    await kiosk.sees("sale-totals strong", "€10.47")
    assert kiosk.taps == 3


async def test_a_tender_can_be_taken_back(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)
    await kiosk.tap(".pay")
    await kiosk.page.keyboard.type("200")
    await kiosk.tap("[data-key=give]")
    await kiosk.sees(".pay-figure strong", "€1.49")

    await kiosk.tap(".given")

    await kiosk.sees(".pay-figure strong", "€3.49")
    assert await kiosk.page.locator("body").get_attribute("data-panel") == "pay"


async def test_a_whole_sale_is_made_by_keyboard_alone(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister()) as kiosk:
        keys = kiosk.page.keyboard
        await kiosk.page.locator(".person").first.focus()
        await keys.press("Enter")
        await keys.type("1234")
        await keys.press("Enter")
        await kiosk.screen("session")
        await keys.type("10000")
        await keys.press("Enter")
        await kiosk.screen("selling")
        await keys.type(COFFEE)
        await keys.press("Enter")
        await kiosk.sees(".line", "Ground coffee")
        await keys.press("F8")
        await keys.type("500")
        await keys.press("Enter")
        await kiosk.screen("done")
        await kiosk.sees(".done-figure", "€1.51")
        await keys.type(BREAD)
        await keys.press("Enter")
        await kiosk.sees(".line", "Farmhouse bread")


async def test_a_code_typed_while_a_button_has_the_focus_does_not_press_it(kiosk: Kiosk) -> None:
    kiosk.register.scan(BREAD)
    await kiosk.tap(".pay")
    await kiosk.page.locator("[data-key=exact]").focus()

    await kiosk.page.keyboard.type(COFFEE)
    await kiosk.page.keyboard.press("Enter")

    await kiosk.sees(".line", "Ground coffee")
    assert kiosk.register.receipts == []


async def test_an_item_is_found_by_words_and_chosen(kiosk: Kiosk) -> None:
    await kiosk.page.keyboard.type("tomat")

    await kiosk.tap(".item")

    await kiosk.sees(".line", "Peeled tomatoes")


async def test_an_unknown_code_stays_until_it_is_understood(kiosk: Kiosk) -> None:
    kiosk.register.scan("4711")
    await kiosk.sees(".strip[data-kind=alarm]", "4711 is not known here. Nothing was added.")

    await kiosk.tap(".strip .button")

    await kiosk.page.locator(".strip").wait_for(state="detached")


async def test_an_unknown_code_goes_with_the_next_good_scan(kiosk: Kiosk) -> None:
    kiosk.register.scan("4711")
    await kiosk.sees(".strip", "4711")

    kiosk.register.scan(COFFEE)

    await kiosk.page.locator(".strip").wait_for(state="detached")


async def test_a_missing_price_is_asked_and_added(kiosk: Kiosk) -> None:
    kiosk.register.scan(NO_PRICE)
    await kiosk.sees("price-ask h2", "Bunch of flowers has no price")

    await kiosk.page.keyboard.type("1250")
    await kiosk.tap("[data-key=price]")

    await kiosk.sees("sale-totals strong", "€12.50")


async def test_an_ambiguous_code_lets_a_person_choose(kiosk: Kiosk) -> None:
    kiosk.register.scan(TWIN_CODE)

    await kiosk.tap(".item >> nth=1")

    await kiosk.sees(".line", "Socks, size L")


async def test_a_chosen_item_without_price_asks_for_it(kiosk: Kiosk) -> None:
    kiosk.register.scan(TWINS_WITHOUT_PRICE)

    await kiosk.tap(".item >> nth=1")
    await kiosk.sees("price-ask h2", "Mint plant")
    await kiosk.page.keyboard.type("250")
    await kiosk.tap("[data-key=price]")

    await kiosk.sees("sale-totals strong", "€2.50")
    assert await kiosk.page.locator(".strip").count() == 0


async def test_a_print_in_doubt_offers_both_ways_out(kiosk: Kiosk) -> None:
    kiosk.register.print_state = "unknown"
    await sell(kiosk)
    await kiosk.sees(".strip[data-kind=print]", "The sale is saved.")
    kiosk.register.print_state = "done"

    await kiosk.tap("[data-key$=-again]")

    await kiosk.page.locator(".strip").wait_for(state="detached")
    assert kiosk.register.state.prints[-1].marker == "REPRINT"


async def test_a_wrong_pin_is_said_and_can_be_typed_again(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister()) as kiosk:
        await kiosk.tap(".person >> nth=0")
        await kiosk.page.keyboard.type("0000")
        await kiosk.page.keyboard.press("Enter")
        await kiosk.sees(".strip", "The PIN is not right.")

        await kiosk.page.keyboard.type("1234")
        await kiosk.page.keyboard.press("Enter")

        await kiosk.screen("session")
        assert await kiosk.page.locator(".strip").count() == 0


async def test_a_session_is_closed_with_its_report(kiosk: Kiosk) -> None:
    await kiosk.tap("[data-key=menu]")
    await kiosk.tap("till-menu [data-key=close]")
    await kiosk.page.keyboard.type("10000")
    await kiosk.tap("[data-key=send]")

    await kiosk.screen("session")
    await kiosk.sees("z-report", "The session is closed")
    await kiosk.sees(".z-verdict", "The drawer is right to the cent.")


async def test_the_language_is_switched_everywhere_and_kept(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)

    await kiosk.tap("[data-key=language-it]")
    await kiosk.sees(".line", "Caffè macinato 250 g")
    await kiosk.sees(".pay", "Paga")
    await kiosk.page.reload()

    await kiosk.sees(".line", "Caffè macinato 250 g")
    assert await kiosk.page.locator("html").get_attribute("lang") == "it"


async def test_without_an_answer_the_very_same_act_is_asked_again_and_nothing_else_is_taken(kiosk: Kiosk) -> None:
    lost = LostAnswers()
    kiosk.register.scan(COFFEE)
    await kiosk.page.route("**/sale/tenders", lost.lose)
    await kiosk.tap(".pay")
    await kiosk.page.keyboard.type("400")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees("connection-banner", "It is not known whether what you tapped last was done")

    await kiosk.screen("done")  # the view came; the answer did not
    await kiosk.tap("[data-key=next]")
    await lost.until(3)
    lost.losing = False
    await kiosk.page.locator("connection-banner[hidden]").wait_for(state="attached")

    assert len(set(lost.bodies)) == 1
    assert [type(act).__name__ for act in kiosk.register.submitted] == ["AddTender"]
    assert kiosk.register.state.screen is Screen.DONE


async def test_what_was_typed_is_kept_and_not_sent_twice_while_the_daemon_is_away(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)
    await kiosk.tap(".pay")
    await kiosk.page.keyboard.type("500")
    await kiosk.stop()
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees("connection-banner", "The till is not answering.")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees(".pad-shown", "€5.00")

    await kiosk.start()

    await kiosk.screen("done")
    await kiosk.page.locator("connection-banner[hidden]").wait_for(state="attached", timeout=8000)
    assert len([act for act in kiosk.register.submitted if isinstance(act, AddTender)]) == 1


async def test_what_one_may_not_do_alone_is_approved_in_the_layer_and_sent_again_as_it_was(kiosk: Kiosk) -> None:
    kiosk.register.needs = {VoidLine: "void"}
    kiosk.register.scan(COFFEE)
    await kiosk.tap(".line")
    await kiosk.tap("[data-key=remove]")
    await kiosk.sees("dialog[open] h2", "Approval · Remove line")

    await kiosk.page.keyboard.type("9999")
    await kiosk.page.keyboard.press("Enter")
    await kiosk.sees(".layer-fault", "The PIN is not right.")
    await kiosk.page.keyboard.type("5678")
    await kiosk.page.keyboard.press("Enter")

    await kiosk.page.locator(".line").wait_for(state="detached")
    await kiosk.page.locator("dialog[open]").wait_for(state="detached")
    sent = [act for act in kiosk.register.submitted if isinstance(act, VoidLine)]
    assert len({act.command_id for act in sent}) == 1
    assert [act.approval.operator if act.approval else None for act in sent] == [None, BRUNO, BRUNO]


async def test_an_approval_that_is_given_up_changes_nothing_and_gives_the_focus_back(kiosk: Kiosk) -> None:
    kiosk.register.needs = {VoidLine: "void"}
    kiosk.register.scan(COFFEE)
    await kiosk.tap(".line")
    await kiosk.tap("[data-key=remove]")
    await kiosk.page.locator("dialog[open] number-pad").wait_for()

    await kiosk.page.keyboard.press("Escape")

    await kiosk.page.locator("dialog[open]").wait_for(state="detached")
    assert await kiosk.page.evaluate("document.activeElement.dataset.key") == "remove"
    assert await kiosk.page.locator(".strip").count() == 0
    assert kiosk.register.state.basket is not None


async def test_a_z_that_would_be_signed_over_a_changed_entry_is_closed_without_it_by_who_may(kiosk: Kiosk) -> None:
    kiosk.register.changed_entry = 7
    kiosk.register.needs = {CloseSession: "unproven"}
    await kiosk.page.keyboard.press("F10")
    await kiosk.tap("till-menu [data-key=close]")
    await kiosk.page.keyboard.type("10000")
    await kiosk.page.keyboard.press("Enter")
    await approve(kiosk)
    await kiosk.sees("dialog[open]", "Entry 7 of this till's ledger was changed on its disk")

    await kiosk.tap("dialog [data-key=yes]")
    await approve(kiosk)

    await kiosk.screen("session")
    last = kiosk.register.submitted[-1]
    assert isinstance(last, CloseSession)
    assert (last.leave_out, last.counted_cash_cents) == (True, 10000)
    assert last.approval is not None
    assert kiosk.register.state.last_z is not None


async def test_panels_are_left_one_by_one_and_the_focus_is_where_it_was(kiosk: Kiosk) -> None:
    keys, focused = kiosk.page.keyboard, "document.activeElement.dataset.key ?? document.activeElement.dataset.line"
    kiosk.register.scan(COFFEE)
    await kiosk.sees(".line", "Ground coffee")
    await kiosk.page.locator("[data-key=menu]").focus()
    await keys.press("Enter")
    await kiosk.page.locator("till-menu [data-key=keys]").focus()
    await keys.press("Enter")
    await kiosk.sees("key-list", "Last receipt")

    await keys.press("Escape")
    await kiosk.page.locator("till-menu").wait_for()
    assert await kiosk.page.evaluate(focused) == "keys"
    await keys.press("Escape")
    await kiosk.page.locator("item-search").wait_for()
    assert await kiosk.page.evaluate(focused) == "menu"

    await keys.press("ArrowDown")
    await keys.press("Enter")
    await kiosk.page.locator("line-actions").wait_for()
    await keys.press("Escape")
    await kiosk.page.locator("item-search").wait_for()
    basket = kiosk.register.state.basket
    assert basket is not None
    assert await kiosk.page.evaluate(focused) == basket.lines[0].id


async def approve(kiosk: Kiosk) -> None:
    """Let Bruno approve what is asked."""
    await kiosk.sees("dialog[open] .pad-label", "PIN of Bruno Conti")
    await kiosk.page.keyboard.type("5678")
    await kiosk.page.keyboard.press("Enter")


async def test_reloading_the_page_changes_nothing(kiosk: Kiosk) -> None:
    kiosk.register.scan(COFFEE)
    await kiosk.sees(".line", "Ground coffee")

    await kiosk.page.reload()

    await kiosk.sees(".line", "Ground coffee")
    assert kiosk.register.state.screen is Screen.SELLING


async def test_keys_are_shown_with_a_question_mark(kiosk: Kiosk) -> None:
    await kiosk.page.keyboard.press("?")
    await kiosk.sees("key-list", "Pay; then exact cash")

    await kiosk.page.keyboard.press("Escape")

    await kiosk.page.locator("item-search").wait_for()


@dataclass
class LostAnswers:
    """Lets requests reach the till and their answers reach nobody, while it is so."""

    losing: bool = True
    bodies: list[str | None] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def lose(self, route: Route) -> None:
        """Carry a request to the till; lose what comes back."""
        self.bodies.append(route.request.post_data)
        self.came.set()
        answer = await route.fetch()
        await (route.abort() if self.losing else route.fulfill(response=answer))

    async def until(self, asked: int) -> None:
        """Wait until the page has asked so often."""
        async with asyncio.timeout(10):
            while len(self.bodies) < asked:
                self.came.clear()
                await self.came.wait()


async def sell(kiosk: Kiosk) -> None:
    """Sell something for cash, with change."""
    kiosk.register.scan(COFFEE)
    basket = kiosk.register.state.basket
    assert basket is not None
    await kiosk.register.submit(AddTender("sell", basket.sale, "cash", 349, 500))
    await kiosk.screen("done")


async def ask_a_price(kiosk: Kiosk) -> None:
    kiosk.register.scan(NO_PRICE)
    await kiosk.sees("price-ask h2", "Bunch of flowers has no price")


async def test_where_scanners_are_devices_everything_typed_is_typing(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister().sign_on(), typing=Typing("device")) as kiosk:
        await ask_a_price(kiosk)

        await kiosk.page.keyboard.type("123456789")
        await kiosk.tap("[data-key=price]")

        await kiosk.sees("sale-totals strong", "€1,234,567.89")


async def test_an_amount_may_be_typed_with_its_separator(kiosk: Kiosk) -> None:
    await ask_a_price(kiosk)

    for typed, shown in (("12,5", "€12.50"), ("0.05", "€0.05"), ("7.999", "€7.99"), ("3,", "€3.00"), ("450", "€4.50")):
        await kiosk.page.keyboard.type(typed)
        await kiosk.sees(".pad-shown", shown)
        for _ in range(5):
            await kiosk.page.keyboard.press("Backspace")
        await kiosk.sees(".pad-shown", "€0.00")
    await kiosk.page.keyboard.type("12,5")
    await kiosk.tap("[data-key=price]")

    await kiosk.sees("sale-totals strong", "€12.50")


async def test_by_rhythm_what_a_person_types_is_typing_however_long(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister().sign_on()) as kiosk:
        await ask_a_price(kiosk)

        await kiosk.page.keyboard.type("123456789", delay=80)
        await kiosk.page.keyboard.press("Enter")

        await kiosk.sees("sale-totals strong", "€1,234,567.89")


async def test_after_its_prefix_a_code_is_a_scan_even_into_a_field(chromium: Browser) -> None:
    async with open_kiosk(chromium, FakeRegister().sign_on(), typing=Typing("prefix", "~")) as kiosk:
        await kiosk.page.locator("input").first.focus()

        await kiosk.page.keyboard.type(f"~{COFFEE}")
        await kiosk.page.keyboard.press("Enter")

        await kiosk.sees(".line", "Ground coffee")
        assert await kiosk.page.locator("input").first.input_value() == ""
