"""Files become records: tried out first, by a job that shows what would change; then loaded, set after set, by one that
goes on where it was when it was killed. What is refused is kept with the job, and as a file that can be mended and
loaded again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from central.db.clock import database_now
from central.identity.people import Actor
from central.identity.service import actor_of
from central.jobs import results
from central.jobs.queue import ask_for
from central.jobs.values import Asked, JobKind, Outcome, Progress, RowResult
from central.jobs.work import Work
from central.kit import records, service
from central.kit.conflicts import shown
from central.kit.files.doubts import Totals, all_doubts
from central.kit.files.entries import Entry, Layout, entries, in_sets, layout_of, open_rows, read_header
from central.kit.files.mapping import FileMapping, check_mapping, matched_by
from central.kit.files.reading import proposals_of
from central.kit.files.refused import keep_refused
from central.kit.handed import get_file, read_piece
from central.kit.kinds import Kind, Kinds
from central.kit.proposals import DoubtError, Edit, Proposal, pending
from central.kit.showing import Showing
from central.kit.titles import titles_of
from central.web.exports import export_folder
from commerce.errors import ConflictError, NotFoundError, Problem
from commerce.texts import N_

MOST_TOLD = 1000  # changes that a trial tells one by one
_LOOK_AGAIN = frozenset(2**power for power in range(1, 14))  # after these sets the tables have doubled


class FileJobs(NamedTuple):
    """The two jobs of a kind's imports."""

    trial: JobKind
    load: JobKind


@cache
def imports_of(kind: Kind) -> FileJobs:
    """Return the jobs that try files of a kind out, and load them."""
    trial = JobKind(name=f"{kind.name}.trial", title=N_("Trial of an import"), permission=kind.edit, tries=3)
    load = JobKind(name=f"{kind.name}.import", title=N_("Import of a file"), permission=kind.edit, tries=20)
    return FileJobs(trial, load)


def ask_for_trial(
    conn: Connection, kind: Kind, actor: Actor, company: str, file: str, mapping: FileMapping, language: str
) -> str:
    """Have a file tried out and return the job; InvalidError for a mapping that does not fit it."""
    actor.scope(kind.edit, company).whole()
    row = get_file(conn, kind, company, file)
    check_mapping(kind, row.header, mapping)
    said = {"file": file, "name": row.name, "mapping": mapping.model_dump(), "language": language}
    return ask_for(conn, imports_of(kind).trial, Asked(company=company, input=said, label=row.name, actor=actor))


def ask_for_load(
    conn: Connection, kind: Kind, actor: Actor, company: str, trial: str, accepted: frozenset[str], language: str
) -> str:
    """Have loaded what was tried out, once; DoubtError with what is doubtful of the whole file and not accepted."""
    actor.scope(kind.edit, company).whole()
    row = get_job(conn, kind, actor, company, trial)
    if row.kind != imports_of(kind).trial.name or row.result is None:
        raise ConflictError("import.not_tried")
    get_file(conn, kind, company, row.input["file"])
    asked = [Problem(one["code"], one["field"], one["values"]) for one in row.result["doubts"]]
    left = [one for one in asked if f"{one.field}:{one.code}" not in accepted]
    if left:
        raise DoubtError(*left)
    said = {**row.input, "language": language, "accepted": sorted(accepted), "rows": row.result["rows"]}
    wanted = Asked(company=company, input=said, label=row.label, key=f"of {trial}", actor=actor)
    return ask_for(conn, imports_of(kind).load, wanted)


def get_job(conn: Connection, kind: Kind, actor: Actor, company: str, wanted: str) -> Any:  # noqa: ANN401 - a row
    """Return a job of a kind's files in a company; NotFoundError ``job.unknown``."""
    row = results.get_job(conn, actor, wanted)
    if row.company != company or row.kind not in {one.name for one in imports_of(kind)}:
        raise NotFoundError("job.unknown")
    return row


async def try_out(work: Work, kind: Kind, kinds: Kinds) -> Mapping[str, Any]:
    """Say what a file would change (the handler of ``FileJobs.trial``)."""
    totals, told = Totals(), 0
    async with _reading(work, kind) as (layout, path), aclosing(_sets(layout, path)) as sets:
        async for found in sets:
            look = partial(_look, layout=layout, work=work, kinds=kinds, found=found, room=MOST_TOLD - told)
            proposals, rows = await work.database.read(look)
            totals.add(kind, _plain_fields(layout), proposals)
            _note_numbers(totals, layout, found)
            told += sum(row.outcome == Outcome.DONE for row in rows)
            await work.note_rows(rows, Progress(totals.rows))
        if totals.refused:
            await keep_refused(work, layout, path)
    doubts = [{"code": one.code, "field": one.field, "values": dict(one.values)} for one in all_doubts(kind, totals)]
    link = f"/{kind.path}/import/{work.input['file']}/{work.claim.id}"
    return {**totals.counts(), "doubts": doubts, "warnings": dict(totals.warnings), "link": link}


async def load(work: Work, kind: Kind, kinds: Kinds) -> Mapping[str, Any]:
    """Save what a file says, as far as nothing is wrong with it (the handler of ``FileJobs.load``)."""
    start = work.checkpoint or {"line": 0, "sets": 0, **Totals().counts()}
    async with _reading(work, kind) as (layout, path), aclosing(_sets(layout, path, start["line"])) as sets:
        async for found in sets:
            stands: dict[str, int] = {}
            save = partial(_save, layout=layout, work=work, kinds=kinds, found=found, before=start, stands=stands)
            done = Progress(start["rows"] + len(found), work.input["rows"])
            await work.step(save, done, checkpoint=stands)
            start = stands
            if start["sets"] in _LOOK_AGAIN:
                await work.step(partial(records.look_again, kind=kind), done)
        if start["refused"]:
            await keep_refused(work, layout, path)
    await work.step(partial(records.look_again, kind=kind), Progress(start["rows"], start["rows"]))
    counts = {name: start[name] for name in Totals().counts()}
    return {**counts, "link": f"/{kind.path}/import/{work.input['file']}/{work.claim.id}"}


def _look(
    conn: Connection, layout: Layout, work: Work, kinds: Kinds, found: Sequence[Entry], room: int
) -> tuple[list[Proposal], list[RowResult]]:
    kind, edit = layout.kind, _edit(conn, work, kinds, frozenset())
    edit.actor.scope(kind.edit, edit.company).whole()
    proposals = proposals_of(conn, layout, edit.company, found)
    service.look_over(conn, kind, edit, proposals)
    pairs = list(zip(found, proposals, strict=True))
    rows = [row for entry, one in pairs for row in _faults(layout, entry, one, Outcome.WARNED, list(one.warnings))]
    sound = [(entry, one) for entry, one in pairs if not one.problems and not one.warnings and not one.unchanged]
    cards = [card for _, one in sound[:room] for card in (one.card, one.before.card if one.before else one.card)]
    showing = Showing(work.input["language"], titles_of(conn, kind, edit.company, cards))
    rows += [_told(kind, entry, one, showing) for entry, one in sound[:room]]
    return proposals, rows


def _save(
    conn: Connection, layout: Layout, work: Work, kinds: Kinds, found: Sequence[Entry], before: Mapping[str, int],
    stands: dict[str, int],
) -> None:  # fmt: skip
    """Save a set and note what is refused of it; ``stands`` says then how far the whole is."""
    kind, edit = layout.kind, _edit(conn, work, kinds, frozenset(work.input["accepted"]))
    edit.actor.scope(kind.edit, edit.company).whole()
    records.lock(conn, edit.company, kind)  # before anything is read: what stands then stands until this is saved
    proposals = proposals_of(conn, layout, edit.company, found)
    service.examine(conn, kind, edit, proposals)
    left = [list(pending(edit, one)) for one in proposals]
    service.store(conn, kind, edit, proposals)
    three = zip(found, proposals, left, strict=True)
    rows = [row for entry, one, out in three for row in _faults(layout, entry, one, Outcome.REFUSED, out)]
    results.note_rows(conn, work.claim.id, rows)
    totals = Totals()
    totals.add(kind, (), [one for one, out in zip(proposals, left, strict=True) if one.problems or not out])
    totals.refused, totals.rows = len(rows), len(found)
    counts = {name: before[name] + count for name, count in totals.counts().items()}
    stands.update(counts, line=found[-1].number, sets=before["sets"] + 1)


def _edit(conn: Connection, work: Work, kinds: Kinds, accepted: frozenset[str]) -> Edit:
    actor = actor_of(conn, work.claim.actor)
    return Edit(actor, str(work.claim.company), database_now(conn), kinds, accepted)


def _faults(
    layout: Layout, entry: Entry, one: Proposal, of_warnings: Outcome, warnings: Sequence[Problem]
) -> Iterator[RowResult]:
    found = list(one.problems) or warnings
    if found:
        outcome = Outcome.REFUSED if one.problems else of_warnings
        named = [(problem.field, problem.code, _plain(problem.values)) for problem in found]
        where = layout.kind.shapes.get(found[0].field.partition(".")[0])
        values = {**_plain(found[0].values), "problems": named, **({"where": where.label} if where else {})}
        yield RowResult(entry.number, _subject(layout, entry), outcome, found[0].code, values)


def _told(kind: Kind, entry: Entry, one: Proposal, showing: Showing) -> RowResult:
    title = kind.title(one.card)
    if one.before is None:
        return RowResult(entry.number, title, Outcome.DONE, "import.adds")
    was, now = one.before.card, one.card
    changes = "; ".join(
        f"{showing.words.t(shape.label)}: {shown(shape, getattr(was, name), showing) or '–'}"
        f" → {shown(shape, getattr(now, name), showing) or '–'}"
        for name, shape in kind.shapes.items()
        if getattr(was, name) != getattr(now, name)
    )
    return RowResult(entry.number, title, Outcome.DONE, "import.changes", {"changes": changes})


def _subject(layout: Layout, entry: Entry) -> str:
    match = matched_by(layout.kind, layout.mapping)
    named = layout.cell(entry.lines[0], match) if match else ""
    return (named or next((cell for cell in entry.lines[0].cells if cell), ""))[:200]


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in values.items()}


def _plain_fields(layout: Layout) -> list[str]:
    return sorted({one.name for one in layout.columns.values() if not one.table and one.name in layout.kind.plain})


def _note_numbers(totals: Totals, layout: Layout, found: Sequence[Entry]) -> None:
    for name in {*layout.kind.unique, *layout.kind.codes} & layout.places.keys():
        numbers = sum(layout.is_number(one.lines[0], name) for one in found)
        if numbers:
            totals.numbers[name] += numbers


@asynccontextmanager
async def _reading(work: Work, kind: Kind) -> AsyncIterator[tuple[Layout, Path]]:
    """Give the file on this machine's disk, and where its columns stand."""
    mapping = FileMapping.model_validate(work.input["mapping"])
    file, company = work.input["file"], str(work.claim.company)
    row = await work.database.read(partial(get_file, kind=kind, company=company, file=file))
    with export_folder() as folder:
        path = folder / row.name
        with path.open("wb") as target:
            number = 0
            while (piece := await work.database.read(partial(read_piece, file=file, number=number))) is not None:
                await asyncio.to_thread(target.write, piece)
                number += 1
        yield layout_of(kind, mapping, check_mapping(kind, row.header, mapping), row.header), path


async def _sets(layout: Layout, path: Path, after: int = 0) -> AsyncGenerator[list[Entry]]:
    """Yield the entries behind a line, a set at a time; a thread reads them."""
    rows = open_rows(path, layout.mapping.encoding)
    try:
        await asyncio.to_thread(read_header, rows, path.name)
        found = in_sets(entries(layout, rows), after)
        while part := await asyncio.to_thread(next, found, None):
            yield part
    finally:
        rows.close()  # type: ignore[attr-defined]  # a generator, with a process behind it
