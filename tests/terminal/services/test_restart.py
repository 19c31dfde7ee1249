"""Whatever a cashier does, and whenever the till stops: the same state comes back and every rule still holds."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commerce.errors import PosError
from commerce.ids import new_id
from terminal.services.commands import (
    AddItem,
    ChangeQuantity,
    CloseSession,
    Command,
    NextSale,
    OpenSession,
    PrintAgain,
    SignOff,
    SignOn,
    VoidLine,
    VoidSale,
    VoidTender,
)
from terminal.services.verification import verify_ledger
from tests.fakes.clock import FakeClock
from tests.terminal.shop import (
    ANNA,
    BRUNO,
    COFFEE,
    LOOSE,
    PIN,
    TestTill,
    items,
    make_shop_identity,
    running_till,
    steady,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from commerce.basket import Line
    from terminal.services.state import RegisterState

T = TypeVar("T")
CODES = st.sampled_from([COFFEE, "8000000000024", "2200123004824", "2100123009455", "BAG", "0000", ""])
QUANTITIES = st.sampled_from([None, Decimal(1), Decimal(3), Decimal(-1), Decimal("0.333333"), Decimal(0)])


class Cashier(RuleBasedStateMachine):
    """Random commands; refusals are fine, broken rules are not."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.loop = asyncio.new_event_loop()
        self.opened: Any = None
        self.till: TestTill
        self.sent: list[tuple[Command, dict[str, Any]]] = []

    @initialize()
    def begin(self) -> None:
        self._open(fill=True)
        self.wait(self.till.ready())

    def wait(self, awaitable: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(awaitable)

    def act(self, command: Command) -> None:
        try:
            result = self.wait(self.till.submit(command))
        except PosError:
            return
        self.sent.append((command, result.values))

    @rule(code=CODES, quantity=QUANTITIES)
    def scan(self, code: str, quantity: Decimal | None) -> None:
        before = self.till.state.notices
        try:
            self.wait(self.till.scan(code, quantity))
        except PosError:
            assert self.till.state.notices != before

    @rule(price=st.sampled_from([None, Decimal("0.99"), Decimal("1234.56789012")]))
    def sell_without_price(self, price: Decimal | None) -> None:
        self.act(AddItem(new_id(), LOOSE, None, price))

    @rule(quantity=QUANTITIES.filter(bool), place=st.integers(0, 5), void=st.booleans())
    def touch_a_line(self, quantity: Decimal, place: int, void: bool) -> None:
        basket = self.till.state.basket
        if basket and basket.lines:
            line = basket.lines[place % len(basket.lines)].id
            self.act(VoidLine(new_id(), line) if void else ChangeQuantity(new_id(), line, quantity))

    @rule(kind=st.sampled_from(["cash", "card", "voucher"]), amount=st.sampled_from([None, 1, 100, 5000, -100]))
    def pay(self, kind: str, amount: int | None) -> None:
        if self.till.state.basket is not None:
            try:
                self.wait(self.till.pay(kind, amount))
            except PosError:
                return

    @rule()
    def take_a_tender_back(self) -> None:
        basket = self.till.state.basket
        if basket and basket.tenders:
            self.act(VoidTender(new_id(), basket.tenders[0].id))

    @rule()
    def give_up(self) -> None:
        self.act(VoidSale(new_id(), "changed their mind"))

    @rule()
    def go_on(self) -> None:
        self.act(NextSale(new_id()))

    @rule(counted=st.integers(0, 50_000))
    def close_and_open(self, counted: int) -> None:
        self.act(CloseSession(new_id(), counted))
        self.act(OpenSession(new_id(), counted))

    @rule(operator=st.sampled_from([ANNA, BRUNO]))
    def change_operator(self, operator: str) -> None:
        self.act(SignOff(new_id()))
        self.act(SignOn(new_id(), operator, PIN))

    @rule(outcome=st.sampled_from(["done", "failed", "unknown"]))
    def paper(self, outcome: str) -> None:
        if self.till.state.prints:
            effect = self.till.state.prints[-1].id
            self.wait(self.till.register.start_effect(effect))
            self.wait(self.till.register.settle_effect(effect, outcome, "printer.offline"))

    @rule()
    def print_again(self) -> None:
        if self.till.state.prints:
            self.act(PrintAgain(new_id(), self.till.state.prints[0].id))

    @rule()
    def resend(self) -> None:
        if self.sent:
            command, values = self.sent[-1]
            again = self.wait(self.till.submit(command))
            assert orjson.dumps(again.values) == orjson.dumps(values)

    @rule()
    def new_chain(self) -> None:
        self.wait(self.till.register.open_new_chain("restored"))

    @rule(empty_catalogue=st.booleans())
    def restart(self, empty_catalogue: bool) -> None:
        before = steady(self.till.state)
        self._close()
        if empty_catalogue:
            for file in self.folder.glob("catalog*"):
                file.unlink()
        self._open(fill=False)
        after = steady(self.till.state)
        assert after.basket == before.basket
        assert after.done == before.done
        assert [line.body for line in _lines(after)] == [line.body for line in _lines(before)]
        assert (after.session, after.newest_line) == (before.session, before.newest_line)
        assert after.operator == (before.operator if before.session else None)
        assert after.prints == before.prints
        self.wait(self.till.core.catalog.apply_items(items()))

    @invariant()
    def every_sale_adds_up(self) -> None:
        for body in self._bodies("sale_completed"):
            s = body["settlement"]
            assert s["tendered"] - s["change"] == s["due"] + s["rounding"] + s["excess"]
            assert sum(row["taxable"] + row["tax"] for row in body["taxes"]) == s["total"]
            assert sum(line["total"] for line in body["lines"]) == s["total"]

    @invariant()
    def what_is_stored_of_each_sale_is_what_happened_to_it(self) -> None:
        reader = sqlite3.connect(self.folder / "ledger.db")
        stored = {row[0]: row[1:] for row in reader.execute("SELECT id, state, document FROM sale")}
        current = {row[0] for row in reader.execute("SELECT sale FROM current_sale")}
        journaled = {row[0] for row in reader.execute("SELECT DISTINCT sale FROM basket_event")}
        reader.close()
        for body in self._bodies("sale_completed"):
            assert stored.pop(body["sale"]) == ("completed", body["document"]["id"])
        for body in self._bodies("sale_voided"):
            assert stored.pop(body["sale"]) == ("voided", None)
        open_ones = {sale for sale, (state, _) in stored.items() if state != "voided"}
        basket, done = self.till.state.basket, self.till.state.done
        assert open_ones == ({basket.sale} if basket else set())
        assert current == journaled == open_ones | ({done.sale} if done else set())

    @invariant()
    def numbers_have_no_gap_and_no_repeat(self) -> None:
        taken: dict[str, list[int]] = {}
        for body in self._bodies("sale_completed"):
            taken.setdefault(body["document"]["series"], []).append(body["document"]["number"])
        for numbers in taken.values():
            assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def every_z_is_the_sum_of_its_receipts(self) -> None:
        sales = self._rows("sale_completed")
        for session, z in self._rows("session_closed"):
            own = [body["settlement"] for of, body in sales if of == session]
            assert (z["sales"], z["totals"]["total"]) == (len(own), sum(s["total"] for s in own))
            assert sum(row["amount"] for row in z["tenders"]) == sum(s["tendered"] - s["change"] for s in own)

    def teardown(self) -> None:
        if self.opened:
            self._close()
            assert [verdict.problem for verdict in verify_ledger(self.folder / "ledger.db")] == [None] * (
                len(self._rows("chain_opened"))
            )
        self.loop.close()
        shutil.rmtree(self.folder)

    def _open(self, *, fill: bool) -> None:
        identity = make_shop_identity()
        self.opened = running_till(self.folder, clock=self.clock, fill=fill, identity=identity)
        self.till = self.wait(self.opened.__aenter__())

    def _close(self) -> None:
        self.wait(self.opened.__aexit__(None, None, None))
        self.opened = None

    def _bodies(self, kind: str) -> list[dict[str, Any]]:
        return [body for _, body in self._rows(kind)]

    def _rows(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        reader = sqlite3.connect(self.folder / "ledger.db")
        rows = reader.execute(
            "SELECT till_session, body FROM entry e JOIN chain c USING (chain) WHERE kind = ? ORDER BY c.position, seq",
            (kind,),
        ).fetchall()
        reader.close()
        return [(row[0], orjson.loads(row[1])) for row in rows]


def _lines(state: RegisterState) -> list[Line]:
    return list(state.basket.lines) if state.basket else []


Cashier.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestCashier = Cashier.TestCase
