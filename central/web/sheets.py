"""Reads a table from CSV (plain or gzip) or XLSX, row by row, as texts.

Sizes are limited before anything is unpacked. ``tidy`` is what is done to each cell: by default line breaks go too.
"""

import csv
import gzip
import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from central.web.sheet_worker import UNREADABLE
from commerce.errors import BadInputError
from commerce.processes import program

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
MAX_RATIO = 200
MAX_CELL = 32_768
_SMALL = 16 * 1024 * 1024  # below this any ratio is harmless
_XLSX_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with the number under which its reader finds it; the header is row 1. ``numeric`` names the columns that
    a spreadsheet held as numbers, so that leading zeros may already be lost."""

    number: int
    cells: tuple[str, ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at before it is read. ``progress`` is told (bytes or rows read, of how many)."""

    path: Path
    kind: str  # csv, csv.gz, xlsx
    size: int


def inspect(path: Path) -> Source:
    """Return what kind of file this is; BadInputError names what is wrong with it."""
    if not path.is_file():
        raise BadInputError("import.no_file", file=path.name)
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise BadInputError("import.too_large", file=path.name, most_mb=MAX_FILE_BYTES >> 20)
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(_XLSX_MAGIC):
        _check_archive(path)
        return Source(path, "xlsx", size)
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise BadInputError("import.not_xlsx", file=path.name)
    if not start:
        raise BadInputError("import.empty", file=path.name)
    return Source(path, "csv.gz" if start.startswith(_GZIP_MAGIC) else "csv", size)


def clean(text: str) -> str:
    """Return a cell without control characters and outer blanks; inner line breaks become blanks."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def read_rows(
    source: Source, encoding: str | None, progress: Callable[[int, int], None], tidy: Callable[[str], str] = clean
) -> Iterator[SheetRow]:
    """Yield the rows, the header first; empty rows are skipped but counted."""
    rows = _xlsx_rows(source, progress) if source.kind == "xlsx" else _csv_rows(source, encoding, progress)
    for row in rows:
        cells = tuple(map(tidy, row.cells))
        if any(cells):
            yield SheetRow(row.number, cells, row.numeric)


def _csv_rows(source: Source, encoding: str | None, progress: Callable[[int, int], None]) -> Iterator[SheetRow]:
    csv.field_size_limit(MAX_CELL)
    with source.path.open("rb") as raw, _unpacked(source, raw) as stream:
        text = io.TextIOWrapper(stream, encoding or "utf-8-sig", newline="")
        start = _decoded(text, source)
        delimiter = _delimiter(start.splitlines()[0] if start else "")
        lines = _lines(text, start, source)
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            for number, cells in enumerate(reader, start=1):
                if number % 500 == 0:
                    progress(raw.tell(), source.size)
                yield SheetRow(number, tuple(cells))
        except csv.Error as error:
            raise BadInputError("import.csv", file=source.path.name, row=reader.line_num) from error
    progress(source.size, source.size)


@contextmanager
def _unpacked(source: Source, raw: BinaryIO) -> Iterator[BinaryIO]:
    if source.kind == "csv":
        yield raw
        return
    with gzip.GzipFile(fileobj=raw) as stream:
        yield _Limited(stream, source)  # type: ignore[misc]  # TextIOWrapper reads through it


class _Limited(io.RawIOBase):
    """Stops a packed file that grows beyond what any honest one does."""

    def __init__(self, stream: gzip.GzipFile, source: Source) -> None:
        self._stream = stream
        self._source = source
        self._left = min(MAX_UNPACKED_BYTES, max(_SMALL, source.size * MAX_RATIO))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the buffer is writable bytes
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError) as error:
            raise BadInputError("import.gzip", file=self._source.path.name) from error
        self._left -= len(data)
        if self._left < 0:
            raise BadInputError("import.bomb", file=self._source.path.name)
        buffer[: len(data)] = data
        return len(data)


def _decoded(text: io.TextIOWrapper, source: Source) -> str:
    try:
        return text.readline(MAX_CELL * 4)
    except UnicodeDecodeError as error:
        raise _encoding_error(source, text.encoding) from error


def _lines(text: io.TextIOWrapper, start: str, source: Source) -> Iterator[str]:
    yield start.replace("\x00", "")
    try:
        for line in text:
            yield line.replace("\x00", "") if "\x00" in line else line
    except UnicodeDecodeError as error:
        raise _encoding_error(source, text.encoding) from error


def _encoding_error(source: Source, encoding: str) -> BadInputError:
    """Name the line that cannot be read; the decoder itself only knows its buffer."""
    with source.path.open("rb") as raw, _unpacked(source, raw) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return BadInputError("import.encoding", file=source.path.name, encoding=encoding, row=number)
    return BadInputError("import.encoding", file=source.path.name, encoding=encoding, row=1)


def _delimiter(header: str) -> str:
    """Return the separator that the header uses most; a tab and a semicolon are what spreadsheets write in Italy."""
    return max(",;\t|", key=header.count)


def _check_archive(path: Path) -> None:
    """Read through the whole archive, so that sizes that lie are found before a spreadsheet is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = sum(member.compress_size for member in members)
            if unpacked > MAX_UNPACKED_BYTES or unpacked > max(_SMALL, packed * MAX_RATIO):
                raise BadInputError("import.bomb", file=path.name)
            if "xl/workbook.xml" not in {member.filename for member in members}:
                raise BadInputError("import.not_xlsx", file=path.name)
            for member in members:
                with archive.open(member) as stream:
                    while stream.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadInputError("import.not_xlsx", file=path.name) from error


def _xlsx_rows(source: Source, progress: Callable[[int, int], None]) -> Iterator[SheetRow]:
    with _worker(source.path) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        total = max(int(process.stdout.readline().strip() or 0), 1)
        for line in process.stdout:
            for number, cells, numeric in orjson.loads(line):
                if number % 500 == 0:
                    progress(number, total)
                yield SheetRow(number, tuple(cells), frozenset(numeric))
        status = process.wait()
        if status:
            code = "import.not_xlsx" if status == UNREADABLE else "import.bomb"
            raise BadInputError(code, file=source.path.name)
    progress(total, total)


@contextmanager
def _worker(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = program("central.web.sheet_worker", str(path.absolute()))
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            yield process
        finally:
            process.kill()


def cell_text(cell: object) -> str:
    """Return a cell as people see it; a spreadsheet's whole numbers carry no ``.0``."""
    if isinstance(cell, str):
        return cell[:MAX_CELL]
    if isinstance(cell, float):  # the type in which a spreadsheet hands over every number
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)
