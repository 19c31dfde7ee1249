"""The till dies at any moment, its start included, again and again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.crash.conftest import MODES, POWER_CUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crash.world import World

KILLS = 10
LONGEST_WORK_S = 0.4
LONGEST_START_S = 1.5
SOAK_KILLS = 50


@pytest.mark.parametrize("batch", range(2))
@pytest.mark.parametrize("mode", MODES)
def test_twenty_kills_at_random_lose_nothing(mode: str, batch: int, make_world: Callable[..., World]) -> None:
    world = make_world(drop_unsynced=mode == POWER_CUT, seed=batch, cards=batch % 2 == 1)
    kill_at_random(world, KILLS, seed=batch)


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(10))
@pytest.mark.parametrize("mode", MODES)
def test_five_hundred_kills_at_random_lose_nothing(mode: str, batch: int, make_world: Callable[..., World]) -> None:
    world = make_world(drop_unsynced=mode == POWER_CUT, seed=100 + batch, cards=batch % 2 == 1)
    kill_at_random(world, SOAK_KILLS, seed=100 + batch)


def kill_at_random(world: World, kills: int, seed: int) -> None:
    """Kill so many times, look after each time, and at the end wait for central and look at everything."""
    chance = random.Random(seed)
    world.open()
    while world.kills < kills:
        world.crash_after(chance.uniform(0, LONGEST_WORK_S))
        if chance.random() < 0.2 and world.kills < kills:
            world.crash_while_starting(chance.uniform(0, LONGEST_START_S))
        world.recover()
        assert world.violations_now() == []
    world.cashier.sell(1)
    world.settle()
    assert world.violations() == []
