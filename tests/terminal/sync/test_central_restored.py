"""A central that was restored from before whole chains gets every chain that it lacks, without a further sale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.central import FakeCentral
from tests.terminal.shop import running_till
from tests.terminal.sync.test_damaged_entries import pusher_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("lost", [[0], [1], [0, 1]])
async def test_chains_that_central_lost_as_a_whole_are_sent_at_the_next_contact(
    tmp_path: Path, lost: list[int]
) -> None:
    async with running_till(tmp_path) as till:
        central = FakeCentral(till.core.chains.till)
        await till.ready()
        await till.sell()
        await till.core.register.open_new_chain("restored")
        await till.sell()
        await pusher_of(tmp_path, till, central).turn()
        delivered = {chain: list(entries) for chain, entries in central.chains.items()}
        chains = list(delivered)
        for place in lost:
            del central.chains[chains[place]]

        await pusher_of(tmp_path, till, central).turn()

        assert len(chains) == 2
        assert central.chains == delivered
