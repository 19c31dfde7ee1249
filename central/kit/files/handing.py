"""A file is handed in: looked at, kept in the database, and its columns guessed at for whoever maps them."""

import asyncio
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from central.db.clock import database_now
from central.db.engine import Database
from central.jobs.values import JobKind
from central.jobs.work import Work
from central.kit.files.entries import open_rows, read_header
from central.kit.files.mapping import FileMapping, propose
from central.kit.handed import PIECE, add_file, add_piece, trim_files
from central.kit.kinds import Kind
from commerce.ids import new_id
from commerce.texts import N_

_SAMPLES, _LONGEST = 3, 80
TRIM = JobKind(name="files.trim", title=N_("Forgetting files that were handed in"), listed=False)


async def hand_in(
    database: Database, kind: Kind, company: str, path: Path, mapping: FileMapping | None, at: datetime
) -> str:
    """Keep a file and return its id; BadInputError for one that cannot be read. Without a mapping one is proposed;
    one without columns takes over how cells are to be read."""
    given = mapping or FileMapping()
    header, samples = await asyncio.to_thread(_look, path, given.encoding)
    if not given.columns:
        given = given.model_copy(update={"columns": propose(kind, header).columns})
    file = new_id()
    values = {"id": file, "company": company, "kind": kind.name, "name": path.name, "header": header,
              "samples": samples, "mapping": given.model_dump(), "at": at}  # fmt: skip
    await database.write(partial(add_file, values=values))
    await _keep(database, file, path)
    return file


async def trim(work: Work) -> None:
    """Forget what is older than it is kept (the handler of ``TRIM``)."""
    while await work.step(lambda conn: trim_files(conn, database_now(conn))):
        pass


async def _keep(database: Database, file: str, path: Path) -> None:
    number = 0
    with path.open("rb") as source:
        content = await asyncio.to_thread(source.read, PIECE)
        while content:
            following = await asyncio.to_thread(source.read, PIECE)
            last = not following
            await database.write(partial(add_piece, file=file, number=number, content=content, last=last))
            number, content = number + 1, following


def _look(path: Path, encoding: str) -> tuple[list[str], list[list[str]]]:
    """Return the titles of a file and its first rows."""
    with closing(open_rows(path, encoding)) as rows:  # type: ignore[type-var]  # a generator, with a process behind it
        header = read_header(rows, path.name)
        return header, [[cell[:_LONGEST] for cell in row.cells] for row in islice(rows, _SAMPLES)]
