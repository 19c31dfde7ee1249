"""The suite can fail: a till that syncs less, or prints before it commits, is caught."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.crash.cashier import UnexpectedRefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World


def violations_after_crash(world: World, step: str) -> list[str]:
    """Sell, crash at a step, start again if that is still possible, and return what the suite reports."""
    world.open()
    world.cashier.sell(3)
    world.crash_at(step)
    with contextlib.suppress(UnexpectedRefusalError):  # a till that forgot who was signed on is in the report too
        world.recover()
    return world.violations_now()


@pytest.mark.parametrize("mutant", ["synchronous-normal", "synchronous-off"])
def test_a_till_that_syncs_less_loses_acknowledged_sales_in_a_power_cut(
    mutant: str, make_world: Callable[..., World]
) -> None:
    found = violations_after_crash(make_world(mutant=mutant, drop_unsynced=True), "sale.acknowledged")

    assert sum(violation.startswith("lost: acknowledged sale") for violation in found) >= 3


@pytest.mark.parametrize("mutant", ["synchronous-normal", "synchronous-off"])
def test_a_kill_alone_does_not_show_that_a_till_syncs_less(mutant: str, make_world: Callable[..., World]) -> None:
    assert violations_after_crash(make_world(mutant=mutant), "sale.acknowledged") == []


@pytest.mark.parametrize("drop_unsynced", [False, True])
def test_a_till_that_prints_before_it_commits_has_printed_what_it_does_not_know(
    drop_unsynced: bool, make_world: Callable[..., World]
) -> None:
    world = make_world(mutant="print-first", drop_unsynced=drop_unsynced)

    found = violations_after_crash(world, "sale.rows_written")

    assert any(violation.startswith("printed, not in the ledger") for violation in found)


@pytest.mark.parametrize("drop_unsynced", [False, True])
def test_a_till_that_asks_the_card_reader_before_it_commits_has_taken_what_it_does_not_know(
    drop_unsynced: bool, make_world: Callable[..., World]
) -> None:
    world = make_world(mutant="ask-first", drop_unsynced=drop_unsynced)
    world.open()

    world.crash_while(lambda: world.cashier.pay_by_card("approve"), "card.intent_written")
    world.start()

    assert any("asked for what is not on disk" in violation for violation in world.violations_now())


def test_an_unbroken_till_is_not_accused(make_world: Callable[..., World]) -> None:
    assert violations_after_crash(make_world(drop_unsynced=True), "sale.rows_written") == []
