"""A fiscal register that fails before, during and after printing: in the end one document, and its reference."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from terminal.devices.fiscal_register.fake import FiscalFault
from tests.crash import orders
from tests.crash.conftest import MODES, POWER_CUT
from tests.crash.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World

DEADLY = (FiscalFault.CRASH_BEFORE, FiscalFault.CRASH_AFTER)
PRINTED = (FiscalFault.ANSWER_LOST, FiscalFault.CRASH_AFTER)


def fiscal_effects(world: World, document: str) -> list[dict[str, Any]]:
    return [row for row in world.read().effects if row["kind"] == "fiscal" and row["of"] == document]


def wait_for_outcome(world: World, document: str) -> dict[str, Any]:
    wait_until(lambda: fiscal_effects(world, document)[-1]["state"] in ("done", "failed", "unknown"), "an outcome")
    return fiscal_effects(world, document)[-1]


@pytest.mark.parametrize("mode", MODES)
def test_each_sale_has_one_fiscal_document_whatever_fails(mode: str, make_world: Callable[..., World]) -> None:
    world = make_world(is_fiscal=True, drop_unsynced=mode == POWER_CUT)
    world.open()
    for fault in FiscalFault:
        world.cashier.prepare()
        world.orders.give(orders.FISCAL, fault.value)
        if fault in DEADLY:
            world.crash_while(lambda: world.cashier.sell(1), None)
            world.recover()
        else:
            world.cashier.sell(1)
        document = list(world.cashier.notes.documents)[-1]
        outcome = wait_for_outcome(world, document)
        assert outcome["state"] == ("done" if fault in PRINTED else "failed"), fault
        if fault not in PRINTED:
            again = {"command_id": str(uuid.uuid4())}
            assert world.api.act(f"prints/{outcome['id']}/again", again).status == 200, fault
            outcome = wait_for_outcome(world, document)
        assert outcome["state"] == "done", fault

    world.settle()
    printed = json.loads(world.fiscal_state.read_bytes())["documents"]
    stored = [
        json.loads(row["reference"])
        for row in world.read().effects
        if row["kind"] == "fiscal" and row["state"] == "done"
    ]
    assert [one["reference"] for one in printed] == stored
    assert len(printed) == len(world.read().sales)
    assert world.violations() == []
