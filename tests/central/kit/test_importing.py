"""What imports of every declared kind hold to: what goes out comes in again as it was, and what is wrong is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from central.db.clock import database_now
from central.identity.people import COMMAND_LINE, Role
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.jobs.work import Work
from central.kit import records, service, shapes
from central.kit.files.columns import ID, file_columns
from central.kit.files.doubts import Totals, none_given, off_by_factor, one_value
from central.kit.files.importing import imports_of, load
from central.kit.files.manifest import files_of
from central.kit.kinds import Kinds
from central.kit.models import said_of
from central.kit.proposals import Proposal
from central.kit.showing import Showing
from central.organisation.service import save_company
from central.web.manifest import handlers_of
from commerce.texts import LANGUAGES
from tests.central.kit.declared import BOOKS, SHELVES
from tests.central.kit.filing import (
    counts,
    csv_of,
    do_jobs,
    download,
    hand_in,
    job_row,
    loaded,
    made,
    refused_rows,
    table,
    tried,
)
from tests.central.kit.samples import ALL, edit_of, fill, sample
from tests.central.kit.test_declarations import declare
from tests.central.office import COMPANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from central.kit.kinds import Kind
    from central.kit.proposals import Record
    from commerce.errors import Problem
    from tests.central.kit.site import Site
    from tests.central.office import Office


async def standing(office: Office, kind: Kind, company: str = "") -> list[Record]:
    """All records of a company, by what tells them apart."""
    whose = company or office.company

    def read(conn: Connection) -> list[Record]:
        ids = conn.execute(select(kind.table.c.id).where(kind.table.c.company == whose)).scalars()
        return list(records.find(conn, kind, whose, list(ids)).values())

    found = await office.database.read(read)
    return sorted(found, key=lambda one: str(getattr(one.card, kind.unique[0])))


async def other_company(office: Office) -> str:
    values = {**COMPANY, "name": "Altra"}
    return await office.database.write(partial(save_company, actor=COMMAND_LINE, at=office.clock(), values=values))


def said_without_ids(kind: Kind, record: Record) -> dict[str, Any]:
    said = said_of(kind, record)
    inner = {name: shape.shapes for name, shape in kind.children.items()}
    references = {name for name in kind.references if "." not in name}
    plain = {name: value for name, value in said.items() if name not in (ID, "version", *inner, *references)}
    rows = {
        name: [{one: row[one] for one in of if f"{name}.{one}" not in kind.references} for row in said[name]]
        for name, of in inner.items()
    }
    return plain | rows


@pytest.mark.parametrize(("form", "language"), [("csv", "it"), ("csv", "en"), ("xlsx", "it"), ("xlsx", "en")])
async def test_what_went_out_changes_nothing_when_it_comes_in(site: Site, kind: Kind, form: str, language: str) -> None:
    before = await fill(site.office, kind, 6)
    content = await made(site, kind.path, whole=True, format=form, language=language)

    trial = await tried(site, kind.path, content, f"file.{form}")
    done = await loaded(site, kind.path, trial.id)

    assert counts(trial) == counts(done) == (0, 0, 6, 0), await refused_rows(site.office, trial.id)
    after = {one.id: one for one in await standing(site.office, kind)}
    assert {one.id: (one.version, one.card) for one in before} == {n: (o.version, o.card) for n, o in after.items()}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_another_company_takes_over_every_field_and_what_was_left_out_is_loaded_again_as_it_is(
    site: Site, kind: Kind, form: str
) -> None:
    await fill(site.office, kind, 4)
    other = await other_company(site.office)
    for to in {one.name: one for one in kind.references.values() if one is not kind}.values():
        await fill(site.office, to, 1, other, first=9000)
    content, rest = await made(site, kind.path, whole=True, format=form), 4
    while rest:  # what names a record further down in the same file waits for it
        trial = await tried(site, kind.path, content, f"file.{form}", company=other)
        done = await loaded(site, kind.path, trial.id, company=other)
        assert done.result["added"] > 0, await refused_rows(site.office, done.id)
        rest = done.result["refused"]
        content = await download(site, f"/api/v1/jobs/{done.id}/file") if rest else b""

    here, there = await standing(site.office, kind), await standing(site.office, kind, other)
    assert [said_without_ids(kind, one) for one in here] == [said_without_ids(kind, one) for one in there]
    assert [bool(said_of(kind, one).get(name)) for one in here for name in kind.references if "." not in name] == [
        bool(said_of(kind, one).get(name)) for one in there for name in kind.references if "." not in name
    ]


NONSENSE = {
    shapes.NumberShape: "twelve", shapes.TickShape: "maybe", shapes.DayShape: "2026-99-99", shapes.ChoiceShape: "?",
    shapes.ChoicesShape: "a|?", shapes.ReferenceShape: "nobody", shapes.TextsShape: "x" * 5000,
}  # fmt: skip


async def test_nonsense_in_each_column_is_an_error_of_its_row_and_field(site: Site, kind: Kind) -> None:
    columns = [one for path, one in file_columns(kind).items() if path != ID]
    await fill(site.office, kind, len(columns))
    header, *rows = table(await made(site, kind.path, whole=True))
    titles = {one.title(Showing("en").words): one for one in columns}
    unique = header.index(titles_of_unique(kind))
    firsts = [n for n, row in enumerate(rows) if n == 0 or row[unique] != rows[n - 1][unique]]
    expected = {}
    for line, column in zip(firsts, columns, strict=True):
        rows[line][header.index(next(t for t, one in titles.items() if one is column))] = NONSENSE.get(
            type(column.shape), "x" * 5000
        )
        expected[line + 2] = column.table or column.name

    trial = await tried(site, kind.path, csv_of([header, *rows]))

    refused = await refused_rows(site.office, trial.id)
    missed = {line: name for line, name in expected.items()
              if not any(where.partition(".")[0] == name for where, _, _ in refused.get(line, []))}  # fmt: skip
    assert missed == {}
    file = table(await download(site, f"/api/v1/jobs/{trial.id}/file"))
    assert file[0][-2:] == ["Line of the file", "Left out because"]
    assert all(row[-1] for row in file[1:])
    assert counts(trial)[:2] == (0, 0)


def titles_of_unique(kind: Kind) -> str:
    return file_columns(kind)[kind.unique[0]].title(Showing("en").words)


async def test_a_code_that_the_file_has_already_is_refused_with_its_line(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 1)
    header, *rows = table(await made(site, kind.path, whole=True))
    rows = [
        *rows,
        [
            f"{cell}x" if title.startswith(("Name", "Title")) else cell
            for title, cell in zip(header, rows[0], strict=True)
        ],
    ]
    trial = await tried(site, kind.path, csv_of([header, *rows]))

    refused = await refused_rows(site.office, trial.id)
    assert list(refused) == [len(rows) + 1]
    assert ("import.double", {"first": 2}) in [(code, values) for _, code, values in refused[len(rows) + 1]]


async def test_a_trial_says_what_would_change_and_changes_nothing(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 2))[0]
    header, *rows = table(await made(site, kind.path, whole=True))
    key, unique = kind.unique[0], header.index(titles_of_unique(kind))
    for row in rows:
        row[unique] = row[unique] if row[unique] == getattr(one.card, key) else f"{row[unique]}Z"

    trial = await tried(site, kind.path, csv_of([header, *rows]))

    assert trial.result["added"] + trial.result["refused"] == 1
    assert trial.result["unchanged"] == 1
    assert len(await standing(site.office, kind)) == 2


async def test_a_change_is_told_with_before_and_after(site: Site) -> None:
    await fill(site.office, BOOKS, 2)
    trial = await tried(site, "books", csv_of([["ISBN", "Price"], ["ISBN00001", "41,5"]]))
    page = await site.anna.get(f"{trial.result['link']}?lang=en")

    assert counts(trial) == (0, 1, 0, 0)
    assert "Price: 0.01 → 41.5" in page.text


async def test_columns_that_are_not_mapped_leave_values_alone_and_empty_cells_empty_them(site: Site) -> None:
    one = (await fill(site.office, BOOKS, 2))[1]
    trial = await tried(site, "books", csv_of([["ISBN", "Weight"], ["ISBN00001", ""]]))
    await loaded(site, "books", trial.id)

    after = (await standing(site.office, BOOKS))[1]
    assert after.card == replace(one.card, weight=None)


async def test_rows_stand_below_each_other_or_beside_each_other_and_keep_their_ids(site: Site) -> None:
    one = (await fill(site.office, BOOKS, 2))[1]
    first, second = one.card.copies
    beside = {"columns": {"isbn": "ISBN", "copies.1.label": "a", "copies.2.label": "b"}}
    trial = await tried(site, "books", csv_of([["ISBN", "a", "b"], ["ISBN00001", "new", second.label]]), mapping=beside)
    await loaded(site, "books", trial.id)
    assert (await standing(site.office, BOOKS))[1].card.copies == (replace(first, label="new"), second)

    below = csv_of([["ISBN", "Copies: Label"], ["ISBN00001", second.label], ["", "third"]])
    trial = await tried(site, "books", below)
    await loaded(site, "books", trial.id)
    kept, added = (await standing(site.office, BOOKS))[1].card.copies
    assert (kept, added.label) == (second, "third")
    assert added.id not in ("", first.id, second.id)


async def test_a_line_that_only_adds_rows_never_empties_a_record(site: Site) -> None:
    await fill(site.office, BOOKS, 1)
    header, *rows = table(await made(site, "books", whole=True))

    trial = await tried(site, "books", csv_of([header, rows[1]]))  # the record's first line was lost

    assert next(code for _, code, _ in (await refused_rows(site.office, trial.id))[2]) == "import.orphan"


async def test_a_mapping_reads_marks_words_and_constants(site: Site) -> None:
    mapping = {"columns": {"isbn": "k", "price": "p", "genre": "g", "authors": "a", "lent": "l"},
               "constants": {"title.it": "Uguale"}, "values": {"genre": {"Romanzo": "novel"}},
               "decimal": ",", "separator": "/"}  # fmt: skip
    rows = [["k", "p", "g", "a", "l"], ["A1", "1.234", "Romanzo", "Uno / Due", "sì"], ["A2", "12.5", "poems", "", "No"]]

    trial = await tried(site, "books", csv_of(rows), mapping=mapping)
    await loaded(site, "books", trial.id)

    card = (await standing(site.office, BOOKS))[0].card
    assert (str(card.price), card.genre, card.authors, card.lent, card.title) == (
        "1234.00", "novel", ("Uno", "Due"), True, {"it": "Uguale"}
    )  # fmt: skip
    assert [code for _, code, _ in (await refused_rows(site.office, trial.id))[3]] == ["field.number"]


async def test_a_workbook_s_computed_number_is_what_was_meant(site: Site, tmp_path: Any) -> None:  # noqa: ANN401
    import xlsxwriter

    path = tmp_path / "books.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ISBN", "Title (Italian)", "Price"])
        sheet.write_row(1, 0, [123, "Uno", 1.1 * 3])
        sheet.write_row(2, 0, ["A2", "Due", 3.333])

    trial = await tried(site, "books", path.read_bytes(), "books.xlsx")

    assert [code for _, code, _ in (await refused_rows(site.office, trial.id))[3]] == ["field.decimals"]
    assert [(one["code"], one["field"]) for one in trial.result["doubts"]] == [("import.was_number", "isbn")]
    assert (await site.ask("POST", f"/api/v1/books/import/{trial.id}/load", {}))[0] == 422
    await loaded(site, "books", trial.id, "isbn:import.was_number")
    assert str((await standing(site.office, BOOKS))[0].card.price) == "3.30"
    again = await download(site, f"/api/v1/jobs/{trial.id}/file")
    assert table(again)[1][:3] == ["A2", "Due", "3.333"]


async def test_formulas_in_what_was_left_out_do_not_run_and_come_in_again_as_they_were(site: Site) -> None:
    poison = "=cmd|' /C calc'!A0"
    trial = await tried(site, "books", csv_of([["ISBN", "Title (Italian)", "Price"], ["A1", poison, "dear"]]))
    content = await download(site, f"/api/v1/jobs/{trial.id}/file")
    assert f"'{poison}" in content.decode("utf-8-sig")

    mended = content.decode("utf-8-sig").replace("dear", "1")
    trial = await tried(site, "books", mended.encode("utf-8-sig"))
    await loaded(site, "books", trial.id)

    assert (await standing(site.office, BOOKS))[0].card.title == {"it": poison}


async def test_warnings_leave_rows_out_unless_they_are_accepted(site: Site) -> None:
    content = csv_of([["ISBN", "Title (Italian)", "Price"], ["A1", "Caro", "5000.01"], ["A2", "Altro", "1"]])
    trial = await tried(site, "books", content)
    assert trial.result["warnings"] == {"field.range": 1}
    done = await loaded(site, "books", trial.id)
    assert counts(done) == (1, 0, 0, 1)

    trial = await tried(site, "books", await download(site, f"/api/v1/jobs/{done.id}/file"))
    assert counts(await loaded(site, "books", trial.id, "field.range")) == (1, 0, 0, 0)


def odd(totals: Totals) -> Iterator[Problem]:
    yield from one_value(totals, "genre", 3)
    yield from none_given(totals, "weight")
    yield from off_by_factor(totals, "price")


async def test_what_is_odd_about_a_whole_file_is_said_first_and_asked(site: Site) -> None:
    doubting = declare(doubts=odd)
    await fill(site.office, BOOKS, 3)
    rows = [["ISBN", "Title (Italian)", "Genre", "Price"], ["ISBN00002", "Due", "Poems", "5"],
            ["A2", "x", "Poems", "1"], ["A3", "x", "Poems", "1"]]  # fmt: skip
    handed = await hand_in(site, "books", csv_of(rows))
    _, said, _ = await site.ask("POST", "/api/v1/books/import", {"file": handed["file"]})
    runner = Runner(site.office.database, handlers_of([files_of(Kinds((doubting, SHELVES)))]))
    assert await runner.step()
    trial = await job_row(site.office, said["job"])

    doubts = [f"{one['field']}:{one['code']}" for one in trial.result["doubts"]]
    assert doubts == ["genre:import.one_value", "weight:import.none_given", "price:import.off"]
    status, refused, _ = await site.ask("POST", f"/api/v1/books/import/{trial.id}/load", {"accept": doubts[:2]})
    assert (status, refused["code"]) == (422, "import.off")
    assert len(await standing(site.office, BOOKS)) == 3
    assert counts(await loaded(site, "books", trial.id, *doubts)) == (2, 1, 0, 0)


class ShortLived(Work):
    """A job in a process that is gone after some steps."""

    left = 0

    async def step(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        if self.left == 0:
            raise ConnectionResetError("power cut")
        self.left -= 1
        return await super().step(*given, **named)


def dying(after: int) -> Callable[[Work], Any]:
    async def handle(work: Work) -> Any:  # noqa: ANN401
        brief = ShortLived(work.database, work.claim, timedelta(seconds=60))
        brief.left = after
        return await load(brief, SHELVES, ALL)

    return handle


async def test_a_load_that_was_killed_goes_on_and_saves_each_record_once(site: Site) -> None:
    rows = [["Code", "Name (Italian)"], *([f"S{n:05d}", f"Scaffale {n}"] for n in range(2100)), ["", "Senza"]]
    trial = await tried(site, "shelves", csv_of(rows))
    _, said, _ = await site.ask("POST", f"/api/v1/shelves/import/{trial.id}/load", {})
    lines = []
    for steps in (0, 1, 2, 3):
        await Runner(site.office.database, {imports_of(SHELVES).load: dying(steps)}).step()
        lines.append(((await job_row(site.office, said["job"])).checkpoint or {"line": 0})["line"])
        await site.office.database.write(make_due)
    await do_jobs(site.office)

    row = await job_row(site.office, said["job"])
    assert lines[0] == 0
    assert 0 < lines[1] < lines[-1]
    assert (row.state, counts(row), row.done, row.total) == ("done", (2100, 0, 0, 1), 2101, 2101)
    assert {one.version for one in await standing(site.office, SHELVES)} == {1}
    assert len(await standing(site.office, SHELVES)) == 2100
    file = table(await download(site, f"/api/v1/jobs/{row.id}/file"))
    assert [line[:2] for line in file[1:]] == [["", "Senza"]]


def make_due(conn: Connection) -> None:
    """As time would."""
    past = database_now(conn) - timedelta(minutes=1)
    conn.execute(update(job).where(job.c.state == "waiting").values(free_at=past))


async def test_the_same_trial_is_loaded_once(site: Site) -> None:
    trial = await tried(site, "shelves", csv_of([["Code", "Name (Italian)"], ["A", "Uno"]]))
    first = await loaded(site, "shelves", trial.id)

    assert (await loaded(site, "shelves", trial.id)).id == first.id


async def test_nothing_of_another_company_is_found_or_changed(site: Site, kind: Kind) -> None:
    other = await other_company(site.office)
    theirs = (await fill(site.office, kind, 1, other))[0]
    handed = await hand_in(site, kind.path, csv_of([["Code"], ["A"]]), company=other)
    here = {"X-Company": site.office.company}

    status, said, _ = await site.ask("POST", f"/api/v1/{kind.path}/import", {"file": handed["file"]}, **here)
    assert (status, said["code"]) == (404, "import.gone")
    assert (await site.anna.get(f"/{kind.path}/import/{handed['file']}")).status == 404
    mapping = {"columns": {ID: "Id", kind.unique[0]: "K"}, "match": ID}
    trial = await tried(site, kind.path, csv_of([["Id", "K"], [theirs.id, "MINE"]]), mapping=mapping)
    assert ("id", "record.gone") in [(where, code) for where, code, _ in (await refused_rows(site.office, trial.id))[2]]
    status, said, _ = await site.ask("POST", f"/api/v1/{kind.path}/import/{trial.id}/load", {}, **{"X-Company": other})
    assert (status, said["code"]) == (404, "job.unknown")
    await loaded(site, kind.path, trial.id)
    assert (await standing(site.office, kind, other))[0].card == theirs.card


async def test_a_job_of_another_kind_or_one_that_was_not_tried_is_not_loaded(site: Site) -> None:
    trial = await tried(site, "shelves", csv_of([["Code", "Name (Italian)"], ["A", "Uno"]]))
    assert (await site.ask("POST", f"/api/v1/books/import/{trial.id}/load", {}))[0] == 404
    done = await loaded(site, "shelves", trial.id)
    assert (await site.ask("POST", f"/api/v1/shelves/import/{done.id}/load", {}))[0] == 409


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "import.empty"),
        (b"PK\x03\x04junk", "a.xlsx", "import.not_xlsx"),
        (b"plain", "a.xlsx", "import.not_xlsx"),
        ("Code;Name\nA;Caff\xe8\n".encode("latin-1"), "a.csv", "import.encoding"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_its_reason(
    site: Site, content: bytes, name: str, code: str
) -> None:
    assert (await hand_in(site, "shelves", content, name))["code"] == code


@pytest.mark.parametrize(
    ("mapping", "where", "code"),
    [
        ({"columns": {"colour": "Code"}}, "colour", "import.field"),
        ({"columns": {"code": "Colour"}}, "code", "import.column"),
        ({"columns": {"name.it": "Code"}}, "code", "import.match"),
        ({"columns": {"code": "Code"}, "match": "name"}, "name", "import.match"),
    ],
)
async def test_a_mapping_that_does_not_fit_says_where(
    site: Site, mapping: dict[str, Any], where: str, code: str
) -> None:
    handed = await hand_in(site, "shelves", csv_of([["Code"], ["A"]]))
    body = {"file": handed["file"], "mapping": mapping}
    status, said, _ = await site.ask("POST", "/api/v1/shelves/import", body)
    assert (status, said["errors"][0]["field"], said["errors"][0]["code"]) == (422, where, code)


async def test_columns_are_proposed_by_labels_in_both_languages_titles_and_field_names(site: Site, kind: Kind) -> None:
    columns = {path: one for path, one in file_columns(kind).items() if path != ID}
    for language in LANGUAGES:
        words = Showing(language).words
        handed = await hand_in(site, kind.path, csv_of([[one.title(words) for one in columns.values()]]))
        assert set(handed["mapping"]["columns"]) == set(columns), language
    assert set((await hand_in(site, kind.path, csv_of([list(columns)])))["mapping"]["columns"]) == set(columns)
    titled = {name: shape for name, shape in kind.plain.items() if shape.titles}
    for name, shape in titled.items():
        handed = await hand_in(site, kind.path, csv_of([[shape.titles[0].upper(), "Other"]]))
        assert next(iter(handed["mapping"]["columns"])).partition(".")[0] == name


async def test_who_may_only_see_imports_nothing(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 1)
    async with site.visitor("vera", Role.VIEWER) as viewer:
        assert (await viewer.get(f"/{kind.path}/import")).status == 403
        listed = await viewer.get(f"/{kind.path}")
        assert (f"/{kind.path}/export" in listed.text, f"/{kind.path}/import" in listed.text) == (True, False)
        headers = {"X-CSRF-Token": viewer.token}
        async with viewer.session.post(f"/api/v1/{kind.path}/files", data=b"a\n1\n", headers=headers) as answer:
            assert answer.status == 403


async def test_files_are_forgotten_after_a_week(site: Site) -> None:
    from central.kit.handed import record_file, record_file_piece, trim_files

    await hand_in(site, "shelves", csv_of([["Code"], ["A"]]))
    db, now = site.office.database, site.office.clock()
    assert await db.write(partial(trim_files, now=now + timedelta(days=6))) == 0
    assert await db.write(partial(trim_files, now=now + timedelta(days=8))) == 1
    for of in (record_file, record_file_piece):
        count = select(func.count()).select_from(of)
        assert await db.read(lambda conn, query=count: conn.execute(query).scalar()) == 0  # type: ignore[misc]


async def test_a_record_without_a_code_is_known_again_by_its_id(site: Site) -> None:
    proposals = [Proposal(replace(sample(BOOKS, n), isbn="", shelf=None)) for n in (1, 2)]
    first, second = await site.office.database.write(
        partial(service.save, kind=BOOKS, edit=edit_of(site.office), proposals=proposals)
    )
    content = await made(site, "books", whole=True)

    trial = await tried(site, "books", content.replace(b"0.01", b"0.09"))
    await loaded(site, "books", trial.id)

    assert counts(trial) == (0, 1, 1, 0)
    after = {one.id: one for one in await standing(site.office, BOOKS)}
    assert after.keys() == {first.id, second.id}
    assert str(after[first.id].card.price) == "0.09"
