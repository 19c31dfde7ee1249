"""A session opened while the clock was years wrong: once a person confirms the clock, its day is the right one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from commerce.bounds import check_bounds
from commerce.ids import new_id
from terminal.services.commands import CloseSession, ConfirmClock
from terminal.services.verification import verify_ledger
from tests.fakes.clock import START, FakeClock
from tests.terminal.services.test_integrity import CASH
from tests.terminal.services.test_putting_right import execute, told
from tests.terminal.shop import TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path

TEN_YEARS = timedelta(days=3650)
TODAY = "2026-11-23"


async def refused_by_central(till: TestTill, clock: FakeClock, after: int = 0) -> list[str]:
    """Return the kinds of entries whose time central cannot take."""
    rows = await till.core.readers.fetch_all("SELECT header FROM entry WHERE seq > ? ORDER BY seq", (after,))
    headers = [orjson.loads(row[0]) for row in rows]
    return [header["kind"] for header in headers if check_bounds(header, clock.now())]


async def opened_wrong_and_confirmed(till: TestTill, clock: FakeClock, wrong: timedelta) -> int:
    """Open a session and sell by a wrong clock, set it right, confirm; return where the ledger stands then."""
    clock.jump(wrong)
    await till.ready()
    await till.sell()
    clock.jump(-wrong)
    till.register.refresh_clock()
    await till.submit(ConfirmClock(new_id()))
    return till.core.chains.head.seq


@pytest.mark.parametrize("wrong", [TEN_YEARS, -TEN_YEARS, timedelta(days=1)])
async def test_what_follows_is_of_the_right_day_and_so_is_the_z(tmp_path: Path, wrong: timedelta) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        seq = await opened_wrong_and_confirmed(till, clock, wrong)
        is_ahead = wrong > timedelta()
        assert not till.state.clock.asks
        await till.sell()
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]
        await till.ready()
        await till.sell()

        assert closed["business_day"] == TODAY
        assert closed["sales"] == 2
        assert await refused_by_central(till, clock, seq) == []
        assert await till.core.readers.fetch_one("SELECT count(*) FROM session WHERE business_day <> ?", (TODAY,)) == (
            0,
        )
        assert is_ahead or till.state.notices == ()
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None]


async def test_a_person_is_asked_even_where_nothing_was_sold_and_nobody_doubts_the_clock_any_more(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        clock.jump(TEN_YEARS)
        await till.ready()
        clock.jump(-TEN_YEARS)
        till.register.refresh_clock()

        assert (till.state.clock.suspect, till.state.clock.dated_until) == (False, None)
        assert till.state.clock.asks
        corrected = (await till.submit(ConfirmClock(new_id()))).values
        assert (corrected["business_day"], corrected["sub_series"]) == (TODAY, None)
        assert not till.state.clock.asks


async def test_the_right_day_outlasts_a_restart_and_a_hand_on_its_row(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await opened_wrong_and_confirmed(till, clock, TEN_YEARS)
    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert till.state.session is not None
        assert till.state.session.business_day == TODAY
        assert till.state.notices == ()
    await asyncio.to_thread(execute, tmp_path, "UPDATE session SET business_day = '2036-11-20'")

    async with running_till(tmp_path, clock=clock, fill=False) as till:
        assert await told(till) == ["ledger.session_changed"]
        assert till.state.session is not None
        assert till.state.session.business_day == TODAY
        assert (await till.submit(CloseSession(new_id(), CASH))).values["z"]["business_day"] == TODAY


async def test_a_session_that_goes_on_behind_midnight_keeps_its_day(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(timedelta(days=3))
        till.register.refresh_clock()
        assert not till.state.clock.asks
        clock.jump(timedelta(hours=1))
        till.register.refresh_clock()
        corrected = (await till.submit(ConfirmClock(new_id()))).values

        assert corrected["business_day"] is None
        assert (await till.submit(CloseSession(new_id(), CASH))).values["z"]["business_day"] == TODAY


async def test_a_session_older_than_central_takes_asks_too(tmp_path: Path) -> None:
    clock = FakeClock(START)
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(timedelta(days=70))
        till.register.refresh_clock()
        assert till.state.clock.asks
        seq = till.core.chains.head.seq
        await till.submit(ConfirmClock(new_id()))
        await till.sell()

        assert await refused_by_central(till, clock, seq) == []


@pytest.mark.parametrize("hours", range(0, 24, 3))
@pytest.mark.parametrize("days", [59, 60, 61, 62])
async def test_what_nobody_is_asked_about_is_what_central_takes(tmp_path: Path, days: int, hours: int) -> None:
    clock = FakeClock(START)
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.advance(timedelta(days=days, hours=hours))
        till.register.refresh_clock()
        seq = till.core.chains.head.seq
        await till.sell()

        assert till.state.clock.asks or await refused_by_central(till, clock, seq) == []
