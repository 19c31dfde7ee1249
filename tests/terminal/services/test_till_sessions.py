"""Sessions: opening cash to Z, summed from the stored rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.bodies.form import read
from commerce.bodies.session import SessionClosed
from commerce.canonical import canonical_bytes
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.receipt import Amount, Printing, z_elements
from commerce.wire import Change
from terminal.services.commands import CloseSession, OpenSession, SignOff, SignOn, VoidLine, VoidSale
from terminal.services.state import Screen
from tests.fakes.clock import FakeClock
from tests.terminal.shop import (
    ANNA,
    BREAD,
    BRUNO,
    COFFEE,
    PIN,
    TestTill,
    make_shop_identity,
    operating_changes,
    running_till,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


async def close(till: TestTill, counted: int = 0) -> dict[str, Any]:
    z: dict[str, Any] = (await till.submit(CloseSession(new_id(), counted))).values["z"]
    return z


async def bodies(till: TestTill, kind: str) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [orjson.loads(row[0]) for row in rows]


async def test_the_z_is_the_sum_of_the_receipts(till: TestTill) -> None:
    await till.sell(COFFEE, BREAD, amount=1000)
    await till.sell(COFFEE, kind="card")
    await till.scan(BREAD, Decimal(-1))
    await till.pay("cash")

    z = await close(till, 10_349)

    sales = await bodies(till, "sale_completed")
    assert z["sales"] == 3
    assert z["totals"]["total"] == sum(sale["settlement"]["total"] for sale in sales) == 698
    assert sum(row["amount"] for row in z["tenders"]) == z["totals"]["total"] + z["totals"]["rounding"]
    assert sum(row["taxable"] + row["tax"] for row in z["taxes"]) == 698
    assert (z["expected_cash"], z["over_short"]) == (10_000 + 544 - 195, 0)


async def test_change_is_taken_off_the_expected_cash(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.pay("card", 100)
    await till.pay("cash", 5000)

    assert (await close(till))["expected_cash"] == 10_249


@pytest.mark.parametrize("kinds", [("cash", "coins"), ("coins", "cash")])
async def test_change_is_taken_off_the_last_cash_tender(till: TestTill, kinds: tuple[str, str]) -> None:
    row = {"code": "coins", "kind": "cash", "names": {"it": "Monete"}, "opens_drawer": True, "position": 4}
    await till.register.apply_operating([Change(kind="tender_type", id="tender-coins", version=1, row=row)])
    await till.scan(COFFEE)
    first, last = kinds
    await till.pay(first, 100)
    await till.pay("voucher", 50)
    await till.pay(last, 500)

    z = await close(till)

    assert {tender["type"]: tender["amount"] for tender in z["tenders"]} == {first: 100, "voucher": 50, last: 199}
    assert z["expected_cash"] == 10_299


async def test_a_session_without_sales_closes(till: TestTill) -> None:
    z = await close(till, 10_000)

    assert (z["sales"], z["expected_cash"], z["z_number"]) == (0, 10_000, 1)
    assert till.state.screen is Screen.SESSION


async def test_an_open_sale_keeps_the_session_open(till: TestTill) -> None:
    await till.scan(COFFEE)

    with pytest.raises(RuleError) as refused:
        await close(till)

    assert refused.value.code == "sale.open"
    assert till.state.session is not None


async def test_a_sale_whose_lines_were_all_voided_does_not_hold_the_close(till: TestTill) -> None:
    await till.scan(COFFEE)
    assert till.state.basket is not None
    await till.submit(VoidLine(new_id(), till.state.basket.lines[0].id))

    await close(till)

    assert till.state.basket is None


async def test_a_checkpoint_follows_the_z(till: TestTill) -> None:
    await till.sell()
    await close(till)
    await till.submit(OpenSession(new_id(), 0))
    await till.sell()
    await till.sell()
    await close(till)

    checkpoints = await bodies(till, "checkpoint")
    assert [c["totals"] for c in checkpoints] == [
        {"sales": 1, "gross_total": 349},
        {"sales": 3, "gross_total": 1047},
    ]
    assert [c["counters"][0]["last_number"] for c in checkpoints] == [1, 3]
    seqs = await till.core.readers.fetch_all(
        "SELECT seq, kind FROM entry WHERE kind IN ('session_closed', 'checkpoint') ORDER BY seq"
    )
    assert [kind for _, kind in seqs] == ["session_closed", "checkpoint"] * 2
    assert seqs[1][0] == seqs[0][0] + 1


async def test_z_numbers_count_on(till: TestTill) -> None:
    first = await close(till)
    await till.submit(OpenSession(new_id(), 0))

    assert (first["z_number"], (await close(till))["z_number"]) == (1, 2)


async def test_the_z_has_all_that_its_paper_needs(till: TestTill) -> None:
    await till.sell()
    card = next(change for change in operating_changes() if change.id == "tender-card")
    names = {"it": "Carta", "en": "Card"}
    row = (card.row or {}) | {"names": names}
    await till.register.apply_operating([card.model_copy(update={"version": 2, "row": row})])
    await till.sell(kind="card")
    z = await close(till)

    printing = Printing("2026-11-23T17:42:07.000000Z", "Anna")
    for language, name in names.items():
        body = read(SessionClosed, canonical_bytes({**z, "language": language}))
        rows = {row.text: row.amount for row in z_elements(body, printing) if isinstance(row, Amount)}
        assert rows[f"{name} (1)"] == ("3,49" if language == "it" else "3.49")


async def test_the_z_lists_unknown_outcomes_and_carries_them_over(till: TestTill) -> None:
    printing = next(e for e in (await till.sell(kind="card")).values["effects"] if e["kind"] == "print")["id"]
    await till.register.settle_effect(printing, "unknown", "printer.silent")
    first = await close(till)
    await till.submit(OpenSession(new_id(), 0))
    second = await close(till)

    assert [row["effect"] for row in first["unknown_effects"]] == [printing]
    assert printing in [row["effect"] for row in second["unknown_effects"]]


async def test_the_z_lists_prints_that_wait_or_are_under_way(till: TestTill) -> None:
    waiting, under_way = [(await till.sell(kind="card")).values["effects"][0]["id"] for _ in range(2)]
    await till.register.start_effect(under_way)

    listed = {row["effect"]: row["state"] for row in (await close(till))["unknown_effects"]}

    assert listed == {waiting: "intended", under_way: "started"}


@pytest.mark.parametrize(("days", "repeated"), [(6, True), (8, False)])
async def test_a_result_is_kept_for_a_week_past_each_z(tmp_path: Path, days: int, *, repeated: bool) -> None:
    clock, command = FakeClock(), SignOff(new_id())
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.submit(command)
        clock.advance(timedelta(days=days))
        await till.submit(SignOn(new_id(), ANNA, PIN))
        await close(till)

        assert (await till.submit(command)).repeated is repeated


async def test_a_drawer_of_unknown_outcome_is_listed_once(till: TestTill) -> None:
    drawer = next(e for e in (await till.sell()).values["effects"] if e["kind"] == "drawer")["id"]
    await till.register.settle_effect(drawer, "unknown", "effect.interrupted")
    first = await close(till)
    await till.submit(OpenSession(new_id(), 0))
    second = await close(till)

    assert drawer in [row["effect"] for row in first["unknown_effects"]]
    assert drawer not in [row["effect"] for row in second["unknown_effects"]]


async def test_the_z_is_printed(till: TestTill) -> None:
    result = await till.submit(CloseSession(new_id(), 0))

    assert [(p.id, p.document_kind, p.title) for p in till.state.prints] == [
        (result.values["print"], "z_report", "Z 1")
    ]


async def test_voids_are_counted(till: TestTill) -> None:
    await till.scan(COFFEE)
    await till.submit(VoidSale(new_id()))

    assert (await close(till))["voids"] == 1


async def test_only_one_session_is_open(till: TestTill) -> None:
    with pytest.raises(ConflictError) as refused:
        await till.submit(OpenSession(new_id(), 0))

    assert refused.value.code == "session.open"


async def test_opening_cash_is_not_negative(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.submit(SignOn(new_id(), ANNA, PIN))
        with pytest.raises(BadInputError):
            await till.submit(OpenSession(new_id(), -1))


@pytest.mark.parametrize(
    ("opened", "day"),
    [
        (datetime(2026, 11, 23, 2, 59, tzinfo=UTC), "2026-11-22"),  # 03:59 in Rome, before the cut-off
        (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "2026-11-22"),  # half past midnight in Rome
        (datetime(2026, 3, 29, 2, 30, tzinfo=UTC), "2026-03-29"),  # summer time began an hour before: 04:30
    ],
)
async def test_the_business_day_turns_at_the_cut_off(tmp_path: Path, opened: datetime, day: str) -> None:
    async with running_till(tmp_path, clock=FakeClock(opened)) as till:
        await till.ready()

        assert till.state.session is not None
        assert till.state.session.business_day == day


async def test_a_shop_has_its_own_cut_off(tmp_path: Path) -> None:
    shop = make_shop_identity(cut_off="06:00")
    half_past_five = FakeClock(datetime(2026, 11, 23, 4, 30, tzinfo=UTC))
    async with running_till(tmp_path, clock=half_past_five, identity=shop) as till:
        await till.ready()

        assert till.state.session is not None
        assert till.state.session.business_day == "2026-11-22"


@pytest.mark.parametrize("later", [timedelta(minutes=30), timedelta(hours=12)])
async def test_a_sale_after_midnight_keeps_the_sessions_business_day(tmp_path: Path, later: timedelta) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 22, 50, tzinfo=UTC))
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(later)
        result = await till.sell()
        rows = await till.core.readers.fetch_all("SELECT business_day FROM entry WHERE kind = 'sale_completed'")

    assert result.values["document"]["date"] == "2026-11-24"
    assert rows == [("2026-11-23",)]


async def test_a_wrong_pin_signs_nobody_on(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        with pytest.raises(ForbiddenError) as refused:
            await till.submit(SignOn(new_id(), ANNA, "0000"))

        assert refused.value.code == "pin.wrong"
        assert till.state.operator is None


async def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        with pytest.raises(NotFoundError):
            await till.submit(SignOn(new_id(), "nobody", PIN))


async def test_an_operator_who_left_the_company_signs_on_no_more(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        bruno = next(change for change in operating_changes() if change.id == BRUNO)
        row = (bruno.row or {}) | {"active": False}
        await till.register.apply_operating([bruno.model_copy(update={"version": 2, "row": row})])

        with pytest.raises(ForbiddenError) as refused:
            await till.submit(SignOn(new_id(), BRUNO, PIN))

    assert refused.value.code == "operator.inactive"


@pytest.mark.parametrize(("closed", "who"), [(False, "Anna"), (True, None)])
async def test_a_restart_keeps_the_operator_as_long_as_the_session_is_open(
    tmp_path: Path, *, closed: bool, who: str | None
) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        if closed:
            await close(till)
    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.operator.name if till.state.operator else None) == who


async def test_the_pin_is_stored_nowhere(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        command = SignOn(new_id(), ANNA, PIN)
        await till.submit(command)
        rows = await till.core.readers.fetch_all("SELECT result, digest FROM command")

    assert PIN not in repr(command)
    assert PIN not in repr(rows)


async def test_another_operator_takes_over_in_the_middle_of_a_sale(till: TestTill) -> None:
    await till.scan(COFFEE)

    await till.submit(SignOn(new_id(), BRUNO, PIN))

    assert till.state.operator is not None
    assert till.state.operator.name == "Bruno"
    assert [body["reason"] for body in await bodies(till, "operator_signed_off")] == ["switched"]
    assert till.state.basket is not None


async def test_signing_off_goes_back_to_sign_on(till: TestTill) -> None:
    await till.submit(SignOff(new_id()))

    assert till.state.screen is Screen.SIGN_ON
    assert till.state.session is not None


async def test_a_session_stays_in_reach_when_the_shop_names_another_drawer(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        opened = till.state.session
        await till.register.apply_operating(operating_changes(version=4, drawer="second"))

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.session == opened
        await till.submit(CloseSession(new_id(), 10_000))
        await till.submit(OpenSession(new_id(), 5_000))
        assert till.state.session is not None
        assert till.state.session.drawer == "second"


async def test_a_training_till_has_sessions_and_z_numbers_apart(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        live = till.state.session

    async with running_till(tmp_path, mode="training") as till:
        assert till.state.session is None
        await till.ready(5_000)
        z = (await till.submit(CloseSession(new_id(), 5_000))).values["z"]
        assert (z["z_number"], z["expected_cash"]) == (1, 5_000)

    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.session, till.state.last_z) == (live, None)
        assert (await till.submit(CloseSession(new_id(), 10_000))).values["z"]["z_number"] == 1
