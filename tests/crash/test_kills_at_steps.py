"""The till dies at every named step of a sale; nothing that was promised is gone, and nothing is there twice."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from terminal.devices.card_reader.virtual import ReaderCondition
from tests.crash.conftest import KILLED, MODES, SharedWorlds
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crash.world import World

SALE_STEPS = (
    "scan.received", "scan.resolved", "line.journaled", "tender.received", "sale.built", "sale.number_taken",
    "sale.entry_written", "sale.rows_written", "sale.committed", "sale.acknowledged", "print.rendered", "print.started",
    "print.sent", "print.answered", "print.settled", "drawer.started", "drawer.opened", "drawer.settled", "push.sent",
    "push.acknowledged",
)  # fmt: skip
FISCAL_STEPS = ("fiscal.baseline", "fiscal.started", "fiscal.issued", "fiscal.settled")
CARD_STEPS = {  # with what the reader does
    "card.intent_written": "approve", "card.intended": "approve", "card.started": "approve", "card.sent": "approve",
    "card.answered": "decline", "card.settled": "approve", "card.found": "lost",
}  # fmt: skip
REVERSAL_STEPS = {
    "card.reversal_intended": "approve", "card.reversal_started": "approve", "card.reversal_sent": "approve",
    "card.reversal_answered": "decline", "card.reversal_settled": "approve", "card.reversal_found": "lost_before",
}  # fmt: skip
SESSION_STEPS = ("session.close_written", "session.closed")


def modes(*, fiscal: bool = False) -> pytest.MarkDecorator:
    """Run in both modes, each with its own worker because it shares a world."""
    return pytest.mark.parametrize(
        "mode",
        [pytest.param(mode, marks=pytest.mark.xdist_group(f"crash {mode} {fiscal and 'fiscal'}")) for mode in MODES],
    )


@pytest.fixture
def crash(shared_worlds: SharedWorlds) -> Callable[[World, Callable[[], None]], None]:
    """Crashes a world in some way, starts it again and checks everything."""

    def crash_and_check(world: World, crash: Callable[[], None]) -> None:
        try:
            crash()
            world.recover()
            world.settle()
            assert world.violations() == []
        except BaseException:
            shared_worlds.discard(world)
            raise

    return crash_and_check


@pytest.mark.parametrize("step", SALE_STEPS)
@modes()
def test_a_till_that_dies_at_a_step_of_a_sale_goes_on_without_loss(
    step: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode)

    crash(world, lambda: world.crash_at(step))


@pytest.mark.parametrize("step", FISCAL_STEPS)
@modes(fiscal=True)
def test_a_till_that_dies_around_its_fiscal_register_has_each_document_once(
    step: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode, is_fiscal=True)

    crash(world, lambda: world.crash_at(step))


@pytest.mark.parametrize(
    ("step", "turn"), [*CARD_STEPS.items(), ("card.sent", "lost"), ("sale.rows_written", "approve")]
)
@modes()
def test_a_till_that_dies_while_a_card_is_taken_knows_the_money(
    step: str, turn: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode)

    crash(world, lambda: world.crash_while(lambda: world.cashier.pay_by_card(turn), step))

    finish(world)


@pytest.mark.parametrize(("step", "turn"), [*REVERSAL_STEPS.items(), ("card.reversal_sent", "lost")])
@modes()
def test_a_till_that_dies_while_a_card_is_given_back_knows_the_money(
    step: str, turn: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode)

    crash(world, lambda: world.crash_while(lambda: world.cashier.give_back_a_card(turn), step))

    finish(world)


@pytest.mark.parametrize("turn", ["approve", "lost_before"])
@modes()
def test_where_the_reader_says_nothing_after_a_crash_a_person_does(
    turn: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode)
    world.reader.set_condition(ReaderCondition.SILENT)
    world.cashier.is_asked = True
    try:
        crash(world, lambda: world.crash_while(lambda: world.cashier.pay_by_card(turn), "card.sent"))
        finish(world)
    finally:
        world.reader.set_condition(ReaderCondition.WELL)
        world.cashier.is_asked = False

    decided = [row for row in world.read().cards.attempts if row["reason"] == "attempt.decided"]
    assert decided[-1]["state"] == ("approved" if turn == "approve" else "declined")


def finish(world: World) -> None:
    """Sell on: nothing is stuck, and everything adds up."""
    world.cashier.sell(1)
    world.settle()
    assert world.violations() == []


@pytest.mark.parametrize("step", SESSION_STEPS)
@modes()
def test_a_till_that_dies_while_a_session_closes_has_one_z(
    step: str, mode: str, shared_worlds: SharedWorlds, crash: Callable[..., None]
) -> None:
    world = shared_worlds.get(mode)
    before = len(world.read().of("session_closed"))
    world.cashier.sell(1)

    crash(world, lambda: world.crash_while(world.cashier.close_session, step))

    assert len(world.read().of("session_closed")) == before + 1
    assert len(world.read().of("checkpoint")) == before + 1


@modes()
def test_a_half_scanned_basket_comes_back_as_it_was(mode: str, shared_worlds: SharedWorlds) -> None:
    world = shared_worlds.get(mode)
    for _ in range(3):
        world.cashier.scan()
    world.cashier.pay("card", 1)
    before = world.api.state()["sale"]

    world.till.kill()
    world.recover()

    assert world.api.state()["sale"] == before


@pytest.mark.xdist_group(f"crash {KILLED} False")
def test_every_named_step_is_tried() -> None:
    assert _named_steps() == {*SALE_STEPS, *FISCAL_STEPS, *SESSION_STEPS, *CARD_STEPS, *REVERSAL_STEPS}


def test_every_named_step_is_in_the_architecture() -> None:
    architecture = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")

    told = architecture.split("Steps: `", 1)[1].split("`", 1)[0].split()

    assert sorted(told) == sorted(_named_steps())


def _named_steps() -> set[str]:
    return {step for path in (PROJECT / "terminal").rglob("*.py") for step in _steps_in(path)}


def _steps_in(path: Path) -> Iterator[str]:
    """Yield the texts handed to ``reached`` and to ``Plan``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name.endswith("reached") or name == "Plan":
            yield from (text for arg in node.args for text in _texts(arg))


def _texts(argument: ast.expr) -> Iterator[str]:
    """Yield a text, or the texts of which one is chosen."""
    if isinstance(argument, ast.IfExp):
        yield from (text for choice in (argument.body, argument.orelse) for text in _texts(choice))
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
