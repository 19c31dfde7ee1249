"""A central for each test worker, and worlds that tests share as long as nothing is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crash.central_world import Central
from tests.crash.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TILLS = 60
KILLED, POWER_CUT = "killed", "power cut"
MODES = (KILLED, POWER_CUT)


@pytest.fixture(scope="session")
def crash_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of the crash suite lies."""
    return tmp_path_factory.mktemp("crash")


@pytest.fixture(scope="session")
def crash_central(crash_folder: Path) -> Iterator[Central]:
    """A running central."""
    central = Central(crash_folder / "central", TILLS)
    central.open()
    yield central
    central.stop()


class SharedWorlds:
    """Worlds by what they are for; each is thrown away once something was wrong in it."""

    def __init__(self, folder: Path, central: Central) -> None:
        self._folder = folder
        self._central = central
        self._worlds: dict[tuple[str, bool], World] = {}
        self._made = 0

    def get(self, mode: str, *, is_fiscal: bool = False) -> World:
        """Return an open world."""
        key = (mode, is_fiscal)
        if key not in self._worlds:
            self._made += 1
            folder = self._folder / f"world-{self._made}"
            world = World(folder, self._central, drop_unsynced=mode == POWER_CUT, is_fiscal=is_fiscal, seed=self._made)
            self._worlds[key] = world
            world.open()
        return self._worlds[key]

    def discard(self, world: World) -> None:
        """Close a world and forget it."""
        self._worlds = {key: kept for key, kept in self._worlds.items() if kept is not world}
        world.close()

    def close(self) -> None:
        """Close all."""
        for world in self._worlds.values():
            world.close()


@pytest.fixture(scope="session")
def shared_worlds(crash_folder: Path, crash_central: Central) -> Iterator[SharedWorlds]:
    """The worker's worlds."""
    worlds = SharedWorlds(crash_folder, crash_central)
    yield worlds
    worlds.close()


@pytest.fixture
def make_world(tmp_path: Path, crash_central: Central) -> Iterator[Callable[..., World]]:
    """Makes worlds of the test's own."""
    made: list[World] = []

    def make(**options: object) -> World:
        central = options.pop("central", crash_central)
        made.append(World(tmp_path / f"world-{len(made)}", central, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()
