"""The receipts of a file, put in order on disk: lines of one receipt may stand apart, and no file is too long."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from bench.replay_account import Account, Figures
from bench.replay_files import ReceiptFile, Row
from commerce.dates import document_date, parse_utc, utc_text
from commerce.money import QUANTITY_SCALE, quantity_text, scaled, unscaled

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE receipt (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, till INTEGER NOT NULL, at TEXT NOT NULL,
    day TEXT NOT NULL);
CREATE TABLE line (number INTEGER PRIMARY KEY, receipt INTEGER NOT NULL, code TEXT NOT NULL, description TEXT NOT NULL,
    quantity INTEGER NOT NULL, cents INTEGER NOT NULL);
"""
_INDEXES = """
CREATE INDEX line_receipt ON line (receipt, number);
CREATE INDEX receipt_order ON receipt (till, at, number);
"""
_KEYS = {"all": "''", "month": "substr(day, 1, 7)", "document_date": "day", "till": "'R' || (till + 1)"}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class PlayedLine:
    """A line as the till is given it."""

    code: str
    description: str
    quantity: str
    cents: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt whole; ``day`` is the local date of its first time stamp."""

    id: str
    at: datetime
    day: str
    lines: tuple[PlayedLine, ...]

    @property
    def cents(self) -> int:
        """Return what it comes to."""
        return sum(line.cents for line in self.lines)


def till_code(till: int) -> str:
    """Return what a till is called: R1, R2 …"""
    return f"R{till + 1}"


def till_of(receipt: str, tills: int) -> int:
    """Return the till a receipt goes to: the first 8 bytes of the SHA-256 of its id, modulo the number of tills."""
    return int.from_bytes(hashlib.sha256(receipt.encode()).digest()[:8], "big") % tills


class ReceiptBook:
    """A file's first receipts (all where there is no limit), by till and time. It lies in a file that can go after."""

    def __init__(self, path: Path, tills: int, limit: int | None = None) -> None:
        self.tills = tills
        self.exact = Decimal(0)
        self.exact_by_month: dict[str, Decimal] = {}
        self._path = path
        self._limit = limit
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._count = 0
        self._last: tuple[str, int, str] = ("", 0, "")

    def __enter__(self) -> "ReceiptBook":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def fill(self, file: ReceiptFile, progress: Callable[[int], None] = lambda read: None) -> None:
        """Read the file once from start to end."""
        self._db.execute("BEGIN")
        for count, (row, read) in enumerate(file.rows(self._is_wanted)):
            self._add(row, file)
            if count % 1000 == 0:
                progress(read)
        self._db.execute("COMMIT")
        self._db.executescript(_INDEXES)
        progress(file.size)

    @property
    def first_at(self) -> datetime | None:
        """Return the time of the first receipt, None where there is none."""
        text = self._db.execute("SELECT min(at) FROM receipt").fetchone()[0]
        return parse_utc(text) if text else None

    @property
    def count(self) -> int:
        """Return how many receipts there are."""
        return self._count

    def receipts(self, till: int) -> Iterator[Receipt]:
        """Yield a till's receipts in order of time, those of one moment in the file's order."""
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False) as db:
            place: tuple[str, int] = ("", 0)
            while page := db.execute(
                "SELECT number, id, at, day FROM receipt WHERE till = ? AND (at, number) > (?, ?)"
                " ORDER BY at, number LIMIT ?",
                (till, *place, _PAGE),
            ).fetchall():
                for number, identity, at, day in page:
                    yield Receipt(identity, parse_utc(at), day, _lines(db, number))
                place = (page[-1][2], page[-1][0])
        db.close()

    def account(self) -> Account:
        """Return what the file holds, each line rounded on its own."""
        return {by: dict(self._figures(key)) for by, key in _KEYS.items()}

    def _figures(self, key: str) -> Iterator[tuple[str, Figures]]:
        rows = self._db.execute(
            f"SELECT {key}, count(DISTINCT receipt), count(*), sum(quantity), sum(cents)"
            " FROM line JOIN receipt ON receipt.number = line.receipt GROUP BY 1 ORDER BY 1"
        )
        for name, receipts, lines, units, cents in rows:
            yield str(name), Figures(receipts, lines, quantity_text(unscaled(units, QUANTITY_SCALE)), cents)

    def _is_wanted(self, receipt: str) -> bool:
        """Whether a receipt is among the first ones; one that is may go on anywhere later in the file."""
        if self._limit is None or self._count < self._limit:
            return True
        return receipt == self._last[0] or self._find(receipt) is not None

    def _find(self, receipt: str) -> tuple[int, str] | None:
        found = self._db.execute("SELECT number, at FROM receipt WHERE id = ?", (receipt,)).fetchone()
        return (int(found[0]), str(found[1])) if found else None

    def _add(self, row: Row, file: ReceiptFile) -> None:
        number = self._receipt_number(row, file)
        self._db.execute(
            "INSERT INTO line (receipt, code, description, quantity, cents) VALUES (?, ?, ?, ?, ?)",
            (number, row.code, row.description, scaled(row.quantity, QUANTITY_SCALE), row.cents),
        )
        month = document_date(row.at, file.format.zone).isoformat()[:7]
        self.exact += row.exact
        self.exact_by_month[month] = self.exact_by_month.get(month, Decimal(0)) + row.exact

    def _receipt_number(self, row: Row, file: ReceiptFile) -> int:
        at = utc_text(row.at)
        if self._last[0] == row.receipt and self._last[2] <= at:
            return self._last[1]
        day = document_date(row.at, file.format.zone).isoformat()
        found = self._find(row.receipt)
        if found is None:
            number = self._db.execute(
                "INSERT INTO receipt (id, till, at, day) VALUES (?, ?, ?, ?)",
                (row.receipt, till_of(row.receipt, self.tills), at, day),
            ).lastrowid
            found = (int(number or 0), at)
            self._count += 1
        elif at < found[1]:
            self._db.execute("UPDATE receipt SET at = ?, day = ? WHERE number = ?", (at, day, found[0]))
            found = (found[0], at)
        self._last = (row.receipt, *found)
        return found[0]


def _lines(db: sqlite3.Connection, receipt: int) -> tuple[PlayedLine, ...]:
    rows = db.execute(
        "SELECT code, description, quantity, cents FROM line WHERE receipt = ? ORDER BY number", (receipt,)
    )
    return tuple(PlayedLine(c, d, quantity_text(unscaled(q, QUANTITY_SCALE)), cents) for c, d, q, cents in rows)
