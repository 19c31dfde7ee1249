"""Till and central die at the same moment, on both engines: both come back, nothing is lost, nothing counts twice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.crash.central_world import Central
from tests.crash.conftest import MODES, POWER_CUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.crash.world import World

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
# Central reads, keeps, signs, answers and projects what it was sent within so many milliseconds.
PUSH_MS, SOAK_PUSH_MS = (0.0, 5.0, 20.0), (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 80.0)
KILLS, SOAK_KILLS = 4, 30
LONGEST_WORK_MS = 400.0


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How both die: killed, or with what neither has synced."""
    return str(request.param)


@pytest.fixture(params=ENGINES)
def own_central(request: pytest.FixtureRequest, tmp_path: Path, mode: str) -> Iterator[Central]:
    """A central of the test's own, on either engine; PostgreSQL itself stays up, as on a machine of its own."""
    is_sqlite = request.param == "sqlite"
    url = None if is_sqlite else request.getfixturevalue("postgres_url")
    central = Central(tmp_path / "central", 1, url, drop_unsynced=is_sqlite and mode == POWER_CUT)
    central.open()
    yield central
    central.stop()


@pytest.fixture
def world(mode: str, own_central: Central, make_world: Callable[..., World]) -> World:
    """A till of that central, whose cashier takes cards too."""
    world = make_world(central=own_central, drop_unsynced=mode == POWER_CUT, cards=True)
    world.open()
    return world


@pytest.mark.parametrize("moments", [PUSH_MS, pytest.param(SOAK_PUSH_MS, marks=pytest.mark.soak)], ids=["few", "many"])
def test_both_killed_around_a_push_lose_nothing(moments: Sequence[float], world: World) -> None:
    for nth, after_ms in enumerate(moments):
        world.crash_with_central("push.sent", after_ms)
        come_back(world, is_till_first=nth % 2 == 0)
    world.crash_with_central("push.acknowledged", 0)
    come_back(world, is_till_first=True)

    finish(world)


def test_both_killed_at_random_lose_nothing(world: World) -> None:
    kill_at_random(world, KILLS, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_both_killed_at_random_for_long_lose_nothing(seed: int, world: World) -> None:
    kill_at_random(world, SOAK_KILLS, seed=seed)


def kill_at_random(world: World, kills: int, seed: int) -> None:
    """Kill both so many times at any moment of a sale."""
    chance = random.Random(seed)
    for _ in range(kills):
        world.crash_with_central("scan.received", chance.uniform(0, LONGEST_WORK_MS))
        come_back(world, is_till_first=chance.random() < 0.5)
    finish(world)


def come_back(world: World, *, is_till_first: bool) -> None:
    """Start both again, in either order, and look at the till's own things; one that is first sells without central."""
    if is_till_first:
        world.recover()
        world.cashier.sell(1)
        world.central.come_back()
    else:
        world.central.come_back()
        world.recover()
    assert world.violations_now() == []


def finish(world: World) -> None:
    """Sell on, and look at everything once it is at central."""
    world.cashier.sell(1)
    world.settle()
    assert world.violations() == []
