"""Tables as files for spreadsheets. A cell that a spreadsheet would run as a formula is escaped."""

import asyncio
import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TypeVar

import orjson
from aiohttp import web

from commerce.errors import RuleError
from commerce.processes import program

T = TypeVar("T")
Cell = str | int | Decimal | date | datetime | None
# A spreadsheet that takes another separator than ours (Excel in Italian: ``;``) sees cells begin inside a text, and
# neither quotes nor blanks keep it from that.
# Apostrophes that stand there already get one more: what was escaped reads back as it was.
_BEGINS = r"(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_FORMULA = re.compile(rf"(^|[;,|\t\r\n])([\s\"]*){_BEGINS}|^(?='*[\t\r])")
_ESCAPED = re.compile(rf"((?:^|[;,|\t\r\n])[\s\"]*)'{_BEGINS}|^'(?='*[\t\r])")
MAX_SHEET_ROWS = 1_048_575  # below the header: a sheet has no more
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORKBOOK_S = 600
_PIECE = 256 * 1024
_LOOK_EVERY = 500


def escape_formula(text: str) -> str:
    """Return the text with an apostrophe before anything that a spreadsheet would take for a formula.

    Whichever character the spreadsheet separates cells by.
    """
    return _FORMULA.sub(lambda found: f"{found[0]}'", text)


def unescape_formula(text: str) -> str:
    """Return the text that ``escape_formula`` made this of."""
    return _ESCAPED.sub(lambda found: found[1] or "", text) if "'" in text else text


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV of UTF-8 with a byte order mark, so that spreadsheets read its accents."""
    buffer = io.StringIO()
    _write_rows(buffer, header, rows)
    return buffer.getvalue().encode("utf-8-sig")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV like ``to_csv``'s, a row at a time."""
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        _write_rows(target, header, rows)


def write_workbook_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write what ``make_workbook`` reads; RuleError ``export.sheet_full`` for more rows than a sheet has."""
    with path.open("wb") as target:
        target.write(orjson.dumps(header) + b"\n")
        for number, row in enumerate(rows, 1):
            if number > MAX_SHEET_ROWS:
                raise RuleError("export.sheet_full", most=MAX_SHEET_ROWS)
            target.write(orjson.dumps([_sheet_cell(cell) for cell in row]) + b"\n")


async def make_workbook(title: str, source: Path, target: Path) -> None:
    """Make a workbook of rows, in a process of its own: it computes for seconds."""
    command = program("central.web.workbook", title, str(source), str(target))
    worker = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(_WORKBOOK_S):
            status = await worker.wait()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    if status != 0:
        raise RuntimeError(f"the worker that makes workbooks ended with {status}")


@contextmanager
def export_folder() -> Iterator[Path]:
    """Give a folder on the disk, where a file is whole before the first byte of it is sent."""
    place = Path("/var/tmp")  # noqa: S108 - private to the folder; /tmp is memory on many machines
    with tempfile.TemporaryDirectory(prefix="cassaforte-", dir=place if place.is_dir() else None) as folder:
        yield Path(folder)


class NobodyWaitsError(ConnectionError):
    """The browser that asked for a file has gone."""


def while_wanted(request: web.Request, rows: Iterable[T]) -> Iterator[T]:
    """Yield rows while somebody waits for them; NobodyWaitsError ends the job of one who left."""
    for number, row in enumerate(rows):
        if number % _LOOK_EVERY == 0 and (request.transport is None or request.transport.is_closing()):
            raise NobodyWaitsError
        yield row


async def send_file(request: web.Request, path: Path, content_type: str, name: str) -> web.StreamResponse:
    """Send a file that goes when this returns."""
    headers = {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    with path.open("rb") as source:
        response.content_length = source.seek(0, os.SEEK_END)
        source.seek(0)
        await response.prepare(request)
        while chunk := await asyncio.to_thread(source.read, _PIECE):
            await response.write(chunk)
    await response.write_eof()
    return response


def _write_rows(target: IO[str], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    writer = csv.writer(target)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])


def _sheet_cell(cell: Cell) -> object:
    """Return a cell as the worker takes it: texts stay texts, numbers are marked."""
    if isinstance(cell, Decimal):
        return {"number": str(cell)}
    return cell if cell is None or isinstance(cell, int) else str(cell)


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape_formula(cell)
    return "" if cell is None else str(cell)
