"""What the page is told of money that a card reader is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from commerce.kinds import TenderKind, TenderState
from commerce.tender import Tender
from terminal.db.attempts import AttemptKind, AttemptRow, AttemptState
from terminal.services.state import Screen
from terminal.ui.views import Viewer
from tests.fakes.register import FakeRegister
from tests.fakes.shop import COFFEE
from tests.fakes.ui import ui_services

if TYPE_CHECKING:
    from terminal.ui.view_types import SaleView

PAID, BACK = AttemptKind.PAYMENT, AttemptKind.REVERSAL


def sale_view(state: TenderState, *tried: tuple[AttemptKind, AttemptState], reason: str = "card.declined") -> SaleView:
    """Draw a sale of 3.49 with one of it in cash and the rest by card."""
    register = FakeRegister().sign_on()
    register.scan(COFFEE)
    basket = register.state.basket
    assert basket is not None
    cash = Tender("cash", "cash", TenderKind.CASH, {"en": "Cash"}, "EUR", 100)
    card = Tender("card", "card", TenderKind.CARD, {"en": "Card"}, "EUR", 249, state=state)
    rows = tuple(
        AttemptRow(f"a{n}", basket.sale, "card", kind, "reader", "EUR", 249, n, what, reason, None, "")
        for n, (kind, what) in enumerate(tried, 1)
    )
    register.show(basket=replace(basket, tenders=(cash, card)), attempts=rows, screen=Screen.PAYING)
    sale = Viewer("en").view(register.state, ui_services(register, frozenset()))["sale"]
    assert sale is not None
    return sale


@pytest.mark.parametrize(
    ("state", "tried", "step", "actions"),
    [
        (TenderState.PENDING, [(PAID, AttemptState.INTENDED)], "waiting", ["void"]),
        (TenderState.PENDING, [(PAID, AttemptState.STARTED)], "asking", []),
        (TenderState.PENDING, [(PAID, AttemptState.DECLINED)], "declined", ["void", "retry"]),
        (TenderState.UNKNOWN, [(PAID, AttemptState.UNKNOWN)], "unknown", ["deny", "confirm"]),
        (TenderState.PENDING, [(PAID, AttemptState.APPROVED), (BACK, AttemptState.STARTED)], "giving_back", []),
        (
            TenderState.UNKNOWN,
            [(PAID, AttemptState.APPROVED), (BACK, AttemptState.UNKNOWN)],
            "giving_back_unknown",
            ["deny", "confirm"],
        ),
    ],
)
def test_money_that_is_asked_for_is_not_given_and_still_to_come(
    state: TenderState, tried: list[tuple[AttemptKind, AttemptState]], step: str, actions: list[str]
) -> None:
    sale = sale_view(state, *tried)

    assert (sale["given"], sale["outstanding"], sale["remaining_cents"]) == ("€1.00", "€2.49", 0)
    cash, card = sale["tenders"]
    assert cash["card"] is None
    assert card["card"] is not None
    assert card["card"]["step"] == step
    assert [action["name"] for action in card["actions"]] == actions
    assert all(action["sure"] for action in card["actions"] if action["name"] in ("confirm", "deny"))


def test_what_a_reader_took_is_given_and_asked_about_before_it_is_taken_back() -> None:
    sale = sale_view(TenderState.APPROVED, (PAID, AttemptState.APPROVED))

    assert (sale["given"], sale["outstanding"]) == ("€3.49", "€0.00")
    cash, card = sale["tenders"]
    assert [bool(tender["actions"][0]["sure"]) for tender in (cash, card)] == [False, True]
    assert (card["card"], card["text"]) == (None, "")


def test_what_the_reader_did_not_give_back_is_said() -> None:
    sale = sale_view(TenderState.APPROVED, (PAID, AttemptState.APPROVED), (BACK, AttemptState.DECLINED))

    assert sale["tenders"][1]["text"] == "not given back"


@pytest.mark.parametrize(
    ("reason", "title", "text"),
    [
        ("card.declined", "Declined", "declined"),
        ("card_reader.unreachable", "Not paid", "not paid"),
        ("attempt.interrupted", "Not paid", "not paid"),
    ],
)
def test_no_customer_hears_of_a_declined_card_when_none_was_asked_for(reason: str, title: str, text: str) -> None:
    tender = sale_view(TenderState.PENDING, (PAID, AttemptState.DECLINED), reason=reason)["tenders"][1]

    assert tender["card"] is not None
    assert (tender["card"]["title"], tender["text"]) == (title, text)
