"""Hands on the table of chains: numbering does not move, no sale is left out of a Z, and head office is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from terminal.services.commands import CloseSession, ConfirmClock
from terminal.services.verification import verify_ledger
from tests.fakes.clock import FakeClock
from tests.terminal.services.test_integrity import CASH, three_sales, with_another_key
from tests.terminal.services.test_putting_right import execute, the_fourth_sale_and_its_z, told
from tests.terminal.shop import TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path

CHANGED = "ledger.chain_changed"
ONE_CHAIN = {
    "taken away": "DELETE FROM chain",
    "of another till": "UPDATE chain SET till = 'another'",
    "of another mode": "UPDATE chain SET mode = 'training'",
    "of no mode": "UPDATE chain SET mode = 'none'",
    "with another key": "UPDATE chain SET key_id = 'ab', public_key = x'00'",
    "with another name": "UPDATE chain SET chain = 'x'",
    "numbered otherwise": "UPDATE chain SET series_tag = 'ZZZZ'",
    "in another sub-series": "UPDATE chain SET sub_series = 4",
    "of another day": "UPDATE chain SET opened_at = '2020-01-01T00:00:00.000000Z'",
    "not written any more": "UPDATE chain SET current = 0",
    "with one that is none": "INSERT INTO chain SELECT 9, 7, till, 'no', opened_at, key_id, public_key, '', 0, 0"
    " FROM chain",
}
TWO_CHAINS = {
    "the older one is written": "UPDATE chain SET current = 0; UPDATE chain SET current = 1 WHERE position = 1",
    "in the other order": "UPDATE chain SET position = 9 WHERE position = 1",
    "the newer one taken away": "DELETE FROM chain WHERE position = 2",
    "the older one taken away": "DELETE FROM chain WHERE position = 1",
    "both taken away": "DELETE FROM chain",
}


def number_of(till: TestTill) -> str:
    assert till.state.done is not None
    return till.state.done.formatted


@pytest.mark.parametrize("what", ONE_CHAIN)
async def test_a_changed_row_moves_no_numbering_and_leaves_no_sale_out(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        chain = till.state.till.chain
    await asyncio.to_thread(execute, tmp_path, ONE_CHAIN[what])

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.till.chain == chain
        assert "ledger.rows_changed" in [notice.code for notice in till.state.notices]
        assert CHANGED in await told(till)
        assert await the_fourth_sale_and_its_z(till) == ("000004", 4, 1)
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None]


@pytest.mark.parametrize("what", TWO_CHAINS)
async def test_of_two_chains_the_newer_one_goes_on_and_the_z_has_the_sales_of_both(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.register.open_new_chain("forked")
        await till.sell()
        first, chain = number_of(till), till.state.till.chain
    await asyncio.to_thread(execute, tmp_path, TWO_CHAINS[what])

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.till.chain == chain
        assert CHANGED in await told(till)
        second = (await till.sell()).values["document"]["formatted"]
        assert (second[:-6], first[-6:], second[-6:]) == (first[:-6], "000001", "000002")
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]
        assert (closed["sales"], closed["z_number"]) == (5, 1)
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None, None]


async def test_a_z_looks_as_well_and_leaves_out_no_sale(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.register.open_new_chain("forked")
        await till.sell()
        execute(tmp_path, TWO_CHAINS["in the other order"])
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]

        assert (closed["sales"], closed["z_number"]) == (4, 1)
        assert CHANGED in await told(till)


@pytest.mark.parametrize("with_a_sale", [True, False])
@pytest.mark.parametrize("sub_series", [0, 7])
async def test_numbers_stay_in_the_sub_series_that_a_person_began(
    tmp_path: Path, sub_series: int, with_a_sale: bool
) -> None:
    clock = FakeClock()
    async with running_till(tmp_path, clock=clock) as till:
        await till.ready()
        clock.jump(timedelta(days=400))
        await till.sell()
        clock.jump(timedelta(days=-400))
        await till.submit(ConfirmClock(new_id()))
        if with_a_sale:
            await till.sell()
        await till.submit(CloseSession(new_id(), CASH))
    await asyncio.to_thread(execute, tmp_path, f"UPDATE chain SET sub_series = {sub_series}")

    async with running_till(tmp_path, clock=clock, fill=False) as till:
        await till.ready()
        sold = (await till.sell()).values["document"]
        assert f"{till.core.chains.series_tag}-1/" in sold["formatted"]
        assert sold["formatted"].endswith("000002" if with_a_sale else "000001")
        assert CHANGED in await told(till)


async def test_nothing_is_said_of_a_table_that_nobody_changed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.register.open_new_chain("forked")
        await till.register.open_new_chain("forked")
    for _ in range(2):
        async with running_till(tmp_path, fill=False) as till:
            assert till.state.notices == ()
            assert await told(till) == []


async def test_what_nobody_signed_is_not_written_on(tmp_path: Path) -> None:
    """A chain that somebody made up, whole and with a key of its own, does not become the one that is written."""
    own, made_up = tmp_path / "own", tmp_path / "made up"
    own.mkdir()
    made_up.mkdir()
    async with running_till(own) as till:
        await three_sales(till)
        chain = till.state.till.chain
    async with running_till(made_up, identity=with_another_key()) as other:
        await three_sales(other)
    columns = "chain, till, mode, opened_at, key_id, public_key, series_tag, sub_series"
    script = (
        f"ATTACH '{made_up / 'ledger.db'}' AS other; UPDATE chain SET current = 0;"
        f" INSERT INTO chain ({columns}, current) SELECT {columns}, 1 FROM other.chain;"
        " INSERT INTO entry SELECT * FROM other.entry"
    )
    await asyncio.to_thread(execute, own, script)

    async with running_till(own, fill=False) as till:
        assert till.state.till.chain == chain
        assert CHANGED in await told(till)
