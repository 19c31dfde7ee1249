"""What scans do to the sale and to the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from terminal.devices.protocols import Scan
from terminal.services.scans import take_scan
from tests.terminal.shop import COFFEE, TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


async def test_a_code_is_sold(till: TestTill) -> None:
    await take_scan(till.register, Scan("scanner", 1, COFFEE, NOON))

    assert till.state.basket is not None
    assert len(till.state.basket.lines) == 1


async def test_an_unknown_code_and_a_doubtful_one_are_both_told_and_sell_nothing(till: TestTill) -> None:
    await take_scan(till.register, Scan("scanner", 1, "0000000000", NOON))
    await take_scan(till.register, Scan("scanner", 2, "", NOON, "events_lost"))

    assert till.state.basket is None
    assert [notice.code for notice in till.state.notices] == ["code.unknown", "scan.doubtful"]
    assert till.state.notices[1].values == {"device": "scanner", "reason": "events_lost"}
