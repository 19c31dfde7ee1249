"""Sales and their states: what may become what, one current sale at a place, and a journal for each."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from commerce.errors import ConflictError
from terminal.db import basket as journal
from terminal.db import sales
from terminal.db.connection import Transaction
from terminal.db.migrate import migrate
from terminal.db.sales import NewSale, Place, SaleState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE, TRAINING = Place("till-1", "live"), Place("till-1", "training")
AT = "2026-11-23T09:00:00.000000Z"


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection)
    yield Transaction(connection)
    connection.close()


def begin(tx: Transaction, sale: str, place: Place = HERE) -> None:
    sales.begin_sale(tx, NewSale(sale, place, "main", "s-1", AT))
    journal.add_events(tx, sale, [{"event": sale}])


def state_of(tx: Transaction, sale: str) -> SaleState:
    row = sales.find_sale(tx, sale)
    assert row is not None
    return row.state


def recall_over_nothing(tx: Transaction, sale: str) -> None:
    sales.leave_ended(tx, HERE)
    sales.recall_sale(tx, HERE, sale, "main", "s-1")


def test_two_sales_are_journaled_and_one_of_them_is_current(tx: Transaction) -> None:
    begin(tx, "a")
    sales.park_sale(tx, "a", "Signor Rossi", AT)
    begin(tx, "b")
    journal.add_events(tx, "b", [{"event": "more"}])

    current = sales.find_current(tx, HERE)
    assert current is not None
    assert current.id == "b"
    assert [row.name for row in sales.list_parked(tx, HERE)] == ["Signor Rossi"]
    assert journal.list_events(tx, "a") == [{"event": "a"}]
    assert journal.list_events(tx, "b") == [{"event": "b"}, {"event": "more"}]


def test_a_parked_sale_comes_back_with_its_journal(tx: Transaction) -> None:
    begin(tx, "a")
    sales.park_sale(tx, "a", None, AT)
    sales.recall_sale(tx, HERE, "a", "second", "s-2")

    row = sales.find_current(tx, HERE)
    assert row is not None
    assert (row.id, row.state, row.drawer, row.session, row.parked_at) == ("a", SaleState.OPEN, "second", "s-2", None)
    assert journal.list_events(tx, "a") == [{"event": "a"}]


def test_a_second_sale_does_not_begin_while_one_is_open(tx: Transaction) -> None:
    begin(tx, "a")

    with pytest.raises(ConflictError, match=r"sale\.open"):
        begin(tx, "b")


def test_a_parked_sale_is_not_recalled_over_an_open_one(tx: Transaction) -> None:
    begin(tx, "a")
    sales.park_sale(tx, "a", None, AT)
    begin(tx, "b")

    with pytest.raises(ConflictError, match=r"sale\.open"):
        sales.recall_sale(tx, HERE, "a", "main", "s-1")


def test_each_mode_has_a_current_sale_of_its_own(tx: Transaction) -> None:
    begin(tx, "a")
    begin(tx, "b", TRAINING)

    current = sales.find_current(tx, HERE), sales.find_current(tx, TRAINING)
    assert [row.id for row in current if row] == ["a", "b"]


def test_a_completed_sale_stays_current_until_the_next_one_begins(tx: Transaction) -> None:
    begin(tx, "a")
    sales.complete_sale(tx, "a", "d-1", AT)
    row = sales.find_current(tx, HERE)
    assert row is not None
    assert (row.id, row.state, row.document, row.ended_at) == ("a", SaleState.COMPLETED, "d-1", AT)

    begin(tx, "b")

    current = sales.find_current(tx, HERE)
    assert current is not None
    assert current.id == "b"
    assert journal.list_events(tx, "a") == []


def test_a_voided_sale_leaves_the_screen_and_its_journal_goes(tx: Transaction) -> None:
    begin(tx, "a")
    sales.void_sale(tx, "a", AT)

    assert sales.find_current(tx, HERE) is None
    assert journal.list_events(tx, "a") == []
    assert state_of(tx, "a") is SaleState.VOIDED


@pytest.mark.parametrize(
    "end", [lambda tx: sales.complete_sale(tx, "a", "d-1", AT), lambda tx: sales.void_sale(tx, "a", AT)]
)
@pytest.mark.parametrize(
    "change",
    [
        lambda tx: sales.complete_sale(tx, "a", "d-2", AT),
        lambda tx: sales.void_sale(tx, "a", AT),
        lambda tx: sales.park_sale(tx, "a", None, AT),
        lambda tx: recall_over_nothing(tx, "a"),
    ],
)
def test_what_has_ended_never_changes(
    tx: Transaction, end: Callable[[Transaction], Any], change: Callable[[Transaction], Any]
) -> None:
    begin(tx, "a")
    end(tx)
    ended = state_of(tx, "a")

    with pytest.raises(ConflictError, match=r"sale\.not_open"):
        change(tx)
    with pytest.raises(sqlite3.IntegrityError, match="has ended"):
        tx.execute("UPDATE sale SET state = 'open', ended_at = NULL, document = NULL WHERE id = 'a'")
    assert state_of(tx, "a") is ended


def test_an_open_sale_is_not_left(tx: Transaction) -> None:
    begin(tx, "a")
    sales.leave_ended(tx, HERE)

    assert sales.find_current(tx, HERE) is not None
    assert journal.list_events(tx, "a") == [{"event": "a"}]
