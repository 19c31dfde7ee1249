"""Issued documents and the counters of their numbers."""

from dataclasses import dataclass
from datetime import date

from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.bounds import MOST_WHOLE
from commerce.documents import IssuedNumber
from commerce.errors import ConflictError
from terminal.db.connection import Queries, Transaction


def find_last_date(queries: Queries, series: str) -> date | None:
    """Return the newest document date of a series, over all its periods."""
    row = queries.fetch_one("SELECT max(last_date) FROM series_counter WHERE series = ?", (series,))
    return None if row is None or row[0] is None else date.fromisoformat(row[0])


def take_number(tx: Transaction, series: str, period: str, day: date) -> int:
    """Take a series' next number in a period; it goes back if the transaction fails.

    ConflictError ``ledger.rows_at_odds`` where the counter says what no document can.
    """
    row = tx.fetch_one(
        "INSERT INTO series_counter (series, period, last_number, last_date) VALUES (?, ?, 1, ?)"
        " ON CONFLICT DO UPDATE SET last_number = last_number + 1, last_date = excluded.last_date"
        " RETURNING last_number",
        (series, period, day.isoformat()),
    )
    assert row is not None  # noqa: S101 - RETURNING always gives a row
    if not 0 < row[0] <= MOST_WHOLE:  # no document can say it
        raise ConflictError("ledger.rows_at_odds")
    return int(row[0])


def count_on(tx: Transaction, series: str, period: str, last: int, day: date) -> bool:
    """Take the number behind ``last``, where the row still says that this was the last one, of that day."""
    changed = tx.execute(
        "UPDATE series_counter SET last_number = last_number + 1"
        " WHERE series = ? AND period = ? AND last_number = ? AND last_date = ?",
        (series, period, last, day.isoformat()),
    )
    return changed == 1


def find_counter(queries: Queries, series: str, period: str) -> tuple[int, str] | None:
    """Return a series' last number in a period and its date, 0 and nothing where it says none."""
    row = queries.fetch_one(
        "SELECT CAST(last_number AS INTEGER), CASE typeof(last_date) WHEN 'text' THEN last_date ELSE '' END,"
        " typeof(last_number) FROM series_counter WHERE series = ? AND period = ?",
        (series, period),
    )
    return None if row is None else (row[0] if row[2] == "integer" else 0, row[1])


def find_place(queries: Queries, series: str, period: str, number: int) -> tuple[str, int] | None:
    """Return where the entry should stand that issued a number."""
    row = queries.fetch_one(
        "SELECT chain, seq FROM document WHERE series = ? AND period = ? AND number = ?", (series, period, number)
    )
    return None if row is None else (str(row[0]), int(row[1]))


def list_unused(queries: Queries, series_prefix: str, most: int) -> list[tuple[str, str]]:
    """Return the counters that never gave a number, or more than ``most``, of the series that start with a prefix."""
    rows = queries.fetch_all(
        "SELECT series, period FROM series_counter WHERE series >= ? AND series < ?"
        " AND (typeof(last_number) <> 'integer' OR last_number NOT BETWEEN 1 AND ? OR typeof(period) <> 'text')",
        (series_prefix, series_prefix + "\uffff", most),
    )
    return [(row[0], row[1]) for row in rows]


def forget_counter(tx: Transaction, series: str, period: str) -> None:
    """Take a counter away that never gave a number."""
    tx.execute("DELETE FROM series_counter WHERE series = ? AND period = ?", (series, period))


def set_counter(tx: Transaction, series: str, period: str, last: int, day: str) -> None:
    """Write a counter anew: numbers up to ``last`` are taken."""
    tx.execute(
        "INSERT OR REPLACE INTO series_counter (series, period, last_number, last_date) VALUES (?, ?, ?, ?)",
        (series, period, last, day),
    )


def list_counters(queries: Queries, series_prefix: str) -> list[tuple[str, str, int]]:
    """Return series, period and last number of the series that start with a prefix."""
    rows = queries.fetch_all(
        "SELECT series, period, last_number FROM series_counter WHERE series >= ? AND series < ?"
        " AND typeof(period) = 'text' AND typeof(last_number) = 'integer' ORDER BY series, period",
        (series_prefix, series_prefix + "\uffff"),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def numbers_after(queries: Queries, series: str, period: str, number: int) -> set[int]:
    """Return the numbers behind one whose documents stand in the ledger."""
    rows = queries.fetch_all(
        "SELECT d.number FROM document d JOIN entry e ON e.chain = d.chain AND e.seq = d.seq"
        " WHERE d.series = ? AND d.period = ? AND d.number > ?",
        (series, period, number),
    )
    return {row[0] for row in rows}


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A document as the table beside the ledger has it."""

    seq: int
    id: str
    kind: str
    series: str
    period: str
    number: int
    formatted: str
    date: str


def list_of_chain(queries: Queries, chain: str) -> list[NumberedRow]:
    """Return every document whose entry should stand on a chain."""
    rows = queries.fetch_all(
        "SELECT seq, id, kind, series, period, number, formatted, date FROM document WHERE chain = ?", (chain,)
    )
    return [NumberedRow(*row) for row in rows]


def find_row(queries: Queries, document: str) -> tuple[str, NumberedRow] | None:
    """Return where a document's entry should stand, and its row."""
    row = queries.fetch_one(
        "SELECT chain, seq, id, kind, series, period, number, formatted, date FROM document WHERE id = ?", (document,)
    )
    return None if row is None else (row[0], NumberedRow(*row[1:]))


def find_name(queries: Queries, chain: str, seq: int) -> tuple[str, date] | None:
    """Return by which number, and of which day, people know the document of an entry; None where it is of none."""
    row = queries.fetch_one("SELECT formatted, date FROM document WHERE chain = ? AND seq = ?", (chain, seq))
    return None if row is None else (row[0], date.fromisoformat(row[1]))


def replace_row(tx: Transaction, chain: str, row: NumberedRow) -> None:
    """Write a document's row anew, and take away whatever stands in its place."""
    tx.execute(
        "DELETE FROM document WHERE id = ? OR (series = ? AND period = ? AND number = ?)",
        (row.id, row.series, row.period, row.number),
    )
    tx.execute(
        "INSERT INTO document (chain, seq, id, kind, series, period, number, formatted, date)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (chain, row.seq, row.id, row.kind, row.series, row.period, row.number, row.formatted, row.date),
    )


def add_document(tx: Transaction, number: IssuedNumber, chain: str, seq: int) -> None:
    """Keep where a document's content stands."""
    tx.execute(
        "INSERT INTO document (id, kind, series, period, number, formatted, date, chain, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number.document,
            number.kind,
            number.series,
            number.period,
            number.number,
            number.formatted,
            number.date.isoformat(),
            chain,
            seq,
        ),
    )


def find_content(queries: Queries, document: str) -> SaleCompleted | None:
    """Return the body of the entry that issued a document: all that a reprint needs.

    None where the row leads to no entry, or to that of another document.
    """
    row = queries.fetch_one(
        "SELECT CAST(e.body AS BLOB) FROM document d JOIN entry e ON e.chain = d.chain AND e.seq = d.seq"
        " WHERE d.id = ?",
        (document,),
    )
    body = None if row is None else read(SaleCompleted, row[0])
    return body if body is not None and body.document.id == document else None
