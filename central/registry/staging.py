"""Checked rows waiting on disk to be published: a million of them do not fit in memory beside everything else."""

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from types import TracebackType

import orjson

from central.registry.columns import ImportRow
from commerce.money import price_text


class Staging:
    """A temporary file of rows; it is gone when the import ends, however it ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+b", buffering=1 << 20)  # noqa: SIM115 - closed by __exit__
        self.count = 0

    def __enter__(self) -> "Staging":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: ImportRow) -> None:
        """Put a row down."""
        price = None if row.price is None else price_text(row.price)
        self._file.write(
            orjson.dumps(
                [row.number, row.codes, row.sku, row.names, price, row.vat, row.unit, row.brand, row.size, row.rank],
                option=orjson.OPT_APPEND_NEWLINE,
            )
        )
        self.count += 1

    def finish(self) -> None:
        """Say that all rows are there."""
        self._file.flush()

    def __iter__(self) -> Iterator[ImportRow]:
        self._file.seek(0)
        for line in self._file:
            number, codes, sku, names, price, vat, unit, brand, size, rank = orjson.loads(line)
            read = None if price is None else Decimal(price)
            yield ImportRow(number, tuple(codes), sku, names, read, vat, unit, brand, size, rank)
