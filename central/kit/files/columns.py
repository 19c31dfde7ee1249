"""The columns of a kind in a file, and its values as cells. Whatever is written here is read back as it was.

A column is named by its path: ``code``, ``names.it``; of rows ``contacts.mail`` (a line of the file for each row) or
``contacts.2.mail`` (the second row, beside the first).
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from central.kit.kinds import Kind
from central.kit.reading import clean
from central.kit.shape import RowsShape, Shape
from central.kit.shapes import ChoiceShape, ChoicesShape, DayShape, NamesShape, NumberShape, TextsShape, TickShape
from central.kit.showing import Showing
from central.web.exports import Cell
from commerce.errors import BadInputError
from commerce.texts import N_, Translator

ID = "id"  # of a record, where no code of its own tells which it is
SEPARATOR = "|"
_LANGUAGES = {"it": N_("Italian"), "en": N_("English")}
_RECORD = Shape(label=N_("Record"))


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column: its field's shape, the part of it that is meant, the table of rows it is of and which of them."""

    path: str
    shape: Shape
    name: str
    part: str = ""
    table: str = ""
    number: int = 0  # from 1; 0 for a line of the file for each row
    about: str = ""

    def title(self, words: Translator) -> str:
        """Return what heads it."""
        of_rows = f"{words.t(self.about)}{f' {self.number}' if self.number else ''}: " if self.table else ""
        return f"{of_rows}{words.t(self.shape.label)}" + (f" ({words.t(_LANGUAGES[self.part])})" if self.part else "")


@cache
def file_columns(kind: Kind) -> dict[str, FileColumn]:
    """Return all columns of a kind by path, each table of rows as lines of their own."""
    found = [FileColumn(ID, _RECORD, ID)]
    for name, shape in kind.shapes.items():
        if isinstance(shape, RowsShape):
            inner = shape.shapes.items()
            found += [one for field, of in inner for one in _parts(of, field, name, shape.label)]
        else:
            found += _parts(shape, name)
    return {one.path: one for one in found}


def file_column(kind: Kind, path: str) -> FileColumn:
    """Return a column by path, of a numbered row too; BadInputError ``import.field``."""
    table, _, rest = path.partition(".")
    number, _, field = rest.partition(".")
    plain = path
    if table in kind.children and number.isascii() and number.isdecimal() and 0 < len(number) < 4:
        plain = f"{table}.{field}"
    found = file_columns(kind).get(plain)
    if found is None or (plain != path and not 1 <= int(number) <= kind.children[table].most):
        raise BadInputError("import.field", field=path[:80], fields=", ".join(file_columns(kind)))
    if plain == path:
        return found
    return FileColumn(path, found.shape, found.name, found.part, table, int(number), found.about)


def whole_columns(kind: Kind) -> list[FileColumn]:
    """Return the columns in which a record goes out whole; its id where nothing else tells it from all others."""
    told = any(kind.shapes[name].needed for name in kind.unique)
    return [one for path, one in file_columns(kind).items() if path != ID or not told]


def cell_of(shape: Shape, part: str, value: Any, showing: Showing, named: Mapping[str, str]) -> Cell:  # noqa: ANN401
    """Return a value as a cell; ``named`` are the codes or titles of the records that it may refer to."""
    match shape:
        case NumberShape():
            number: Cell = value
            return number
        case TickShape():
            return showing.words.t("yes") if value else showing.words.t("no")
        case NamesShape() if part:
            return str(value.get(part, ""))
        case TextsShape():
            return join(value)
        case ChoicesShape():
            return join([showing.words.t(shape.options[one]) for one in value if one in shape.options])
        case DayShape():
            return shape.said(value) or ""
        case _ if shape.widget == "reference":
            return named.get(value, "") if value else ""
    return shape.shown(value, showing)


def join(texts: Sequence[str], separator: str = SEPARATOR) -> str:
    """Return several texts as one cell; a text with the separator in it is quoted, as in CSV."""
    cell = io.StringIO()
    csv.writer(cell, delimiter=separator, lineterminator="").writerow(texts)
    return cell.getvalue() if texts else ""


def split(cell: str, separator: str = SEPARATOR) -> list[str]:
    """Return the texts of a cell; a new line separates them too."""
    try:
        rows = list(csv.reader(cell.splitlines(), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return [cell]
    return [text for row in rows for text in map(clean, row) if text]


def codes_of(shape: ChoiceShape | ChoicesShape, words: Sequence[Translator]) -> dict[str, str]:
    """Return what a choice may be called in a file: its codes, and its words in any language."""
    found = {word.t(text): code for word in words for code, text in shape.options.items()}
    return found | {code: code for code in shape.options}


def _parts(shape: Shape, name: str, table: str = "", about: str = "") -> Iterator[FileColumn]:
    parts = shape.parts if isinstance(shape, NamesShape) else ("",)
    for part in parts:
        path = ".".join(filter(None, (table, name, part)))
        yield FileColumn(path, shape, name, part, table, 0, about)
