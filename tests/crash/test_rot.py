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
    flip(ledger, ledger.read_bytes().index(bytes(body)[:200]) + 20)
    return int(seq)


def flip(path: Path, at: int) -> None:
    """Change the lowest bit of one byte of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def operating_rows(ledger: Path) -> dict[tuple[str, str], bytes]:
    with contextlib.closing(sqlite3.connect(ledger)) as hand:
        rows = hand.execute("SELECT kind, id, CAST(row AS BLOB) FROM registry_row").fetchall()
    return {(kind, row_id): row for kind, row_id, row in rows}


def number_of(ledger: Path, seq: int) -> str:
    with contextlib.closing(sqlite3.connect(ledger)) as hand:
        return str(hand.execute("SELECT formatted FROM document WHERE seq = ?", (seq,)).fetchone()[0])


def notices_of(world: World) -> list[str]:
    return [notice["text"] for notice in world.api.state()["notices"]]


def test_a_bit_flipped_under_a_running_till_is_shown_and_reported(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.sell(2)
    world.settle()

    seq = flip_a_bit_of_a_sale(world.ledger_path)

    wait_until(lambda: any("damaged" in notice["text"] for notice in world.api.state()["notices"]), "a notice", 60)
    (notice,) = [notice for notice in world.api.state()["notices"] if "damaged" in notice["text"]]
    ledger = next(device for device in world.api.state()["devices"] if device["name"] == "ledger.db")
    assert f"receipt {number_of(world.ledger_path, seq)} of " in notice["text"]
    assert ledger["availability"] == "attention"
    assert world.till.is_running


def test_a_bit_flipped_in_a_row_that_head_office_sent_is_shown_and_comes_back(make_world: Callable[..., World]) -> None:
    """What the loop "rows check" of a whole daemon is for: without it nobody looks before the next start."""
    world = make_world()
    world.open()
    world.settle()
    with contextlib.closing(sqlite3.connect(world.ledger_path)) as hand:
        hand.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = operating_rows(world.ledger_path)
    row = before[next(key for key in before if key[0] == "vat_code")]
    flip(world.ledger_path, world.ledger_path.read_bytes().index(row[:40]) + 20)
    assert operating_rows(world.ledger_path) != before

    wait_until(lambda: any("What head office sent" in text for text in notices_of(world)), "a notice", 60)
    wait_until(lambda: operating_rows(world.ledger_path) == before, "the rows to come back", 60)
    world.cashier.sell(1)
    alarms = [entry.body["code"] for entry in world.read().of("alarm_raised")]
    assert alarms == ["registry_changed"]
    assert world.till.is_running


def test_rows_of_the_open_sale_that_are_taken_away_are_shown_and_come_back(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.open()
    world.cashier.scan()

    def lines() -> int:
        return len(world.api.state()["sale"]["lines"])

    count = lines()
    with contextlib.closing(sqlite3.connect(world.ledger_path, isolation_level=None)) as hand:
        hand.execute("DELETE FROM current_sale")
        hand.execute("DELETE FROM sale WHERE state = 'open'")

    def is_back() -> bool:
        with contextlib.closing(sqlite3.connect(world.ledger_path)) as hand:
            return bool(hand.execute("SELECT 1 FROM current_sale c JOIN sale s ON s.id = c.sale").fetchone())

    wait_until(is_back, "the rows to come back", 60)
    wait_until(lambda: any("Rows of the open sale" in text for text in notices_of(world)), "a notice", 60)
    assert lines() == count
