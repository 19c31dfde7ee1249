"""What a page is sent, put into the view it had, is the whole view; the page's own module does it here."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.errors import PosError
from commerce.ids import new_id
from terminal.services import commands as c
from terminal.ui.sections import changes
from terminal.ui.server import loopback_hosts
from terminal.ui.views import Viewer
from tests.fakes.register import FakeRegister
from tests.fakes.shop import BREAD, COFFEE, NO_PRICE, TWIN_CODE
from tests.fakes.ui import FakeSurroundings, ui_services
from tests.terminal.ui.page_node import PageFunction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.ui.view_types import View

OFTEN = ("scan", "scan", "void line", "quantity")  # most of a sale
SELDOM = ("twin", "unknown", "void sale", "tender", "take back", "next", "minute", "z")
ACT = st.one_of(st.sampled_from(OFTEN), st.sampled_from(OFTEN + SELDOM))


@pytest.fixture(scope="module")
def changed() -> Iterator[PageFunction]:
    with PageFunction("sections.js", "changed") as function:
        yield function


@settings(max_examples=60, deadline=None)
@given(acts=st.lists(st.tuples(ACT, st.integers(0, 5), st.integers(0, 3)), min_size=8, max_size=40))
def test_sections_put_into_the_last_view_give_the_whole_view_whatever_happened(
    changed: PageFunction, acts: list[tuple[str, int, int]]
) -> None:
    till = Played()
    for _ in range(4):
        asyncio.run(till.do("scan", 0))
    shown = till.view()
    for act, number, lag in acts:
        asyncio.run(till.do(act, number))
        if lag == 1:
            continue  # a page that lags gets several changes as one
        view = till.view()
        frame = changes(shown, view)
        told = as_json(shown if frame is None else changed(as_json(shown), as_json(frame)))
        assert told == as_json(view)
        shown = view


async def test_lines_move_up_without_being_sent_again() -> None:
    till = Played()
    for _ in range(50):
        await till.do("scan", 0)
    before = till.view()
    await till.do("void line", 0)

    frame = changes(before, till.view())

    assert frame is not None
    assert len(frame["lines"]["removed"]) == 1
    assert len(frame["lines"]["set"]) <= 1


async def test_a_scan_sends_the_new_line_and_the_one_that_was_newest_only() -> None:
    till = Played()
    for _ in range(100):
        await till.do("scan", 0)
    before = till.view()
    await till.do("scan", 0)

    frame = changes(before, till.view())

    assert frame is not None
    assert set(frame["sections"]) == {"sale"}
    assert [line["position"] for line in frame["lines"]["set"]] == [100, 101]
    assert len(orjson.dumps(frame)) < 2500


def test_nothing_is_sent_where_nothing_changed() -> None:
    till = Played()

    assert changes(till.view(), till.view()) is None


class Played:
    """A register that is played with at random, and its view."""

    def __init__(self) -> None:
        self.register = FakeRegister().sign_on()
        self.around = FakeSurroundings()
        self._services = ui_services(self.register, loopback_hosts(1), self.around)
        self._viewer = Viewer("en")

    def view(self) -> View:
        """Return the whole view of now."""
        return self._viewer.view(self.register.state, self._services)

    async def do(self, act: str, number: int) -> None:
        """Do something, if it can be done."""
        if act == "minute":
            self.around.now += timedelta(minutes=number)
        elif act in ("scan", "twin", "unknown"):
            self.register.scan({"twin": TWIN_CODE, "unknown": "4711"}.get(act, (COFFEE, BREAD, NO_PRICE)[number % 3]))
        elif command := self._command(act, number):
            try:
                await self.register.submit(replace(command, command_id=new_id()))
            except PosError:
                return

    def _command(self, act: str, number: int) -> c.Command | None:
        basket = self.register.state.basket
        if act == "next":
            return c.NextSale("")
        if act == "z":
            return c.CloseSession("", 100)
        if basket is None:
            return None
        line = basket.lines[number % len(basket.lines)].id if basket.lines else ""
        tender = basket.tenders[-1].id if basket.tenders else ""
        due = basket.settlement.remaining
        return {
            "quantity": c.ChangeQuantity("", line, Decimal(number + 1), sale=basket.sale),
            "void line": c.VoidLine("", line, sale=basket.sale),
            "void sale": c.VoidSale("", sale=basket.sale),
            "tender": c.AddTender("", basket.sale, "cash", due, 100 * number or None),
            "take back": c.VoidTender("", tender, sale=basket.sale),
        }[act]


def as_json(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return what a browser reads."""
    return orjson.loads(orjson.dumps(value))
