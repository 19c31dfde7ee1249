"""A ledger put back from an older copy: seen, continued in a new chain, and nothing is lost at central."""

from __future__ import annotations

import shutil
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.crash.central_world import Central
from tests.crash.invariants import check_ledger, read_central
from tests.crash.processes import Line, eventually, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crash.world import World


@pytest.fixture
def line(tmp_path: Path, crash_central: Central) -> Iterator[Line]:
    line = Line(tmp_path, crash_central.port)
    line.open()
    yield line
    line.stop()


def restore_older_copy(world: World, *, head_too: bool = True) -> None:
    """Sell, keep a copy, sell on, and put the copy back while the till is off, with central's word or without."""
    world.open()
    world.cashier.sell(3)
    world.settle()
    world.till.stop()
    shutil.copytree(world.data, world.folder / "copy")
    world.start()
    world.cashier.sell(4)
    world.settle()
    world.till.stop()
    newest = (world.data / "head.json").read_bytes()
    shutil.rmtree(world.data)
    (world.folder / "copy").rename(world.data)
    if not head_too:
        (world.data / "head.json").write_bytes(newest)


def all_is_held(world: World) -> bool:
    held = read_central(world.central.url, world.claim.till)
    return {entry.hash for entry in world.read().entries} <= set(held.entries.values()) | held.forks


def chains(world: World) -> list[str]:
    return list(dict.fromkeys(entry.chain for entry in world.read().entries))


def test_a_till_behind_its_central_goes_on_in_a_new_chain_and_loses_nothing(make_world: Callable[..., World]) -> None:
    world = make_world()
    restore_older_copy(world)

    world.start()
    wait_until(lambda: len(chains(world)) == 2, "a new chain")
    world.cashier.sell(2)
    world.wait_until_sent()

    genesis = world.read().of("chain_opened")[-1]
    sold = Counter(world.cashier.notes.documents.values())
    assert genesis.body["reason"] == "restored"
    wait_until(lambda: read_central(world.central.url, world.claim.till).sales == sold, "every sale, once")
    assert read_central(world.central.url, world.claim.till).troubles == []
    assert check_ledger(world.read()) == []


def test_what_a_restored_till_sold_before_central_told_it_is_kept_beside_the_other(
    make_world: Callable[..., World], line: Line
) -> None:
    world = make_world(through=line.port)
    restore_older_copy(world)
    before = read_central(world.central.url, world.claim.till)

    line.order("gone")
    world.start()
    world.cashier.sell(2)
    line.order("well")
    wait_until(lambda: len(chains(world)) == 2, "a new chain", 60)
    world.cashier.sell(1)
    world.wait_until_sent()

    wait_until(lambda: all_is_held(world), "every entry in its place or beside it")
    held = read_central(world.central.url, world.claim.till)
    assert held.forks
    assert before.entries.items() <= held.entries.items()
    assert before.sales <= held.sales
    assert check_ledger(world.read()) == []


def test_a_ledger_put_back_while_central_is_away_goes_on_in_a_new_chain_before_its_next_sale(
    make_world: Callable[..., World], line: Line
) -> None:
    world = make_world(through=line.port)
    restore_older_copy(world, head_too=False)

    line.order("gone")
    world.start()
    world.cashier.sell(3)
    assert len(chains(world)) == 2
    line.order("well")
    world.wait_until_sent()

    sold = Counter(world.cashier.notes.documents.values())
    wait_until(lambda: read_central(world.central.url, world.claim.till).sales == sold, "every sale, once")
    held = read_central(world.central.url, world.claim.till)
    assert held.troubles == []
    assert not held.forks
    assert max(sold.values()) == 1
    assert check_ledger(world.read()) == []


@pytest.fixture
def own_central(tmp_path: Path) -> Iterator[Central]:
    central = Central(tmp_path / "central", 1)
    central.open()
    yield central
    central.stop()


def test_a_restored_till_and_its_central_killed_together_end_with_the_same_facts(
    make_world: Callable[..., World], own_central: Central
) -> None:
    world, chance = make_world(central=own_central), Random(7)
    restore_older_copy(world, head_too=False)
    world.start()
    for _ in range(6):
        world.crash_after(chance.uniform(0.05, 0.6))
        own_central.kill()
        if chance.random() < 0.5:
            world.start()
            world.cashier.take_up()
            own_central.open()
        else:
            own_central.open()
            world.start()
            world.cashier.take_up()
    world.cashier.sell(1)
    world.wait_until_sent()

    def differences() -> list[str]:
        held, ours = read_central(own_central.url, world.claim.till), world.read()
        found = [] if {entry.hash for entry in ours.entries} <= set(held.entries.values()) else ["entries"]
        found += [] if held.sales == Counter(world.cashier.notes.documents.values()) else ["sales"]
        return [*found, *held.troubles, *(["forks"] if held.forks else [])]

    assert eventually(differences) == []
    assert len(chains(world)) == 2
    assert check_ledger(world.read()) == []


def test_a_till_that_lost_its_ledger_and_centrals_word_asks_central_before_it_begins(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.open()
    world.cashier.sell(2)
    world.settle()
    before = read_central(world.central.url, world.claim.till)
    old = chains(world)
    world.till.stop()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "head.json"):
        (world.data / name).unlink(missing_ok=True)

    world.start()
    world.wait_until_it_sells()
    genesis = world.read().of("chain_opened")

    assert [entry.body["reason"] for entry in genesis] == ["restored"]
    assert [genesis[0].body["previous_chain"]] == old
    world.wait_until_sent()
    held = read_central(world.central.url, world.claim.till)
    assert before.sales == held.sales
    assert held.troubles == []
    assert not held.forks
