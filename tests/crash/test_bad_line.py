"""Central gone, failing, answering in halves, too late or twice, or set back: the till sells on, all arrives once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.crash.central_world import Central
from tests.crash.processes import Line, wait_until
from tests.crash.world import World
from tests.fakes.proxy import Mood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BAD_MOODS = [mood.value for mood in Mood if mood is not Mood.WELL]
GROUP = pytest.mark.xdist_group("bad line")


@pytest.fixture(scope="module")
def line(crash_folder: Path, crash_central: Central) -> Iterator[Line]:
    folder = crash_folder / "line"
    folder.mkdir()
    line = Line(folder, crash_central.port)
    line.open()
    yield line
    line.stop()


@pytest.fixture(scope="module")
def world_behind_line(crash_folder: Path, crash_central: Central, line: Line) -> Iterator[World]:
    world = World(crash_folder / "behind-line", crash_central, through=line.port)
    world.open()
    yield world
    world.close()


def sell_in_mood(world: World, line: Line, mood: str) -> None:
    """Sell while the line is bad, until the till has met the mood, and then on a good line."""
    before = counts(line).get(mood, 0)
    line.order(mood)
    world.cashier.sell(3)
    if mood == Mood.GONE:
        wait_until(lambda: world.api.state()["network"]["state"] == "offline", "the till to be offline")
    else:
        wait_until(lambda: counts(line).get(mood, 0) > before, f"a request to meet {mood}")
    world.cashier.sell(1)
    line.order(Mood.WELL)
    world.cashier.sell(1)


def counts(line: Line) -> dict[str, int]:
    found: dict[str, int] = json.loads(line.order("counts"))
    return found


@GROUP
@pytest.mark.parametrize("mood", BAD_MOODS)
def test_the_till_sells_on_over_a_bad_line_and_everything_arrives_once(
    mood: str, world_behind_line: World, line: Line
) -> None:
    sell_in_mood(world_behind_line, line, mood)

    world_behind_line.settle()
    assert world_behind_line.violations() == []


def test_a_central_restored_from_an_older_copy_gets_the_rest_again(
    tmp_path: Path, make_world: Callable[..., World]
) -> None:
    central = Central(tmp_path / "central", 1)
    central.open()
    world = make_world(central=central)
    try:
        world.open()
        world.cashier.sell(3)
        world.wait_until_sent()
        central.stop()
        shutil.copy(central.folder / "central.db", tmp_path / "older.db")
        central.open()
        world.cashier.sell(4)
        world.wait_until_sent()
        central.stop()
        for file in central.folder.glob("central.db*"):
            file.unlink()
        shutil.copy(tmp_path / "older.db", central.folder / "central.db")

        world.cashier.sell(1)
        central.open()
        world.cashier.sell(1)
        world.settle()

        assert world.violations() == []
    finally:
        world.close()
        central.stop()


@pytest.mark.postgres
def test_on_postgresql_everything_arrives_once_too(
    tmp_path: Path, postgres_url: str, make_world: Callable[..., World]
) -> None:
    central = Central(tmp_path / "central", 1, postgres_url)
    line = Line(tmp_path, central.port)
    central.open()
    line.open()
    world = make_world(central=central, through=line.port)
    try:
        world.open()
        for mood in (Mood.LOST, Mood.TWICE, Mood.HALF):
            sell_in_mood(world, line, mood.value)
        central.kill()
        world.cashier.sell(2)
        central.open()
        world.cashier.sell(1)
        world.settle()

        assert world.violations() == []
    finally:
        world.close()
        line.stop()
        central.stop()
