"""What is due is settled, and the sale commits as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.errors import BadInputError, ConflictError, RuleError, StorageError
from commerce.ids import new_id
from terminal.services.commands import (
    AddItem,
    AddTender,
    ChangeQuantity,
    CloseSession,
    CompleteSale,
    NextSale,
    VoidTender,
)
from terminal.services.state import Screen
from terminal.services.steps import Steps
from tests.fakes.clock import FakeClock
from tests.terminal.shop import BREAD, COFFEE, LOOSE, TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


async def sales(till: TestTill) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'sale_completed' ORDER BY seq")
    return [orjson.loads(row[0]) for row in rows]


async def test_cash_above_what_is_due_gives_change(till: TestTill) -> None:
    result = await till.sell(COFFEE, BREAD, amount=1000)

    assert result.values["change_cents"] == 456
    done = till.state.done
    assert done is not None
    assert (done.total, done.tendered, done.change) == (544, 1000, 456)


class _Noisy(Steps):
    """From the moment the sale's rows are written, a notice comes whenever the loop has nothing else to do."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.till: TestTill | None = None
        self.told = 0

    def reached(self, name: str) -> None:
        if name == "sale.rows_written":
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        assert self.till is not None
        if self.till.state.done is None:
            self.till.register.tell(RuleError("tender.zero"))
            self.told = self.till.state.notices[-1].number
            self.loop.call_soon(self._tell)


async def test_a_notice_that_comes_while_a_sale_is_written_stays_on_the_page(tmp_path: Path) -> None:
    steps = _Noisy()
    async with running_till(tmp_path, steps=steps) as till:
        steps.till = till
        await till.ready()
        await till.sell(COFFEE)

        assert till.state.done is not None
        assert till.state.notices[-1].number == steps.told


async def test_numbers_follow_the_row_where_it_says_more_than_the_till_remembers(till: TestTill) -> None:
    first = (await till.sell()).values["document"]
    second = (await till.sell()).values["document"]
    set_on = "UPDATE series_counter SET last_number = 41"
    await till.core.writer.run(lambda tx: tx.execute(set_on))
    third = (await till.sell()).values["document"]
    fourth = (await till.sell()).values["document"]

    numbers = [body["document"]["number"] for body in await sales(till)]
    assert numbers == [1, 2, 42, 43]
    assert len({one["formatted"] for one in (first, second, third, fourth)}) == 4


async def test_a_number_that_was_taken_in_vain_is_given_again(tmp_path: Path) -> None:
    class Full(Steps):
        is_full = False

        def reached(self, name: str) -> None:
            if self.is_full and name == "sale.rows_written":
                raise StorageError("storage.full")

    steps = Full()
    async with running_till(tmp_path, steps=steps) as till:
        await till.ready()
        await till.sell()
        await till.scan(COFFEE)
        steps.is_full = True
        with pytest.raises(StorageError):
            await till.pay()
        steps.is_full = False
        await till.pay()

        assert [body["document"]["number"] for body in await sales(till)] == [1, 2]


async def test_a_completed_sale_is_one_entry_with_everything_in_it(till: TestTill) -> None:
    result = await till.sell(COFFEE, BREAD, amount=1000)

    (body,) = await sales(till)
    assert body["document"]["id"] == result.values["document"]["id"]
    assert [line["total"] for line in body["lines"]] == [349, 195]
    assert [(row["code"], row["taxable"], row["tax"]) for row in body["taxes"]] == [("22", 286, 63), ("4", 187, 8)]
    assert [effect["kind"] for effect in body["effects"]] == ["print", "drawer"]
    assert [row["quantity"] for row in body["stock"]] == ["-1.000000", "-1.000000"]


async def test_a_card_opens_no_drawer(till: TestTill) -> None:
    result = await till.sell(COFFEE, kind="card")

    assert [effect["kind"] for effect in result.values["effects"]] == ["print"]


async def test_a_card_takes_no_more_than_what_is_due(till: TestTill) -> None:
    with pytest.raises(RuleError) as refused:
        await till.sell(COFFEE, kind="card", amount=350)

    assert refused.value.code == "tender.more_than_due"
    assert till.state.screen is Screen.SELLING


async def test_several_tenders_settle_together(till: TestTill) -> None:
    await till.scan(COFFEE)
    first = await till.pay("card", 100)
    assert first.values["remaining_cents"] == 249

    last = await till.pay("cash", 300)

    assert last.values["change_cents"] == 51


async def test_a_tender_can_be_taken_back_until_the_sale_completes(till: TestTill) -> None:
    await till.scan(COFFEE)
    tender = (await till.pay("card", 100)).values["tender"]

    await till.submit(VoidTender(new_id(), tender))

    assert till.state.screen is Screen.SELLING
    assert (await till.pay("cash")).values["change_cents"] == 0


async def test_a_payer_who_was_shown_another_amount_does_not_pay(till: TestTill) -> None:
    await till.scan(COFFEE)
    basket = till.state.basket
    assert basket is not None
    await till.scan(BREAD)

    with pytest.raises(ConflictError) as refused:
        await till.submit(AddTender(new_id(), basket.sale, "cash", 349))

    assert (refused.value.code, refused.value.values["due"]) == ("sale.total_changed", 544)


@pytest.mark.parametrize(("kind", "amount"), [("cash", 0), ("cash", -5), ("seashells", 5), ("cash", 10**14)])
async def test_what_is_no_payment_is_refused(till: TestTill, kind: str, amount: int) -> None:
    await till.scan(COFFEE)

    with pytest.raises((RuleError, BadInputError)):
        await till.pay(kind, amount)

    assert till.state.screen is Screen.SELLING


async def test_a_refund_is_paid_out(till: TestTill) -> None:
    await till.scan(COFFEE, Decimal(-2))

    result = await till.pay("cash")

    assert result.values["change_cents"] == 0
    (body,) = await sales(till)
    assert (body["settlement"]["due"], body["tenders"][0]["amount"]) == (-698, -698)


async def test_a_sale_with_nothing_to_pay_is_completed(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.scan(COFFEE, Decimal(-1))
    basket = till.state.basket
    assert basket is not None

    await till.submit(CompleteSale(new_id(), basket.sale, 0))

    assert till.state.screen is Screen.DONE


async def test_no_money_is_taken_where_nothing_is_to_pay(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.scan(COFFEE, Decimal(-1))
    basket = till.state.basket
    assert basket is not None

    with pytest.raises(RuleError) as refused:
        await till.submit(AddTender(new_id(), basket.sale, "cash", 0, 1000))

    assert refused.value.code == "sale.already_settled"
    assert await sales(till) == []


async def test_a_sale_with_something_to_pay_is_not_simply_completed(till: TestTill) -> None:
    await till.scan(COFFEE)
    basket = till.state.basket
    assert basket is not None

    with pytest.raises(RuleError) as refused:
        await till.submit(CompleteSale(new_id(), basket.sale, 349))

    assert refused.value.code == "sale.not_settled"


async def test_cash_is_rounded_to_the_step(tmp_path: Path) -> None:
    async with running_till(tmp_path, settings={"cash_step": 5}) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.scan(COFFEE, Decimal(2))
        await till.pay("cash")

        (body,) = await sales(till)
        assert (body["settlement"]["rounding"], body["settlement"]["tendered"]) == (-2, 1045)


@pytest.mark.parametrize(("quantity", "by_card"), [(7, 1943), (3, 547)])
async def test_a_card_for_the_rest_pays_what_is_due_and_not_what_cash_is_rounded_to(
    tmp_path: Path, quantity: int, by_card: int
) -> None:
    async with running_till(tmp_path, settings={"cash_step": 5}) as till:
        await till.ready()
        await till.scan(COFFEE, Decimal(quantity))
        await till.pay("cash", 500)
        await till.pay("card")

        (body,) = await sales(till)
        assert [tender["amount"] for tender in body["tenders"]] == [500, by_card]
        assert (body["settlement"]["rounding"], body["settlement"]["change"]) == (0, 0)


async def test_a_voucher_above_what_is_due_keeps_its_excess(till: TestTill) -> None:
    result = await till.sell(COFFEE, kind="voucher", amount=500)

    assert result.values["change_cents"] == 0
    assert (await sales(till))[0]["settlement"]["excess"] == 151


async def test_numbers_follow_each_other_without_a_gap(till: TestTill) -> None:
    results = [await till.sell() for _ in range(4)]

    tag = till.core.chains.series_tag
    assert [r.values["document"]["formatted"] for r in results] == [f"T1{tag}/26/{n:06d}" for n in range(1, 5)]


async def test_a_new_year_starts_the_numbers_again(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 12, 31, 22, 50, tzinfo=UTC))
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.sell()
        clock.advance(timedelta(minutes=20))
        result = await till.sell()

    assert result.values["document"]["date"] == "2027-01-01"
    assert result.values["document"]["formatted"].endswith("/27/000001")


async def test_a_fiscal_document_is_intended_where_the_shop_requires_it(tmp_path: Path) -> None:
    async with running_till(tmp_path, settings={"fiscal_required": True}) as till:
        await till.ready()
        result = await till.sell(kind="card")

    assert [effect["kind"] for effect in result.values["effects"]] == ["fiscal", "print"]


async def test_changing_a_line_while_paying_is_refused(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.pay("card", 100)
    basket = till.state.basket
    assert basket is not None

    with pytest.raises(RuleError) as refused:
        await till.submit(ChangeQuantity(new_id(), basket.lines[0].id, Decimal(2)))

    assert refused.value.code == "sale.being_paid"


async def test_the_done_screen_can_be_left(till: TestTill) -> None:
    await till.sell()

    await till.submit(NextSale(new_id()))

    assert till.state.screen is Screen.SELLING


@pytest.mark.parametrize("quantity", ["0.020000", "-0.020000"])
async def test_cents_that_cash_rounds_away_are_settled_by_cash_of_nothing(tmp_path: Path, quantity: str) -> None:
    async with running_till(tmp_path, settings={"cash_step": 5}) as till:
        await till.ready()
        await till.submit(AddItem(new_id(), LOOSE, Decimal(quantity), Decimal(1)))

        done = await till.pay("cash")

        (body,) = await sales(till)
        assert done.values["change_cents"] == 0
        two = 2 if quantity[0] != "-" else -2
        settlement = body["settlement"]
        assert (settlement["due"], settlement["rounding"], settlement["tendered"]) == (two, -two, 0)
        assert [(tender["kind"], tender["amount"]) for tender in body["tenders"]] == [("cash", 0)]
        z = (await till.submit(CloseSession(new_id(), 10_000))).values["z"]
        assert (z["expected_cash"], z["totals"]["rounding"]) == (10_000, -two)


async def test_cents_that_cash_rounds_away_are_taken_whole_by_card(tmp_path: Path) -> None:
    async with running_till(tmp_path, settings={"cash_step": 5}) as till:
        await till.ready()
        await till.submit(AddItem(new_id(), LOOSE, Decimal("0.02"), Decimal(1)))

        with pytest.raises(RuleError, match=r"tender\.zero"):
            await till.pay("card", 0)
        done = await till.pay("card")

        assert done.values["change_cents"] == 0
