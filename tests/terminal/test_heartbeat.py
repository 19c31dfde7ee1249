"""What a till says of itself to head office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.wire import Change, DeviceStatus
from terminal.app import Network, _heartbeat
from terminal.plugged import Plugged
from terminal.services.routes import Routes
from terminal.sync.outbox import LedgerOutbox
from tests.terminal.shop import running_till

if TYPE_CHECKING:
    from pathlib import Path


async def test_rows_that_this_till_cannot_use_are_reported_by_name(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        core = till.core
        outbox = LedgerOutbox(tmp_path, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now)
        before = _heartbeat(core, outbox, Network(enrolled=True), Plugged(Routes()))
        await core.register.apply_operating([Change(kind="vat_code", id="vat-5", version=9, row={"code": "5"})])
        after = _heartbeat(core, outbox, Network(enrolled=True), Plugged(Routes()))

    assert before.devices == []
    assert after.devices == [DeviceStatus.of("vat_code vat-5", "registry", "attention", "registry.row")]
