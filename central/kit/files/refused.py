"""What a file had that was refused, as a file of the same form: its lines, and behind them why. It can be mended and
loaded again as it is."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from central.jobs import results
from central.jobs.values import Outcome
from central.jobs.work import Work
from central.kit.files.entries import Layout, entries, open_rows, read_header
from central.web.exports import CSV, XLSX, Cell, export_folder, make_workbook, write_csv, write_workbook_rows
from central.web.sheets import inspect
from commerce.errors import Problem
from commerce.texts import LANGUAGES, N_, Translator, translator
from commerce.texts.problems import problem_text

_ROW, _WHY = N_("Line of the file"), N_("Left out because")
_FILE = N_("left out")
_PAGE = 500


async def keep_refused(work: Work, layout: Layout, path: Path) -> None:
    """Make a file of what was refused, of the same form as what was handed in, with the reasons behind."""
    words = translator(work.input["language"])
    workbook = inspect(path).kind == "xlsx"
    write = write_workbook_rows if workbook else write_csv
    name = f"{words.t(_FILE)}.{'xlsx' if workbook else 'csv'}"
    with export_folder() as folder:

        def job(conn: Connection) -> None:
            lines = _lines(conn, work.claim.id, layout, path, words, workbook=workbook)
            write(folder / "rows", [str(cell) for cell in next(lines)], lines)

        await work.database.report(job)
        made = folder / "rows"
        if workbook:
            made = folder / name
            await make_workbook(words.t(_WHY), folder / "rows", made)
        await work.keep_file(made, name, XLSX if workbook else CSV)


def _lines(
    conn: Connection, job: str, layout: Layout, path: Path, words: Translator, *, workbook: bool
) -> Iterator[list[Cell]]:
    """Yield the header, then the lines of each entry that was refused; what an earlier file said of them goes."""
    rows = open_rows(path, layout.mapping.encoding)
    header = read_header(rows, path.name)
    ours = {translator(language).t(text) for language in LANGUAGES for text in (_ROW, _WHY)}
    kept = [place for place, title in enumerate(header) if title not in ours]
    yield [*(header[place] for place in kept), words.t(_ROW), words.t(_WHY)]
    refused = _refused(conn, job)
    wanted = next(refused, None)
    for entry in entries(layout, rows):
        if wanted is None:
            return
        if entry.number == wanted.number:
            why = [f"{entry.number}", _why(layout, wanted, words)]
            for line in entry.lines:
                cells = [line.cells[place] if place < len(line.cells) else "" for place in kept]
                numbers = [workbook and place in line.numeric for place in kept]
                yield [*(Decimal(c) if number else c for c, number in zip(cells, numbers, strict=True)), *why]
            wanted = next(refused, None)


def _refused(conn: Connection, job: str) -> Iterator[Any]:
    after = -1
    while found := results.list_rows(conn, job, Outcome.REFUSED, after, _PAGE):
        yield from found
        after = found[-1].number


def _why(layout: Layout, row: Any, words: Translator) -> str:  # noqa: ANN401 - a row of the table
    """Return the sentences that say why a row was refused, each with its field."""
    told = []
    for where, code, values in row.values["problems"]:
        shape = layout.kind.shapes.get(where.partition(".")[0])
        sentence = problem_text(words, Problem(code, where, values))
        told.append(f"{words.t(shape.label)}: {sentence}" if shape else sentence)
    return " ".join(told)
