"""Real receipts as they were published: two formats, told apart by their columns, read line by line."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from commerce.errors import PosError
from commerce.money import MAX_CENTS, PRICE_SCALE, QUANTITY_SCALE, amount_cents, parse_decimal

Fields = Mapping[str, str]
MAX_TEXT = 512  # of a code or a description, as the till's API has it


class ReplayError(Exception):
    """The replay cannot go on; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file. ``exact`` is its money before rounding, ``cents`` after."""

    receipt: str
    at: datetime
    code: str
    description: str
    quantity: Decimal
    exact: Decimal
    cents: int


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file, and the shop its receipts come from."""

    name: str
    columns: frozenset[str]
    currency: str
    country: str
    zone: ZoneInfo
    receipt: Callable[[Fields], str]
    read: Callable[[Fields, "Format"], tuple[datetime, str, str, Decimal, Decimal]]


class ReceiptFile:
    """A file of receipts, plain or packed with gzip; ``rows`` may be read any number of times."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise ReplayError(f"{path} cannot be read: {error.strerror}.") from error
        with _opened(path) as (text, _):
            self.format = _format_of(path, next(csv.reader(text), []))

    def rows(self, wanted: Callable[[str], bool] = lambda receipt: True) -> Iterator[tuple[Row, int]]:
        """Yield the lines of the receipts wanted, in the file's order, with how many bytes of the file are read.

        ReplayError names a line that cannot be.
        """
        with _opened(self.path) as (text, raw):
            reader = csv.DictReader(text, strict=True)
            for fields in reader:
                try:
                    receipt = self.format.receipt(_whole(fields))
                    if wanted(receipt):
                        yield self._row(receipt, fields), raw.tell()
                except (PosError, ValueError, KeyError, TypeError, AttributeError) as error:
                    raise ReplayError(f"{self.path}, line {reader.line_num} is not a receipt's: {error}.") from error

    def _row(self, receipt: str, fields: Fields) -> Row:
        at, code, description, quantity, exact = self.format.read(fields, self.format)
        cents = amount_cents(exact, self.format.currency)
        if not receipt or not code or len(code) > MAX_TEXT or len(description) > MAX_TEXT:
            raise ValueError("receipt or code is missing, or a text is too long")
        if abs(cents) > MAX_CENTS:
            raise ValueError("the amount is too large")
        return Row(receipt, at, code, description or code, quantity, exact, cents)


def _whole(fields: Fields) -> Fields:
    if None in fields.values():
        raise ValueError("columns are missing")
    return fields


def _complete_journey(fields: Fields, _: Format) -> tuple[datetime, str, str, Decimal, Decimal]:
    """Read a line of a grocery basket: its product has no name here, its money is what the shop got for it."""
    at = datetime.fromisoformat(fields["transaction_timestamp"])
    if at.tzinfo is None:
        raise ValueError("a time without offset")
    code = fields["product_id"]
    quantity = parse_decimal(fields["quantity"], QUANTITY_SCALE)
    return at.astimezone(UTC), code, "", quantity, parse_decimal(fields["sales_value"], PRICE_SCALE)


def _online_retail(fields: Fields, known: Format) -> tuple[datetime, str, str, Decimal, Decimal]:
    """Read a line of an invoice: its time is the shop's own."""
    at = datetime.fromisoformat(fields["InvoiceDate"])
    if at.tzinfo is not None:
        raise ValueError("a time with offset where the shop's own is expected")
    at = at.replace(tzinfo=known.zone)
    quantity = parse_decimal(fields["Quantity"], QUANTITY_SCALE)
    exact = quantity * parse_decimal(fields["UnitPrice"], PRICE_SCALE)
    return at.astimezone(UTC), fields["StockCode"], fields["Description"], quantity, exact


FORMATS = (
    Format(
        name="complete_journey",
        columns=frozenset({"basket_id", "store_id", "household_id", "product_id", "quantity", "sales_value",
                           "transaction_timestamp"}),
        currency="USD",
        country="US",
        zone=ZoneInfo("America/New_York"),
        receipt=lambda fields: fields["basket_id"],
        read=_complete_journey,
    ),
    Format(
        name="online_retail",
        columns=frozenset({"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"}),
        currency="GBP",
        country="GB",
        zone=ZoneInfo("Europe/London"),
        receipt=lambda fields: fields["InvoiceNo"],
        read=_online_retail,
    ),
)  # fmt: skip


def _format_of(path: Path, columns: list[str]) -> Format:
    for known in FORMATS:
        if known.columns <= set(columns):
            return known
    names = " and ".join(known.name for known in FORMATS)
    raise ReplayError(f"{path} is in no known format ({names}); its columns are: {', '.join(columns)[:300] or 'none'}.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.TextIOWrapper, BinaryIO]]:
    """Give the text of a file and the raw file under it."""
    with path.open("rb") as raw:
        plain = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        try:
            yield io.TextIOWrapper(plain, encoding="utf-8-sig", newline=""), raw
        except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise ReplayError(f"{path} cannot be read: {error}.") from error
