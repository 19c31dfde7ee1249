"""The rows of a file as entries, one for each record: those that only add rows to a record's tables belong to it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from central.kit.files.columns import ID, FileColumn
from central.kit.files.mapping import FileMapping, matched_by, unique_titles
from central.kit.kinds import Kind
from central.web.exports import unescape_formula
from central.web.keytable import KeyTable
from central.web.sheets import SheetRow, inspect, read_rows
from commerce.errors import BadInputError

SET = 1000
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Entry:
    """The lines of one record. ``key`` is what it is matched by, folded, and with ``by_id`` its id; ``double`` is the
    line that has it already."""

    key: str
    lines: list[SheetRow]
    by_id: bool = False
    double: int = 0

    @property
    def number(self) -> int:
        """Return the number of its first line."""
        return self.lines[0].number

    def is_orphan(self, layout: "Layout", match: str) -> bool:
        """Tell whether its first line only adds rows: saved, it would empty every other field of the record."""
        others = [path for path in layout.plain if path != match]
        first = self.lines[0]
        goes_on = bool(others) and any(layout.cell(first, path) for path in layout.tables)
        return goes_on and not any(layout.cell(first, path) for path in others)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a line each column stands."""

    kind: Kind
    mapping: FileMapping
    columns: Mapping[str, FileColumn]
    places: Mapping[str, int]
    plain: tuple[str, ...] = field(init=False)
    tables: tuple[str, ...] = field(init=False)  # paths with a line of the file for each row

    def __post_init__(self) -> None:
        found = [(path, self.columns[path]) for path in self.places]
        set_ = object.__setattr__
        set_(self, "plain", tuple(path for path, one in found if not one.table or one.number))
        set_(self, "tables", tuple(path for path, one in found if one.table and not one.number))

    def cell(self, row: SheetRow, path: str) -> str:
        """Return the text of a cell, as the mapping has it read."""
        place = self.places.get(path)
        if place is None:
            return self.mapping.constants.get(path, "")
        text = row.cells[place] if place < len(row.cells) else ""
        return self.mapping.values.get(path, {}).get(text, text)

    def is_number(self, row: SheetRow, path: str) -> bool:
        """Tell whether a workbook holds a cell as a number."""
        return self.places.get(path, -1) in row.numeric


def open_rows(path: Path, encoding: str = "") -> Iterator[SheetRow]:
    """Yield the rows of a file with the line breaks in their cells, the header first, what a CSV escapes read back."""
    source = inspect(path)
    with path.open("rb") as stream:
        marked = stream.read(3) == _BOM
    tidy = _tidy if source.kind == "xlsx" else _tidy_escaped
    return read_rows(source, None if marked or not encoding else encoding, lambda _done, _of: None, tidy)


def read_header(rows: Iterator[SheetRow], name: str) -> list[str]:
    """Return the titles of a file; BadInputError ``import.empty``."""
    first = next(rows, None)
    if first is None:
        raise BadInputError("import.empty", file=name)
    return unique_titles(first.cells)


def layout_of(kind: Kind, mapping: FileMapping, columns: Mapping[str, FileColumn], header: Sequence[str]) -> Layout:
    """Return where the columns of a mapping stand."""
    return Layout(kind, mapping, columns, {path: header.index(title) for path, title in mapping.columns.items()})


def entries(layout: Layout, rows: Iterable[SheetRow]) -> Iterator[Entry]:
    """Yield the entries; a key that an earlier one has is marked."""
    match, seen, found = matched_by(layout.kind, layout.mapping), KeyTable(), None
    for row in rows:
        key, by_id = _key(layout, match, row)
        if found is not None and _goes_on(layout, found, key, row):
            found.lines.append(row)
            continue
        if found is not None:
            yield found
        found = Entry(key, [row], by_id)
        if key:
            digest = _digest(key)
            found.double = seen.find(digest)
            seen.add(digest, row.number)
    if found is not None:
        yield found


def in_sets(found: Iterable[Entry], after: int = 0, size: int = SET) -> Iterator[list[Entry]]:
    """Yield entries behind a line, many together."""
    part: list[Entry] = []
    for one in found:
        if one.number > after:
            part.append(one)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _goes_on(layout: Layout, found: Entry, key: str, row: SheetRow) -> bool:
    """Tell whether a line only adds rows to the record before it: nothing else of it differs, or it is empty."""
    if not layout.tables or key not in ("", found.key) or not any(layout.cell(row, path) for path in layout.tables):
        return False
    first = found.lines[0]
    return all(layout.cell(row, path) in ("", layout.cell(first, path)) for path in layout.plain)


def _key(layout: Layout, match: str, row: SheetRow) -> tuple[str, bool]:
    """Return what a line is matched by, and whether that is an id."""
    if match and match != ID:
        shape = layout.kind.shapes[match]
        code = str(shape.key(shape.read({"": layout.cell(row, match)})))
        if code:
            return code, False
    named = layout.cell(row, ID) if ID in layout.places else ""
    return named, bool(named)


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), signed=True)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _tidy_escaped(text: str) -> str:
    return unescape_formula(_tidy(text))
