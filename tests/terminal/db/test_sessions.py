"""Till sessions: one open for each drawer and mode, each mode with its own Z numbers, none ever out of reach."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from commerce.errors import ConflictError, RuleError
from terminal.db import sessions
from terminal.db.connection import Transaction
from terminal.db.migrate import migrate
from terminal.db.sessions import SessionRow

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = "2026-11-23T09:00:00.000000Z"
MAIN = SessionRow("s-1", "live", "main", "EUR", 10_000, "2026-11-23", AT, "c-1", 3)


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield Transaction(connection)
    connection.close()


def test_a_drawer_has_one_open_session_in_a_mode(tx: Transaction) -> None:
    sessions.add_session(tx, MAIN)

    with pytest.raises(ConflictError, match=r"session\.open"):
        sessions.add_session(tx, replace(MAIN, id="s-2"))


def test_the_schema_keeps_a_second_open_session_out(tx: Transaction) -> None:
    sessions.add_session(tx, MAIN)

    with pytest.raises(sqlite3.IntegrityError):
        tx.execute(
            "INSERT INTO session (id, mode, drawer, currency, opening_cash, business_day, opened_at, chain, opened_seq)"
            " SELECT 's-2', mode, drawer, currency, opening_cash, business_day, opened_at, chain, 9 FROM session"
        )


def test_other_drawers_and_other_modes_have_sessions_of_their_own(tx: Transaction) -> None:
    rows = [MAIN, replace(MAIN, id="s-2", drawer="second"), replace(MAIN, id="s-3", mode="training")]
    for row in rows:
        sessions.add_session(tx, row)

    assert [sessions.find_open_session(tx, row.mode, row.drawer) for row in rows] == rows


def test_a_closed_session_makes_room_for_the_next(tx: Transaction) -> None:
    sessions.add_session(tx, MAIN)
    sessions.close_session(tx, "s-1", AT, "c-1", 9, 1)
    sessions.add_session(tx, replace(MAIN, id="s-2"))

    row = sessions.find_open_session(tx, "live", "main")
    assert row is not None
    assert row.id == "s-2"
    with pytest.raises(RuleError, match=r"session\.none"):
        sessions.get_open_session(tx, "s-1")


def test_each_mode_counts_its_own_z(tx: Transaction) -> None:
    sessions.add_session(tx, MAIN)
    sessions.close_session(tx, "s-1", AT, "c-1", 9, sessions.next_z_number(tx, "live"))

    assert (sessions.next_z_number(tx, "live"), sessions.next_z_number(tx, "training")) == (2, 1)


def test_a_session_of_another_drawer_is_found_until_it_is_closed(tx: Transaction) -> None:
    sessions.add_session(tx, MAIN)
    assert sessions.find_open_session(tx, "live", "second") == MAIN

    sessions.close_session(tx, "s-1", AT, "c-1", 9, 1)
    assert sessions.find_open_session(tx, "live", "second") is None
