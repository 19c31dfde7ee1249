"""Records as a file for a spreadsheet: what a list shows, or whole, so that an import reads them back as they are.

Made by a job, in the order and under the filters of a list's address, with what whoever asked may see by then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from central.identity.people import Actor
from central.identity.service import actor_of
from central.jobs.queue import ask_for
from central.jobs.values import Asked, JobKind
from central.jobs.work import Work
from central.kit import records
from central.kit.addresses import Address, read_address
from central.kit.files.columns import ID, FileColumn, cell_of, whole_columns
from central.kit.kinds import Computed, Kind
from central.kit.listing import settle, with_rows
from central.kit.proposals import Record
from central.kit.showing import Showing
from central.kit.titles import references_of, titles_of
from central.web.exports import CSV, XLSX, Cell, export_folder, make_workbook, write_csv, write_workbook_rows
from commerce.errors import BadInputError
from commerce.texts import N_

Format = Literal["csv", "xlsx"]
FORMATS: dict[Format, str] = {"csv": CSV, "xlsx": XLSX}
PAGE = 1000
Watched = Callable[[Iterable[Record]], Iterator[Record]]
Names = dict[str, dict[str, str]]  # of records that are referred to, by kind and id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go out: the query of a list's address, and its columns (``columns``, "" for the list's own), or
    everything (``whole``)."""

    query: Mapping[str, str]
    format: Format = "csv"
    whole: bool = False
    language: str = "en"

    def said(self) -> dict[str, Any]:
        """Return it as a job keeps it."""
        return {"query": dict(self.query), "format": self.format, "whole": self.whole, "language": self.language}


@cache
def export_of(kind: Kind) -> JobKind:
    """Return the job that makes files of a kind."""
    return JobKind(name=f"{kind.name}.export", title=N_("Export of a list"), permission=kind.see, tries=3)


def ask_for_export(conn: Connection, kind: Kind, actor: Actor, company: str, wanted: Wanted) -> str:
    """Have a file made and return the job; BadInputError for an address or columns that there are not."""
    read_address(kind, wanted.query)
    _shown(kind, wanted.query.get("columns", ""))
    words = Showing(wanted.language).words
    asked = Asked(company=company, input=wanted.said(), label=words.t(kind.words.many), actor=actor)
    return ask_for(conn, export_of(kind), asked)


async def export(work: Work, kind: Kind) -> None:
    """Make the file (the handler of ``export_of``)."""
    wanted, company = Wanted(**work.input), str(work.claim.company)
    name = f"{kind.path}.{wanted.format}"
    with export_folder() as folder:

        def write(conn: Connection) -> None:
            actor_of(conn, work.claim.actor).scope(kind.see, company)
            write_file(conn, kind, company, wanted, folder / "rows", work.while_wanted)

        await work.database.report(write)
        made = folder / "rows"
        if wanted.format == "xlsx":
            made = folder / name
            await make_workbook(Showing(wanted.language).words.t(kind.words.many), folder / "rows", made)
        await work.keep_file(made, name, FORMATS[wanted.format])


def write_file(conn: Connection, kind: Kind, company: str, wanted: Wanted, target: Path, watched: Watched) -> None:
    """Write a CSV, or the rows of a workbook, a page of records in memory at a time."""
    writer = _Whole(conn, kind, company, wanted) if wanted.whole else _Listed(conn, kind, company, wanted)
    address = settle(conn, kind, company, read_address(kind, wanted.query))
    rows = (row for page in pages(conn, kind, company, address, watched) for row in writer.rows(page))
    write = write_workbook_rows if wanted.format == "xlsx" else write_csv
    write(target, writer.header(), rows)


def pages(
    conn: Connection, kind: Kind, company: str, address: Address, watched: Watched, size: int = PAGE
) -> Iterator[list[Record]]:
    """Yield all records of a view, page after page by key, without their rows."""
    after = None
    while True:
        page = records.page(conn, kind, company, address.view, after, size)
        yield list(watched(page))
        if len(page) < size:
            return
        after = records.place_of(kind, address.view, page[-1])


class _Listed:
    """Writes what a list shows."""

    def __init__(self, conn: Connection, kind: Kind, company: str, wanted: Wanted) -> None:
        self._conn, self._kind, self._company = conn, kind, company
        self._columns = _shown(kind, wanted.query.get("columns", ""))
        self._showing = Showing(wanted.language)

    def header(self) -> list[str]:
        labels = [one.label if isinstance(one, Computed) else self._kind.shapes[one].label for one in self._columns]
        return [self._showing.words.t(label) for label in labels]

    def rows(self, page: Sequence[Record]) -> Iterator[list[Cell]]:
        titles = titles_of(self._conn, self._kind, self._company, [one.card for one in page])
        named: Names = {}
        for (kind, one), title in titles.items():
            named.setdefault(kind, {})[one] = title
        computed = {one.name: one.values(self._conn, self._company, page) for one in self._kind.computed}
        for record in page:
            yield [
                computed[one.name].get(record.id, "") if isinstance(one, Computed) else self._cell(one, record, named)
                for one in self._columns
            ]

    def _cell(self, name: str, record: Record, named: Names) -> Cell:
        shape = self._kind.shapes[name]
        to = self._kind.references.get(name)
        return cell_of(shape, "", getattr(record.card, name), self._showing, named.get(to.name, {}) if to else {})


class _Whole:
    """Writes everything: a line for each record, and a further one for each further row of its tables."""

    def __init__(self, conn: Connection, kind: Kind, company: str, wanted: Wanted) -> None:
        self._conn, self._kind, self._company = conn, kind, company
        self._columns = whole_columns(kind)
        self._showing = Showing(wanted.language)
        self._telling = {*kind.unique}  # stand in every line of a record

    def header(self) -> list[str]:
        return [one.title(self._showing.words) for one in self._columns]

    def rows(self, page: Sequence[Record]) -> Iterator[list[Cell]]:
        found = with_rows(self._conn, self._kind, self._company, page)
        named = codes_of_named(self._conn, self._kind, self._company, found)
        for record in found:
            lines = max([1, *(len(getattr(record.card, name)) for name in self._kind.children)])
            for line in range(lines):
                yield [self._cell(one, record, line, named) for one in self._columns]

    def _cell(self, column: FileColumn, record: Record, line: int, named: Names) -> Cell:
        source: Any = record.card
        if column.path == ID:
            coded = any(getattr(record.card, name) for name in self._kind.unique)
            return "" if coded else record.id
        if column.table:
            rows = getattr(record.card, column.table)
            if line >= len(rows):
                return ""
            source = rows[line]
        elif line and column.name not in self._telling:
            return ""
        path = f"{column.table}.{column.name}" if column.table else column.name
        to = self._kind.references.get(path)
        value = getattr(source, column.name)
        return cell_of(column.shape, column.part, value, self._showing, named.get(to.name, {}) if to else {})


def codes_of_named(conn: Connection, kind: Kind, company: str, found: Sequence[Record]) -> Names:
    """Return by what a file names the records that others refer to: their code where they have one, or their title."""
    wanted: dict[str, set[str]] = {}
    for record in found:
        for _, to, one in references_of(kind, record.card):
            wanted.setdefault(to.name, set()).add(one)
    kinds = {one.name: one for one in kind.references.values()}
    return {
        name: {
            one.id: next((text for code in kinds[name].unique if (text := getattr(one.card, code))), "")
            or kinds[name].title(one.card)
            for one in records.find(conn, kinds[name], company, ids).values()
        }
        for name, ids in wanted.items()
    }


def _shown(kind: Kind, named: str) -> list[str | Computed]:
    """Return the columns of a list that are named, all that it has by itself where none are."""
    computed = {one.name: one for one in kind.computed}
    names = [one for one in named.split(",") if one] or kind.columns
    unknown = next((one for one in names if one not in kind.plain and one not in computed), None)
    if unknown is not None:
        raise BadInputError("import.field", field=unknown[:80], fields=", ".join(kind.columns))
    return [computed.get(one, one) for one in names]
