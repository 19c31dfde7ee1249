"""What the columns of a file are: proposed from how people call fields, given in a file, or chosen on a page."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.kit.files.columns import ID, SEPARATOR, FileColumn, file_column, file_columns
from central.kit.kinds import Kind
from central.kit.reading import split_words
from central.web.api import faults
from commerce.errors import InvalidError, Problem, Problems
from commerce.texts import LANGUAGES, translator

_Text = Annotated[str, Field(max_length=200)]
_BESIDE = 9  # rows beside each other that a header is searched for
MOST_BYTES = 256 * 1024


class FileMapping(BaseModel):
    """Which column of a file is which field (by path), with what stands in none (``constants``) and how its cells are
    to be read: ``values`` says for a field what a cell means. ``match`` is the field by which a record is known again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[_Text, _Text] = Field(default_factory=dict, max_length=500)
    constants: dict[_Text, str] = Field(default_factory=dict, max_length=100)
    values: dict[_Text, dict[_Text, str]] = Field(default_factory=dict, max_length=100)
    match: _Text = ""
    separator: str = Field(default=SEPARATOR, pattern=r"^[^\w\s\"]$", examples=[SEPARATOR])
    decimal: Literal["", ".", ","] = ""
    encoding: Literal["", "cp1252", "iso8859-15", "utf-16"] = ""  # "" is UTF-8


def read_mapping(content: bytes) -> FileMapping:
    """Return what a mapping file (JSON or TOML) says; InvalidError ``import.mapping`` for one that is none."""
    try:
        text = content.decode("utf-8-sig")
        said = orjson.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        for name in ("columns", "constants"):
            if isinstance(said.get(name), dict):  # TOML: names.it = "Nome"
                said[name] = dict(_flat(said[name]))
        return FileMapping.model_validate(said)
    except ValidationError as error:
        raise InvalidError(*faults(error, "import.mapping"), whole="import.mapping") from error
    except (ValueError, RecursionError) as error:
        fault = str(error)[:200]
        raise InvalidError(Problem("import.mapping", "", {"field": "-", "fault": fault})) from error


def check_mapping(kind: Kind, header: Sequence[str], mapping: FileMapping) -> dict[str, FileColumn]:
    """Return the columns that a mapping speaks of; InvalidError with all that is wrong with it, by path."""
    problems, found = Problems(), dict[str, FileColumn]()
    for path in (*mapping.columns, *mapping.constants):
        with problems.taking(path):
            found[path] = file_column(kind, path)
    for path, title in mapping.columns.items():
        if title not in header:
            problems.add("import.column", path, column=title, columns=", ".join(header)[:500])
    for table in {one.table for one in found.values() if not one.number} & {
        o.table for o in found.values() if o.number
    }:
        problems.add("import.two_ways", table)
    match = matched_by(kind, mapping)
    if kind.unique and not match:
        problems.add("import.match", kind.unique[0])
    elif mapping.match and (mapping.match not in mapping.columns or mapping.match not in (ID, *kind.unique)):
        problems.add("import.match", mapping.match)
    problems.refuse()
    return found


def matched_by(kind: Kind, mapping: FileMapping) -> str:
    """Return the field by which a row finds the record that stands; "" where every row is a new one.

    Without a code a row may still name a record by its id.
    """
    return mapping.match or next((name for name in (*kind.unique, ID) if name in mapping.columns), "")


def propose(kind: Kind, header: Sequence[str]) -> FileMapping:
    """Return the columns whose titles are how people, pages or programs call a field; each is taken once."""
    free = {title: _plain(title) for title in header}
    columns: dict[str, str] = {}
    for path, column in _candidates(kind):
        names = {_plain(name) for name in _names(column)}
        title = next((title for title, plain in free.items() if plain in names and plain), None)
        if title is not None and path not in columns:
            columns[path] = title
            del free[title]
    return FileMapping(columns=columns)


def unique_titles(cells: Sequence[str]) -> list[str]:
    """Return the titles of a header, each once; what is headed by nothing is called by its number."""
    found: list[str] = []
    for number, cell in enumerate(cells, 1):
        title = cell[:200] or str(number)
        again = next(n for n in range(1, len(cells) + 2) if (title if n == 1 else f"{title} ({n})") not in found)
        found.append(title if again == 1 else f"{title} ({again})")
    return found


def _candidates(kind: Kind) -> Iterator[tuple[str, FileColumn]]:
    """Whole titles come before what they may mean besides."""
    for path, column in file_columns(kind).items():
        yield path, column
        for number in range(1, _BESIDE + 1) if column.table else ():
            beside = f"{column.table}.{number}.{path.removeprefix(f'{column.table}.')}"
            yield beside, file_column(kind, beside)


def _names(column: FileColumn) -> Iterator[str]:
    words = [translator(language) for language in LANGUAGES]
    yield from [column.path] if column.path != ID else []  # an "ID" in a file is anybody's
    yield from (column.title(one) for one in words)
    if not column.table:
        yield from column.shape.titles if column.part in ("", LANGUAGES[-1]) else ()
        yield from (one.t(column.shape.label) for one in words if column.part in ("", one.language))


def _plain(title: str) -> str:
    return " ".join(split_words(title))


def _flat(said: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
