"""What scans do to the sale and to the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from commerce.errors import ConflictError, ForbiddenError
from commerce.ids import new_id
from terminal.devices.protocols import Scan
from terminal.services import notices
from terminal.services.commands import AddItem
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


async def test_a_good_scan_answers_scans_alone_and_what_nobody_has_seen_stays(till: TestTill) -> None:
    till.register.tell(ConflictError("ledger.numbers_missing", count=1, after=2))
    await take_scan(till.register, Scan("scanner", 1, "0000000000", NOON))
    await take_scan(till.register, Scan("scanner", 2, "", NOON, "events_lost"))
    till.register.tell(ForbiddenError("operator.inactive", operator="Bruno"))

    await take_scan(till.register, Scan("scanner", 3, COFFEE, NOON))

    assert [notice.code for notice in till.state.notices] == ["ledger.numbers_missing", "operator.inactive"]


async def test_a_chosen_item_leaves_alarms_too(till: TestTill) -> None:
    till.register.tell(ConflictError("ledger.numbers_missing", count=1, after=2))

    await till.submit(AddItem(new_id(), COFFEE))

    assert [notice.code for notice in till.state.notices] == ["ledger.numbers_missing"]


async def test_however_many_scans_fail_none_pushes_an_alarm_out(till: TestTill) -> None:
    till.register.tell(ConflictError("ledger.numbers_missing", count=1, after=2))

    for number in range(3 * notices.MOST):
        await take_scan(till.register, Scan("scanner", number, f"00000000{number:02}", NOON))

    assert len(till.state.notices) == notices.MOST
    assert till.state.notices[0].code == "ledger.numbers_missing"
    assert till.state.notices[-1].values["scanned"] == f"00000000{3 * notices.MOST - 1}"
