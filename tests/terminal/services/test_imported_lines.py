"""Lines of receipts made elsewhere: many at once, but never more in a sale than central takes as one entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson
import pytest

from commerce.bodies.form import MAX_LINES
from commerce.errors import BadInputError, RuleError
from commerce.ids import new_id
from commerce.wire import MAX_BODY_BYTES, to_wire
from terminal.db import ledger
from terminal.services.clock import ReplayClock
from terminal.services.commands import AddTender, ImportedLine, ImportLines
from tests.terminal.shop import running_till

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_longest_sale_fits_into_one_push_and_one_line_more_is_refused(tmp_path: Path) -> None:
    rows = tuple(ImportedLine("C" * 512, "è" * 512, Decimal("1.5"), 1, "22") for _ in range(MAX_LINES // 2))
    clock = ReplayClock(datetime(2026, 11, 2, 10, 0, tzinfo=UTC))
    async with running_till(tmp_path, clock=clock, mode="replay") as till:
        await till.ready()
        await till.submit(ImportLines(new_id(), rows))
        await till.submit(ImportLines(new_id(), rows))
        with pytest.raises(RuleError) as refused:
            await till.submit(ImportLines(new_id(), rows[:1]))
        assert till.state.basket is not None
        await till.submit(AddTender(new_id(), till.state.basket.sale, "card", MAX_LINES))
        chain = till.core.chains.chain
        last = await ledger.read_last_seq(till.core.readers, chain)
        [entry] = await ledger.read_unsent(till.core.readers, chain, last - 1, 500)

    assert (refused.value.code, refused.value.values) == ("sale.too_long", {"most": MAX_LINES})
    assert entry.seq == last
    assert ledger.MAX_READ_BYTES < len(orjson.dumps(to_wire(entry).model_dump())) < MAX_BODY_BYTES


async def test_whatever_line_is_taken_the_till_starts_on_it_again(tmp_path: Path) -> None:
    longest = ImportedLine("C" * 512, "d" * 512, Decimal("0.000001"), 10**6, "22")
    clock = ReplayClock(datetime(2026, 11, 2, 10, 0, tzinfo=UTC))
    async with running_till(tmp_path, clock=clock, mode="replay") as till:
        await till.ready()
        await till.submit(ImportLines(new_id(), (replace(longest, total_cents=100),)))
        before = till.state.basket
        for line, code in (
            (longest, "price.unreadable"),
            (replace(longest, total_cents=100, code="C" * 513), "body.out_of_bounds"),
        ):
            with pytest.raises(BadInputError) as refused:
                await till.submit(ImportLines(new_id(), (line,)))
            assert refused.value.code == code
    async with running_till(tmp_path, clock=clock, mode="replay", fill=False) as till:
        assert till.state.basket == before
