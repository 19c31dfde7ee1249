"""A bit that flips on the disk of a running till is noticed in an idle moment, shown, and told to head office."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from tests.crash.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crash.world import World


def flip_a_bit_of_a_sale(ledger: Path) -> int:
    """Change one bit in the body of the first sale where it lies in the file; return the sale's seq."""
    with contextlib.closing(sqlite3.connect(ledger)) as hand:
        hand.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        seq, body = hand.execute(
            "SELECT seq, body FROM entry WHERE kind = 'sale_completed' ORDER BY seq LIMIT 1"
        ).fetchone()
    at = ledger.read_bytes().index(bytes(body)[:200]) + 20
    with ledger.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    return int(seq)


def test_a_bit_flipped_under_a_running_till_is_shown_and_reported(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.sell(2)
    world.settle()

    seq = flip_a_bit_of_a_sale(world.ledger_path)

    wait_until(lambda: any("damaged" in notice["text"] for notice in world.api.state()["notices"]), "a notice", 60)
    (notice,) = [notice for notice in world.api.state()["notices"] if "damaged" in notice["text"]]
    ledger = next(device for device in world.api.state()["devices"] if device["name"] == "ledger.db")
    assert f"entry {seq} " in notice["text"]
    assert ledger["availability"] == "attention"
    assert world.till.is_running
