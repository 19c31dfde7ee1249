"""Files of receipts: two formats by their columns, every oddity taken as it is, every fault named with its place."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from bench.replay_book import ReceiptBook, till_of
from bench.replay_files import ReceiptFile, ReplayError

if TYPE_CHECKING:
    from pathlib import Path

INVOICES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
BASKETS = "household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp"


def written(folder: Path, *lines: str, name: str = "file.csv") -> Path:
    path = folder / name
    content = "\n".join(lines).encode() + b"\n"
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
def test_an_invoice_line_is_read_with_its_local_time_and_its_money_rounded_half_up(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, INVOICES, "C1,85123A, BOX ,-3,2011-06-01 00:30:00,0.335,,France", name=name)
    file = ReceiptFile(path)
    [(row, _)] = file.rows()

    assert (file.format.currency, file.format.zone.key) == ("GBP", "Europe/London")
    assert row.at == datetime(2011, 5, 31, 23, 30, tzinfo=UTC)
    assert (row.receipt, row.code, row.description, row.quantity) == ("C1", "85123A", " BOX ", Decimal(-3))
    assert (row.exact, row.cents) == (Decimal("-1.005"), -101)


def test_a_basket_line_is_read_with_its_offset_and_its_product_for_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, BASKETS, "9,3,311,1075313,12.345,1.50,2017-01-01T23:30:00-05:00")
    file = ReceiptFile(path)
    [(row, _)] = file.rows()

    assert (file.format.currency, file.format.zone.key) == ("USD", "America/New_York")
    assert row.at == datetime(2017, 1, 2, 4, 30, tzinfo=UTC)
    assert (row.receipt, row.code, row.description) == ("311", "1075313", "1075313")
    assert (row.quantity, row.cents) == (Decimal("12.345"), 150)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,A,x,1,2011-06-01 00:30,abc,,", "abc"),
        ("1,A,x,1,yesterday,1.00,,", "yesterday"),
        ("1,A,x,1.1234567,2011-06-01 00:30:00,1.00,,", "1.1234567"),
        ("1,,x,1,2011-06-01 00:30:00,1.00,,", "missing"),
        (f"1,A,{'x' * 513},1,2011-06-01 00:30:00,1.00,,", "too long"),
        ("1,A,x,1", "columns are missing"),
    ],
)
def test_a_line_that_cannot_be_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, INVOICES, "1,A,x,1,2011-06-01 00:30:00,1.00,,", line)

    with pytest.raises(ReplayError, match=f"line 3 .*{reason}"):
        list(ReceiptFile(path).rows())


@pytest.mark.parametrize("lines", [("a,b,c", "1,2,3"), ("",)])
def test_a_file_of_another_kind_is_refused_with_its_columns(tmp_path: Path, lines: tuple[str, ...]) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(
        ReplayError, match=rf"no known format .*its columns are: {lines[0].replace(',', ', ') or 'none'}"
    ):
        ReceiptFile(path)


def test_a_file_that_is_not_there_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be read"):
        ReceiptFile(tmp_path / "none.csv")
    cut = written(tmp_path, INVOICES, *["1,A,x,1,2011-06-01 00:30:00,1.00,,"] * 900, name="whole.csv.gz")
    cut.write_bytes(cut.read_bytes()[:-20])
    with pytest.raises(ReplayError, match="cannot be read"):
        list(ReceiptFile(cut).rows())


def test_receipts_come_by_till_in_order_of_time_with_lines_that_stood_apart(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        INVOICES,
        "2,A,late,1,2011-06-02 10:00:00,1.00,,",
        "1,B,first,1,2011-06-01 00:01:00,1.00,,",
        "3,C,between,1,2011-06-01 00:00:30,1.00,,",
        "1,D,resumed,1,2011-05-31 23:59:00,2.00,,",
    )
    with ReceiptBook(tmp_path / "book.db", 1) as book:
        book.fill(ReceiptFile(path))
        receipts = list(book.receipts(0))

    assert [receipt.id for receipt in receipts] == ["1", "3", "2"]
    assert [line.description for line in receipts[0].lines] == ["first", "resumed"]
    assert (receipts[0].day, receipts[0].cents) == ("2011-05-31", 300)


def test_a_limit_takes_the_first_receipts_whole(tmp_path: Path) -> None:
    lines = [f"{number},A,x,1,2011-06-01 10:00:00,1.00,," for number in (1, 2, 3, 1, 4, 2)]
    with ReceiptBook(tmp_path / "book.db", 1, limit=2) as book:
        book.fill(ReceiptFile(written(tmp_path, INVOICES, *lines)))
        figures = book.account()["all"][""]

        assert (book.count, book.exact) == (2, Decimal("4.00"))
    assert (figures.receipts, figures.lines, figures.cents) == (2, 4, 400)


def test_a_receipt_goes_to_the_till_that_its_hash_says() -> None:
    for receipt in ("536365", "C541433", "31198705046"):
        expected = int(hashlib.sha256(receipt.encode()).hexdigest()[:16], 16) % 3

        assert till_of(receipt, 3) == expected
    assert {till_of(str(number), 3) for number in range(30)} == {0, 1, 2}
