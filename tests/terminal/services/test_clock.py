"""A wrong clock never stops a sale, never dates a document backwards, and asks a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.bodies.form import read
from commerce.bodies.header import Header
from commerce.bodies.reading import read_body
from commerce.errors import ForbiddenError, RuleError
from commerce.ids import new_id
from terminal.services.clock import LastSigns, ReplayClock, SystemClock, WatchedClock
from terminal.services.commands import CloseSession, ConfirmClock, ImportedLine, ImportLines, SetReplayClock
from terminal.services.till_core import open_till
from tests.fakes.clock import START, FakeClock
from tests.terminal.shop import ANNA, COFFEE, TestTill, make_shop_identity, operating_changes, running_till

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.services.clock import Clock

THREE_DAYS = timedelta(days=3)
TEN_YEARS = timedelta(days=3650)


async def headers(till: TestTill, kind: str) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT header FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [orjson.loads(row[0]) for row in rows]


@pytest.mark.parametrize("jump", [THREE_DAYS, -THREE_DAYS, timedelta(minutes=11), timedelta(minutes=-11)])
async def test_a_jump_asks_a_person_and_selling_goes_on(tmp_path: Path, jump: timedelta) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.sell()
        clock.jump(jump)
        await till.sell()

        assert till.state.clock.suspect
        assert till.state.clock.jump_s == jump.total_seconds()
        assert [header["clock_suspect"] for header in await headers(till, "sale_completed")] == [False, True]


@pytest.mark.parametrize("jump", [timedelta(days=-30), timedelta(days=-10_000), timedelta(days=-20_000)])
async def test_a_document_has_the_rate_of_its_own_date_however_far_the_clock_went_back(
    tmp_path: Path, jump: timedelta
) -> None:
    clock = FakeClock()
    code = next(change for change in operating_changes() if change.id == "vat-22")
    rates = [["2013-10-01", "22.00"], ["2026-11-01", "23.00"]]
    async with running_till(tmp_path, clock=clock) as till:
        await till.core.register.apply_operating(
            [code.model_copy(update={"row": {**(code.row or {}), "rates": rates}})]
        )
        await till.ready()
        await till.sell()
        clock.jump(jump)
        await till.sell()
        rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'sale_completed' ORDER BY seq")

    sold = [(body["document"]["date"], body["taxes"][0]["rate"]) for body in (orjson.loads(row[0]) for row in rows)]
    assert sold == [("2026-11-23", "23.00")] * 2


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)])
async def test_a_machine_that_starts_in_a_year_that_no_entry_can_say_sells_and_is_asked_about(
    tmp_path: Path, at: datetime
) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.sell()
    clock.jump(at - clock.now())
    clock.reboot()
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        await till.sell()
        assert till.state.clock.suspect
        for kind, body in await till.core.readers.fetch_all("SELECT kind, body FROM entry"):
            read_body(kind, 1, body)
        for (header,) in await till.core.readers.fetch_all("SELECT header FROM entry"):
            read(Header, header)
        await till.submit(CloseSession(new_id(), 20_000))


async def test_a_small_step_asks_nobody(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(timedelta(minutes=9))
        await till.sell()

        assert not till.state.clock.suspect


async def test_a_quiet_night_is_no_jump(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(timedelta(hours=14))
        await till.sell()

        assert not till.state.clock.suspect


async def test_a_persons_word_is_written_and_ends_the_doubt(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(THREE_DAYS)
        till.register.refresh_clock()
        assert till.state.clock.suspect

        result = await till.submit(ConfirmClock(new_id()))
        await till.sell()

        assert not till.state.clock.suspect
        assert (result.values["old"][:10], result.values["new"][:10]) == ("2026-11-23", "2026-11-26")
        assert [header["clock_suspect"] for header in await headers(till, "sale_completed")] == [False]
        assert len(await headers(till, "clock_corrected")) == 1


async def test_nobody_confirms_a_good_clock(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        with pytest.raises(RuleError) as refused:
            await till.submit(ConfirmClock(new_id()))

    assert refused.value.code == "clock.not_suspect"


async def test_a_clock_is_confirmed_by_somebody(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        clock.jump(THREE_DAYS)
        till.register.refresh_clock()
        with pytest.raises(ForbiddenError):
            await till.submit(ConfirmClock(new_id()))

        assert till.state.clock.suspect
        await till.ready()
        await till.submit(ConfirmClock(new_id()))
        assert [header["operator"] for header in await headers(till, "clock_corrected")] == [ANNA]


async def test_a_document_is_never_dated_before_the_last_one_until_a_person_says_so(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.sell()
        clock.jump(-THREE_DAYS)
        result = await till.sell()

        assert result.values["document"]["date"] == "2026-11-23"
        assert [header["clock_suspect"] for header in await headers(till, "sale_completed")] == [False, True]


async def test_after_a_backward_correction_numbers_go_on_in_a_sub_series_of_the_right_date(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        first = await till.sell()
        clock.jump(TEN_YEARS)
        await till.submit(ConfirmClock(new_id()))
        ahead = await till.sell()
        clock.jump(-TEN_YEARS)
        corrected = await till.submit(ConfirmClock(new_id()))
        third, fourth = await till.sell(), await till.sell()
        marks = [header["clock_suspect"] for header in await headers(till, "sale_completed")]

        dates = [result.values["document"]["date"] for result in (first, ahead, third, fourth)]
        assert dates == ["2026-11-23", "2036-11-20", "2026-11-23", "2026-11-23"]
        assert corrected.values["sub_series"] == 1
        assert marks == [False, False, False, False]
        assert not till.state.clock.asks
    numbers = [result.values["document"]["formatted"] for result in (first, ahead, third, fourth)]
    assert [number.rpartition("/")[2] for number in numbers] == ["000001", "000001", "000001", "000002"]
    assert len(set(numbers)) == 4
    assert numbers[2].split("/")[0] == numbers[0].split("/")[0] + "-1"


async def test_the_sub_series_outlasts_a_restart_and_the_next_correction_opens_another(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.sell()
        clock.jump(-THREE_DAYS)
        till.register.refresh_clock()
        await till.submit(ConfirmClock(new_id()))
        await till.sell()

    async with running_till(tmp_path, clock=clock, fill=False) as till:
        second = await till.sell()
        clock.jump(-THREE_DAYS)
        till.register.refresh_clock()
        corrected = await till.submit(ConfirmClock(new_id()))
        third = await till.sell()

    assert second.values["document"]["formatted"].endswith("-1/26/000002")
    assert corrected.values["sub_series"] == 2
    assert (third.values["document"]["date"], third.values["document"]["formatted"][-12:]) == (
        "2026-11-17",
        "-2/26/000001",
    )


async def test_documents_dated_ahead_ask_a_person_when_the_clock_came_right_by_itself(tmp_path: Path) -> None:
    """Nobody confirmed the wrong clock, and it is right again: receipts must not stay dated ahead for good."""
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(TEN_YEARS)
        await till.sell()
        clock.jump(-TEN_YEARS)
        till.register.refresh_clock()
        assert (till.state.clock.suspect, till.state.clock.asks) == (False, True)
        still_ahead = await till.sell()

    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert till.state.clock.asks
        await till.submit(ConfirmClock(new_id()))
        right = await till.sell()

        assert still_ahead.values["document"]["date"] == "2036-11-20"
        assert right.values["document"]["date"] == "2026-11-23"
        assert not till.state.clock.asks


async def test_the_genesis_written_in_doubt_is_marked(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(-THREE_DAYS)
        await till.register.open_new_chain("restored")
        marks = [header["clock_suspect"] for header in await headers(till, "chain_opened")]

    assert sorted(marks) == [False, True]


@pytest.mark.parametrize("off", [timedelta(hours=12), timedelta(days=2, hours=14), timedelta(days=3, hours=23)])
async def test_a_machine_that_was_off_for_a_night_or_a_weekend_asks_nobody(tmp_path: Path, off: timedelta) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()

    clock.reboot(off)
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        await till.sell()
        assert (till.state.clock.suspect, till.state.clock.doubt) == (False, "")
        assert [header["clock_suspect"] for header in await headers(till, "sale_completed")] == [False]


@pytest.mark.parametrize(
    ("off", "doubt"),
    [(timedelta(days=5), "off_too_long"), (TEN_YEARS, "off_too_long"), (-timedelta(minutes=11), "went_back")],
)
async def test_what_being_off_cannot_explain_is_asked_and_says_why(tmp_path: Path, off: timedelta, doubt: str) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()

    clock.reboot(off)
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert (till.state.clock.suspect, till.state.clock.doubt) == (True, doubt)
        await till.submit(ConfirmClock(new_id()))
        assert not till.state.clock.suspect


async def test_a_daemon_started_again_on_a_running_machine_knows_how_long_it_was_away(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()

    clock.advance(timedelta(days=30))
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert not till.state.clock.suspect
    clock.jump(timedelta(hours=2))
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert (till.state.clock.suspect, till.state.clock.doubt) == (True, "jumped")


async def test_a_doubt_is_not_explained_away_by_switching_the_machine_off(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(THREE_DAYS)
        await till.sell()

    clock.reboot(timedelta(hours=10))
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert till.state.clock.suspect
        clock.jump(-THREE_DAYS)
    clock.reboot()
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert not till.state.clock.suspect


@given(
    off=st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    doubted=st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=400)),
)
def test_after_a_start_the_clock_is_doubted_or_trusted_and_central_always_settles_it(
    off: timedelta, doubted: timedelta | None
) -> None:
    clock = FakeClock(START + off)
    watched = WatchedClock(clock)

    watched.start(LastSigns(START, None if doubted is None else START + doubted))

    now, suspect = watched.read()
    assert now == START + off
    if not timedelta(minutes=-10) <= off <= timedelta(days=4):
        assert suspect
    if doubted is None and timedelta() <= off <= timedelta(days=4):
        assert not suspect
    watched.note_central(timedelta())
    assert watched.read() == (now, False)


async def test_the_doubt_survives_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(THREE_DAYS)
        await till.sell()

    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert till.state.clock.suspect
        clock.jump(-THREE_DAYS)
        await till.sell()
        assert not till.state.clock.suspect


async def test_a_clock_that_jumped_while_the_till_was_off_is_noticed(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()

    clock.jump(-THREE_DAYS)
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert till.state.clock.suspect


async def test_centrals_time_ends_the_doubt(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(THREE_DAYS)
        till.register.note_central_time(timedelta(seconds=2))

        assert (till.state.clock.suspect, till.state.clock.central_offset_ms) == (False, 2000)


async def test_a_clock_far_from_centrals_is_doubted_until_a_person_overrules(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        till.register.note_central_time(timedelta(days=-3))
        assert till.state.clock.suspect

        await till.submit(ConfirmClock(new_id()))
        till.register.note_central_time(timedelta(days=-3, seconds=5))

        assert not till.state.clock.suspect


async def test_summer_time_is_no_jump(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(timedelta(hours=1))
        await till.sell()
        offsets = [header["utc_offset"] for header in await headers(till, "sale_completed")]

    assert offsets == ["+01:00"]
    assert not till.state.clock.suspect


def test_the_machines_clock_only_grows() -> None:
    clock = WatchedClock(SystemClock())

    assert clock.read()[1] is False
    assert clock.expected() <= clock.expected()


async def test_a_replayed_till_takes_its_time_and_lines_from_outside(tmp_path: Path) -> None:
    at = datetime(2021, 12, 1, 8, 26, tzinfo=UTC)
    async with running_till(tmp_path, clock=ReplayClock(START.replace(year=2020)), mode="replay") as till:
        await till.ready()
        await till.submit(SetReplayClock(new_id(), at))
        rows = (
            ImportedLine("85123A", "HANGING HEART", Decimal(6), 1530, "22"),
            ImportedLine("M", "Manual", Decimal(0), 0, "22"),
            ImportedLine("D", "Discount", Decimal(-1), -333, "22"),
            ImportedLine("K", "Cloth", Decimal("0.300000"), 100, "22"),
        )
        await till.submit(ImportLines(new_id(), rows))
        assert till.state.basket is not None
        prices = [line.unit_price for line in till.state.basket.lines]
        result = await till.pay("cash")

        assert prices == [Decimal("2.55"), 0, Decimal("3.33"), Decimal("3.33333333")]
        assert result.values["document"]["date"] == "2021-12-01"
        assert result.values["effects"] == []
        assert not till.state.clock.suspect


async def test_a_wholly_negative_receipt_is_replayed(tmp_path: Path) -> None:
    async with running_till(tmp_path, clock=ReplayClock(START), mode="replay") as till:
        await till.ready()
        await till.submit(ImportLines(new_id(), (ImportedLine("C", "Back", Decimal(-2), -499, "22"),)))
        result = await till.pay("cash")

        assert result.values["change_cents"] == 0


async def test_replay_commands_are_refused_on_a_live_till(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for command in (SetReplayClock(new_id(), START), ImportLines(new_id(), ())):
            with pytest.raises(RuleError) as refused:
                await till.submit(command)
            assert refused.value.code == "replay.only"


@pytest.mark.parametrize(("mode", "clock"), [("live", ReplayClock(START)), ("replay", FakeClock())])
async def test_a_replay_clock_and_a_live_enrolment_do_not_go_together(tmp_path: Path, mode: str, clock: Clock) -> None:
    with pytest.raises(RuleError) as refused:
        await open_till(tmp_path, make_shop_identity(mode), clock=clock, app_version="1")

    assert refused.value.code == "replay.only"


async def test_a_restarted_replay_goes_on_at_its_last_time(tmp_path: Path) -> None:
    later = START + THREE_DAYS
    async with running_till(tmp_path, clock=ReplayClock(START), mode="replay") as till:
        await till.submit(SetReplayClock(new_id(), later))
        await till.ready()

    again = ReplayClock(START)
    async with running_till(tmp_path, clock=again, mode="replay", fill=False):
        assert again.now() == later


async def test_selling_goes_on_while_the_clock_is_doubted(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        await till.scan(COFFEE)
        clock.jump(THREE_DAYS)

        assert (await till.pay()).values["change_cents"] == 0
