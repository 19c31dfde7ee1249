"""The printer's plug is pulled in the middle of a receipt: the sale stands, and its paper is offered again, marked."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.crash.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World

SOME_BYTES = 300


def print_of(world: World, document: str) -> dict[str, Any] | None:
    found = [job for job in world.api.state()["prints"] if job["of"] == document]
    return found[-1] if found else None


def print_again(world: World, print_id: str) -> str:
    answer = world.api.act(f"prints/{print_id}/again", {"command_id": str(uuid.uuid4())})
    assert answer.status == 200, answer
    printed = str(answer.values["print"])
    wait_until(lambda: state_of(world, printed) not in ("intended", "started"), "the print to end")
    return printed


def state_of(world: World, print_id: str) -> str:
    return next(str(row["state"]) for row in world.read().effects if row["id"] == print_id)


def test_a_receipt_torn_off_by_the_plug_is_offered_again_as_reprint_and_then_as_copy(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.open()
    world.printer.unplug()
    world.printer.plug_in("stall", SOME_BYTES)
    world.cashier.sell(1)
    document, number = next(iter(world.cashier.notes.documents.items()))
    wait_until(lambda: world.printer.paper.stat().st_size >= SOME_BYTES, "half a receipt")

    world.printer.unplug()

    wait_until(lambda: (print_of(world, document) or {}).get("state") == "unknown", "the outcome to be unknown")
    offered = print_of(world, document)
    assert offered is not None
    assert offered["needs_person"]
    assert "again" in [action["name"] for action in offered["actions"]]
    assert [entry.body["document"]["formatted"] for entry in world.read().sales] == [number]
    world.printer.plug_in()
    reprint = print_again(world, offered["id"])
    copy = print_again(world, reprint)
    assert (state_of(world, reprint), state_of(world, copy)) == ("done", "done")
    torn, marked, copied = world.receipts()
    assert (torn.is_reprint, torn.is_copy) == (False, False)
    assert (marked.number, marked.is_reprint) == (number, True)
    assert (copied.number, copied.is_copy) == (number, True)
    world.settle()
    assert world.violations() == []


def test_a_printer_that_is_off_costs_no_sale_and_prints_without_mark_later(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.printer.unplug()
    world.cashier.sell(1)
    document = next(iter(world.cashier.notes.documents))
    wait_until(lambda: (print_of(world, document) or {}).get("state") == "failed", "the print to fail")

    world.printer.plug_in()
    offered = print_of(world, document)
    assert offered is not None
    print_again(world, offered["id"])

    (receipt,) = world.receipts()
    assert not receipt.is_reprint
    assert not receipt.is_copy
    world.settle()
    assert world.violations() == []
