"""No room left: the sale is refused in plain words, nothing is half written, and it goes on once there is room."""

from __future__ import annotations

import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.crash import orders
from tests.crash.central_world import CODES
from tests.prerequisites import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crash.till_api import Answer
    from tests.crash.world import World

MESSAGES = {
    "en": "Nothing was saved: the disk is full. Free some space, then try again.",
    "it": "Non è stato salvato nulla: il disco è pieno. Libera spazio e riprova.",
}
SIZE = "3m"
ROOM_ENOUGH = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        missing("the right to mount a small file system", "run as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take every byte there is."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def scan(world: World, command_id: str) -> Answer:
    return world.api.act("sale/codes", {"command_id": command_id, "code": CODES[0]})


def scan_until_refused(world: World) -> tuple[str, Answer]:
    """Use up what room there still is inside the files; return the act that was refused."""
    for _ in range(3000):
        command_id = str(uuid.uuid4())
        answer = scan(world, command_id)
        if answer.status != 200:
            return command_id, answer
    raise AssertionError("the disk never filled up")


def test_a_full_disk_refuses_plainly_and_selling_goes_on_when_there_is_room(
    small_disk: Path, make_world: Callable[..., World]
) -> None:
    world = make_world(data=small_disk / "till")
    world.open()
    world.cashier.sell(2)
    world.settle()
    world.cashier.scan()
    filler = fill(small_disk)

    command_id, refused = scan_until_refused(world)
    lines = len(world.api.state()["sale"]["lines"])
    world.api.speak("it")
    in_italian = scan(world, command_id)

    assert (refused.status, refused.code) == (507, "storage.full")
    assert (refused.values["detail"], in_italian.values["detail"]) == (MESSAGES["en"], MESSAGES["it"])
    assert world.violations_now() == []
    filler.unlink()
    assert scan(world, command_id).status == 200
    assert len(world.api.state()["sale"]["lines"]) == lines + 1
    world.cashier.pay("card")
    world.settle()
    assert world.violations() == []
    assert world.till.is_running


def test_a_full_disk_does_not_end_the_till_with_its_prints_and_pushes_under_way(
    small_disk: Path, make_world: Callable[..., World]
) -> None:
    world = make_world(data=small_disk / "till")
    world.open()
    world.cashier.scan()
    world.printer.unplug()
    world.cashier.pay("cash")
    filler = fill(small_disk)
    scan_until_refused(world)

    world.printer.plug_in()

    assert not world.till.wait_until_ended(2)
    filler.unlink()
    world.settle()
    assert world.violations() == []


def test_a_database_that_may_not_grow_refuses_the_sale_whole(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.prepare()
    for _ in range(60):
        assert scan(world, str(uuid.uuid4())).status == 200
    sale = world.api.state()["sale"]
    numbers = world.read().counters
    pay = {"sale": sale["id"], "type": "card", "shown_due_cents": sale["remaining_cents"]}
    world.orders.give(orders.PAGES, "1")

    refused = world.api.act("sale/tenders", {"command_id": str(uuid.uuid4()), **pay})

    assert (refused.status, refused.code) == (507, "storage.full")
    assert world.api.state()["sale"] == sale
    assert world.read().counters == numbers
    world.orders.give(orders.PAGES, str(ROOM_ENOUGH))
    assert world.api.act("sale/tenders", {"command_id": str(uuid.uuid4()), **pay}).status == 200
    world.settle()
    assert world.violations() == []


def test_a_start_on_a_full_disk_says_so_and_works_once_there_is_room(
    small_disk: Path, make_world: Callable[..., World]
) -> None:
    world = make_world(data=small_disk / "till")
    world.open()
    world.cashier.sell(1)
    world.settle()
    world.till.stop()
    filler = fill(small_disk)

    world.till.start()
    assert world.till.wait_until_ended()

    assert "start.disk_full" in world.till.log.read_text()
    filler.unlink()
    world.start()
    world.wait_until_it_sells()
    assert world.violations() == []
