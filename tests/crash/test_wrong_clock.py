"""A clock three days ahead, and back: selling goes on, a person is asked, and no document is dated before the last."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.crash import orders
from tests.crash.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World

THREE_DAYS_S = 3 * 24 * 3600


def set_clock(world: World, seconds: int) -> None:
    world.orders.give(orders.CLOCK, str(seconds))


def question(world: World) -> str | None:
    asked: str | None = world.api.state()["clock"]["question"]
    return asked


def confirm(world: World) -> None:
    assert world.api.act("clock/confirm", {"command_id": str(uuid.uuid4())}).status == 200


def last_sale(world: World) -> tuple[bool, date]:
    """Return whether the last sale's clock was suspect, and its document's date."""
    sale = world.read().sales[-1]
    return sale.header["clock_suspect"], date.fromisoformat(sale.body["document"]["date"])


def test_three_days_forward_and_back(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.sell(1)
    suspect, today = last_sale(world)
    assert (suspect, question(world)) == (False, None)

    set_clock(world, THREE_DAYS_S)
    world.cashier.sell(1)
    assert last_sale(world) == (True, today + timedelta(days=3))
    assert question(world)

    confirm(world)
    world.cashier.sell(1)
    assert question(world) is None
    assert last_sale(world) == (False, today + timedelta(days=3))

    set_clock(world, 0)
    world.cashier.sell(1)
    assert question(world)
    assert last_sale(world) == (True, today + timedelta(days=3))

    confirm(world)
    world.cashier.sell(1)
    assert question(world) is None
    assert last_sale(world)[1] == today
    corrected = [entry.body for entry in world.read().of("clock_corrected")]
    assert [body["new"] > body["old"] for body in corrected] == [True, False]
    assert {body["by"] for body in corrected} == {world.cashier.operator}
    world.settle()
    assert world.violations() == []


def test_a_jump_that_nobody_confirmed_is_gone_when_the_clock_is_right_again(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.prepare()
    set_clock(world, THREE_DAYS_S)
    wait_until(lambda: question(world) is not None, "the question without a sale")

    set_clock(world, 0)
    wait_until(lambda: question(world) is None, "the question to go")

    world.cashier.sell(1)
    assert last_sale(world)[0] is False


def test_a_wrong_clock_is_still_seen_after_a_restart(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.sell(1)
    world.wait_until_sent()
    world.till.kill()
    world.central.pause()
    try:
        set_clock(world, THREE_DAYS_S)
        world.start()
        world.cashier.sell(1)
        asked, (suspect, _) = question(world), last_sale(world)
        world.till.kill()
        world.start()
        asked_again = question(world)
    finally:
        world.central.go_on()

    assert asked
    assert suspect
    assert asked_again
