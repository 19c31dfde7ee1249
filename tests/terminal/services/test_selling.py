"""Lines come onto the sale as they were scanned, and every refusal says why."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.barcode import gtin_check_digit
from commerce.basket import PriceOrigin, TotalOrigin
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, PosError, RuleError
from commerce.ids import new_id
from commerce.wire import Change
from terminal.db import ledger
from terminal.services.commands import (
    AddCode,
    AddItem,
    AddTender,
    ChangeQuantity,
    ChooseLanguage,
    DismissNotice,
    SignOff,
    VoidLine,
    VoidSale,
)
from terminal.services.state import Screen
from tests.terminal.shop import BAG, BREAD, CHEESE, COFFEE, LOOSE, TestTill, items, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.db.connection import Transaction


PRICED = "210012300945" + gtin_check_digit("210012300945")
WEIGHED = "220012300482" + gtin_check_digit("220012300482")
GTIN = "08000000000000"[:13] + gtin_check_digit("0800000000000")
MISREAD = PRICED[:-1] + str((int(PRICED[-1]) + 1) % 10)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


def lines(till: TestTill) -> list[Any]:
    assert till.state.basket is not None
    return list(till.state.basket.lines)


async def entries(till: TestTill, kind: str) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [orjson.loads(row[0]) for row in rows]


async def test_each_scan_adds_a_line_of_one(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.scan(COFFEE)

    assert [(line.quantity, line.total) for line in lines(till)] == [(1, 349), (1, 349)]
    assert till.state.newest_line == lines(till)[1].id


async def test_a_line_keeps_price_version_vat_and_names(till: TestTill) -> None:
    await till.scan(BREAD)

    line = lines(till)[0]
    assert (line.price_version, line.vat.rate, line.names) == ("1", Decimal("4.00"), {"it": "Pane casereccio"})
    assert (line.code, line.listed_price) == (BREAD, Decimal("1.95"))


async def test_a_typed_quantity_multiplies(till: TestTill) -> None:
    await till.scan(BREAD, Decimal(3))

    assert lines(till)[0].total == 585


async def test_an_unknown_code_stays_as_a_notice_until_the_next_good_scan(till: TestTill) -> None:
    with pytest.raises(NotFoundError) as refused:
        await till.scan("4006381333931")
    assert refused.value.code == "code.unknown"
    assert [notice.code for notice in till.state.notices] == ["code.unknown"]

    await till.scan(COFFEE)

    assert till.state.notices == ()


async def test_a_notice_can_be_dismissed(till: TestTill) -> None:
    for code in ("111", "222"):
        with pytest.raises(NotFoundError):
            await till.scan(code)
    first, second = till.state.notices

    await till.submit(DismissNotice(new_id(), first.number))

    assert till.state.notices == (second,)
    assert second.number == first.number + 1


async def test_an_ambiguous_code_names_its_candidates(till: TestTill) -> None:
    with pytest.raises(ConflictError) as refused:
        await till.scan("BAG")

    candidates: Any = refused.value.values["candidates"]
    assert (refused.value.code, [c["item"] for c in candidates]) == ("code.ambiguous", ["bag", "bag-twin"])
    assert till.state.basket is None


async def test_an_item_without_price_asks_and_takes_the_operators(till: TestTill) -> None:
    with pytest.raises(RuleError) as refused:
        await till.scan("LOOSE")
    assert (refused.value.code, refused.value.values["item"]) == ("price.missing", LOOSE)

    await till.submit(AddItem(new_id(), LOOSE, Decimal(2), Decimal("1.255")))

    line = lines(till)[0]
    assert (line.total, line.price_origin, line.listed_price) == (251, PriceOrigin.OPERATOR, None)


async def test_a_price_that_the_item_has_is_not_overridden(till: TestTill) -> None:
    with pytest.raises(RuleError) as refused:
        await till.submit(AddItem(new_id(), COFFEE, None, Decimal("0.01")))

    assert refused.value.code == "price.fixed"


async def test_a_price_in_the_code_stands_and_gives_the_weight(till: TestTill) -> None:
    await till.scan(PRICED)  # 9.45 at 18.90 a kilogram

    line = lines(till)[0]
    assert (line.total, line.total_origin, line.quantity) == (945, TotalOrigin.LABEL, Decimal("0.5"))


async def test_a_weight_in_the_code_is_priced(till: TestTill) -> None:
    await till.scan(WEIGHED)

    line = lines(till)[0]
    assert (line.item, line.quantity, line.total) == (CHEESE, Decimal("0.482"), 911)


async def test_a_misread_label_is_no_price(till: TestTill) -> None:
    with pytest.raises(NotFoundError):
        await till.scan(MISREAD)


async def test_an_amount_that_stands_refuses_another_quantity(till: TestTill) -> None:
    await till.scan(PRICED)

    with pytest.raises(RuleError) as refused:
        await till.submit(ChangeQuantity(new_id(), lines(till)[0].id, Decimal(2)))

    assert refused.value.code == "line.amount_stands"


@pytest.mark.parametrize("quantity", ["8000000000017", "0", "1.0000001", "NaN", "Infinity"])
async def test_what_is_no_quantity_is_refused(till: TestTill, quantity: str) -> None:
    await till.scan(COFFEE)

    with pytest.raises((BadInputError, RuleError)):
        await till.submit(ChangeQuantity(new_id(), lines(till)[0].id, Decimal(quantity)))

    assert lines(till)[0].quantity == 1


async def test_a_sale_beyond_all_measure_is_refused_line_by_line(till: TestTill) -> None:
    await till.submit(AddItem(new_id(), LOOSE, Decimal(1), Decimal(900_000_000)))
    before = till.state.basket

    for command in (
        AddItem(new_id(), LOOSE, Decimal(1), Decimal(900_000_000)),
        ChangeQuantity(new_id(), lines(till)[0].id, Decimal(2)),
    ):
        with pytest.raises(BadInputError) as refused:
            await till.submit(command)
        assert refused.value.code == "amount.too_large"

    assert till.state.basket == before


async def test_a_price_that_no_entry_can_hold_is_refused_however_little_is_sold(till: TestTill) -> None:
    with pytest.raises(BadInputError) as refused:
        await till.submit(AddItem(new_id(), LOOSE, Decimal("0.001"), Decimal(10**10)))

    assert refused.value.code == "price.unreadable"
    assert till.state.basket is None


async def know_by_gtin(till: TestTill) -> None:
    cheese = next(change for change in items() if change.id == CHEESE)
    row = (cheese.row or {}) | {"codes": [GTIN]}
    await till.core.catalog.apply_items([cheese.model_copy(update={"row": row})])


@pytest.mark.parametrize(
    ("message", "quantity", "total", "origin"),
    [
        ("]C101{gtin}3103001250", "1.250", 2363, "computed"),
        ("]e001{gtin}3103001250", "1.250", 2363, "computed"),
        ("01{gtin}3103001250\x1d10LOT7", "1.250", 2363, "computed"),
        ("\x1d01{gtin}3103001250", "1.250", 2363, "computed"),
        ("]C1\x1d01{gtin}3103001250\x1d", "1.250", 2363, "computed"),
        ("]C101{gtin}31030012503922799", "1.250", 799, "label"),
        ("]C101{gtin}31030012503932978799", "1.250", 799, "label"),
        ("]d201{gtin}", "1", 1890, "computed"),
        ("]C102{gtin}3712", "12", 22680, "computed"),
    ],
)
async def test_weight_count_and_price_of_a_gs1_message_become_the_line(
    till: TestTill, message: str, quantity: str, total: int, origin: str
) -> None:
    await know_by_gtin(till)

    await till.scan(message.format(gtin=GTIN))

    (line,) = lines(till)
    assert (line.item, line.quantity, line.total, line.total_origin) == (CHEESE, Decimal(quantity), total, origin)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("]C101{gtin}31030012503932840799", "code.other_currency"),
        ("]C101{gtin}310300125", "gs1.bad_value"),
        ("]C10108000000000024", "gs1.bad_check_digit"),
        ("]C101{gtin}05123", "gs1.unknown_ai"),
    ],
)
async def test_a_gs1_message_that_cannot_be_sold_by_adds_nothing(till: TestTill, message: str, code: str) -> None:
    await know_by_gtin(till)

    with pytest.raises(PosError) as refused:
        await till.scan(message.format(gtin=GTIN))

    assert refused.value.code == code
    assert till.state.basket is None


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [("3", "1", "2.000000"), ("3", "0.5", "2.500000"), ("3", "-1", "3.000000"), ("-3", "-1", "-2.000000")],
)
async def test_a_quantity_that_is_cut_leaves_a_trace_as_a_void_does(
    till: TestTill, before: str, after: str, cut: str
) -> None:
    await till.scan(COFFEE, Decimal(before))
    was = lines(till)[0]

    await till.submit(ChangeQuantity(new_id(), was.id, Decimal(after)))

    (body,) = await entries(till, "line_voided")
    assert (body["line"]["quantity"], body["quantity"]) == (was.body["quantity"], cut)
    assert till.state.basket is not None
    assert till.state.basket.voided_lines == 1
    await till.pay()
    (sold,) = await entries(till, "sale_completed")
    assert sold["voided_lines"] == 1


@pytest.mark.parametrize(("before", "after"), [("1", "3"), ("2", "2"), ("-1", "-2")])
async def test_a_quantity_that_grows_leaves_none(till: TestTill, before: str, after: str) -> None:
    await till.scan(COFFEE, Decimal(before))

    await till.submit(ChangeQuantity(new_id(), lines(till)[0].id, Decimal(after)))

    assert await entries(till, "line_voided") == []
    assert till.state.basket is not None
    assert till.state.basket.voided_lines == 0


async def test_a_negative_quantity_is_a_return(till: TestTill) -> None:
    await till.scan(COFFEE)

    await till.submit(ChangeQuantity(new_id(), lines(till)[0].id, Decimal(-1)))

    assert (lines(till)[0].movement, lines(till)[0].total) == ("return", -349)


async def test_a_voided_line_stands_in_the_ledger(till: TestTill) -> None:
    await till.scan(COFFEE)
    line = lines(till)[0]

    await till.submit(VoidLine(new_id(), line.id))

    assert lines(till) == []
    assert [body["line"]["id"] for body in await entries(till, "line_voided")] == [line.id]


async def test_a_voided_sale_stands_in_the_ledger(till: TestTill) -> None:
    await till.scan(COFFEE)
    sale = till.state.basket

    await till.submit(VoidSale(new_id(), "gone"))

    assert sale is not None
    assert till.state.basket is None
    body = (await entries(till, "sale_voided"))[0]
    assert (body["sale"], body["reason"], len(body["lines"])) == (sale.sale, "gone", 1)


async def test_a_scan_while_paying_is_refused_with_a_notice(till: TestTill) -> None:
    await till.scan(COFFEE)
    sale = till.state.basket
    assert sale is not None
    await till.submit(AddTender(new_id(), sale.sale, "card", 349, 100))

    with pytest.raises(RuleError):
        await till.scan(COFFEE)

    (notice,) = till.state.notices
    assert (notice.code, notice.values["scanned"]) == ("sale.being_paid", COFFEE)
    assert till.state.screen is Screen.PAYING
    assert len(lines(till)) == 1


async def test_a_scan_after_a_completed_sale_starts_the_next(till: TestTill) -> None:
    await till.sell(COFFEE)
    screens = [till.state.screen]

    await till.scan(BREAD)

    assert [*screens, till.state.screen] == [Screen.DONE, Screen.SELLING]
    assert till.state.done is None
    assert len(lines(till)) == 1


async def test_the_language_of_the_document_can_be_chosen(till: TestTill) -> None:
    await till.submit(ChooseLanguage(new_id(), "en"))
    await till.sell(COFFEE)

    assert (await entries(till, "sale_completed"))[0]["language"] == "en"
    with pytest.raises(BadInputError):
        await till.submit(ChooseLanguage(new_id(), "tlh"))


async def test_nobody_sells_without_signing_on(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        with pytest.raises(ForbiddenError) as refused:
            await till.scan(COFFEE)

        assert refused.value.code == "operator.none"
        assert [notice.code for notice in till.state.notices] == ["operator.none"]


async def test_an_empty_catalogue_is_no_obstacle_to_opening(tmp_path: Path) -> None:
    async with running_till(tmp_path, fill=False) as till:
        assert till.core.catalog.count() == 0
        assert till.state.screen is Screen.SIGN_ON


async def test_an_operator_cannot_leave_an_open_sale(till: TestTill) -> None:
    await till.scan(COFFEE)

    with pytest.raises(RuleError) as refused:
        await till.submit(SignOff(new_id()))

    assert refused.value.code == "sale.open"


async def test_a_resend_returns_the_same_result_and_changes_nothing(till: TestTill) -> None:
    command = AddCode(new_id(), COFFEE)
    first = await till.submit(command)
    again = await till.submit(command)

    assert again.values == first.values
    assert again.repeated
    assert len(lines(till)) == 1


async def test_a_resent_payment_returns_its_document(till: TestTill) -> None:
    await till.scan(COFFEE)
    basket = till.state.basket
    assert basket is not None
    command = AddTender(new_id(), basket.sale, "cash", 349, 500)
    first = await till.submit(command)

    assert (await till.submit(command)).values == first.values
    assert len(await entries(till, "sale_completed")) == 1


async def test_a_command_id_with_other_content_is_refused(till: TestTill) -> None:
    command = AddCode(new_id(), COFFEE)
    await till.submit(command)

    with pytest.raises(ConflictError) as refused:
        await till.submit(AddCode(command.command_id, BREAD))

    assert refused.value.code == "command.reused"
    assert len(lines(till)) == 1


async def test_a_resend_after_a_restart_returns_the_same_result(tmp_path: Path) -> None:
    command = AddCode(new_id(), COFFEE)
    async with running_till(tmp_path) as till:
        await till.ready()
        first = await till.submit(command)

    async with running_till(tmp_path, fill=False) as till:
        assert (await till.submit(command)).values == first.values
        assert len(lines(till)) == 1


async def test_scans_of_one_burst_all_arrive_in_order(till: TestTill) -> None:
    codes = [COFFEE, BREAD] * 20
    await asyncio.gather(*(till.scan(code) for code in codes))

    assert [line.code for line in lines(till)] == codes


async def test_a_changed_vat_rate_leaves_an_open_sale_alone(till: TestTill) -> None:
    await till.scan(COFFEE)
    row = {"code": "22", "names": {"it": "IVA"}, "rates": [["2013-10-01", "23.00"]], "treatment": "taxed"}
    await till.register.apply_operating([Change(kind="vat_code", id="vat-22", version=2, row=row)])
    await till.scan(COFFEE)
    assert {line.vat.rate for line in lines(till)} == {Decimal("22.00")}
    await till.pay()

    await till.scan(COFFEE)

    assert lines(till)[0].vat.rate == Decimal("23.00")


async def test_a_full_disk_refuses_the_sale_and_later_takes_it(till: TestTill) -> None:
    for _ in range(20):
        await till.scan(COFFEE)
    before, last = till.state, (await ledger.read_unsent(till.core.readers, till.core.chains.chain, 0, 999))[-1]
    await _limit_pages(till, spare=0)
    with pytest.raises(PosError) as refused:
        await till.pay()
    assert refused.value.code == "storage.full"
    assert till.state == before

    await _limit_pages(till, spare=10_000)
    await till.pay()

    after = (await ledger.read_unsent(till.core.readers, till.core.chains.chain, last.seq, 9))[0]
    assert (after.seq, till.state.screen) == (last.seq + 1, Screen.DONE)


async def _limit_pages(till: TestTill, spare: int) -> None:
    def job(tx: Transaction) -> None:
        pages = tx.fetch_one("PRAGMA page_count")
        assert pages is not None
        tx.fetch_one(f"PRAGMA max_page_count = {pages[0] + spare}")

    await till.core.writer.run(job)


def with_check_digit(digits: str) -> str:
    return digits + gtin_check_digit(digits)


@pytest.mark.parametrize(
    "label",
    [
        with_check_digit("220012300000"),  # 0.000 kg
        with_check_digit("210012300000"),  # 0.00
        "]C101{gtin}3103000000",
        "]C101{gtin}31030000003712",
        "]C101{gtin}31030000003922799",
        "]C101{gtin}31030012503922000",
        "]C101{gtin}3700",
    ],
)
async def test_a_label_of_zero_asks_and_sells_nothing(till: TestTill, label: str) -> None:
    if "{" in label:
        await know_by_gtin(till)

    with pytest.raises(RuleError) as refused:
        await till.scan(label.format(gtin=GTIN))

    assert refused.value.code == "label.zero"
    assert till.state.basket is None
    assert [(notice.code, notice.values["item"]) for notice in till.state.notices] == [("label.zero", CHEESE)]


async def test_a_label_without_weight_is_sold_by_the_quantity_that_is_typed_with_it(till: TestTill) -> None:
    await till.submit(AddCode(new_id(), with_check_digit("220012300000"), Decimal("0.5")))

    (line,) = lines(till)
    assert (line.quantity, line.total) == (Decimal("0.5"), 945)


async def test_an_amount_too_small_for_a_gram_is_no_whole_kilogram(till: TestTill) -> None:
    await till.scan(with_check_digit("210012300001"))

    (line,) = lines(till)
    assert (line.quantity, line.total) == (Decimal("0.001"), 1)


async def test_a_registry_price_of_zero_asks_and_a_typed_zero_gives_it_away(till: TestTill) -> None:
    free = next(change for change in items() if change.id == BAG)
    await till.core.catalog.apply_items(
        [free.model_copy(update={"row": (free.row or {}) | {"price": "0.00000000", "codes": ["FREE"]}})]
    )

    with pytest.raises(RuleError) as refused:
        await till.scan("FREE")
    await till.submit(AddItem(new_id(), BAG, None, Decimal(0)))

    assert refused.value.code == "price.missing"
    assert [line.total for line in lines(till)] == [0]
