"""What files of every declared kind hold: what its list shows, in its order, for whoever may see it by then."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.identity.people import COMMAND_LINE
from central.jobs.runner import Runner
from central.kit import service
from central.kit.addresses import read_address
from central.kit.files import exporting
from central.kit.files.columns import cell_of
from central.kit.files.manifest import files_of
from central.kit.proposals import Proposal
from central.kit.shapes import NumberShape
from central.kit.showing import Showing
from central.organisation.service import save_company
from central.web.manifest import handlers_of
from tests.central.kit.declared import BOOKS
from tests.central.kit.filing import do_jobs, download, job_row, made, table
from tests.central.kit.samples import ALL, edit_of, fill, sample
from tests.central.kit.site import rows
from tests.central.office import COMPANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from central.kit.kinds import Kind
    from central.kit.proposals import Record
    from tests.central.kit.site import Site


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_file_is_what_the_list_shows_in_its_order_and_under_its_filter(
    site: Site, kind: Kind, form: str
) -> None:
    cards = await fill(site.office, kind, 7)
    sort = f"-{kind.sorts[-1]}"
    query = {"sort": sort, "q": kind.title(cards[2].card)}
    for asked in ({"sort": sort}, query):
        listed = rows((await site.anna.get(f"/{kind.path}", params=asked)).text)
        by_id = {one.id: one.card for one in cards}

        found = table(await made(site, kind.path, query=asked, format=form))

        unique = kind.columns.index(kind.unique[0])
        assert [row[unique] for row in found[1:]] == [getattr(by_id[one], kind.unique[0]) for one in listed]
        assert len(found[0]) == len(kind.columns)


@pytest.mark.parametrize("language", ["en", "it"])
async def test_its_header_and_words_are_of_the_language_that_is_asked_for(
    site: Site, kind: Kind, language: str
) -> None:
    await fill(site.office, kind, 2)
    words, computed = Showing(language).words, {one.name: one.label for one in kind.computed}

    found = table(await made(site, kind.path, language=language))

    labels = [computed[name] if name in computed else kind.shapes[name].label for name in kind.columns]
    assert found[0] == [words.t(label) for label in labels]
    ticks = [n for n, name in enumerate(kind.columns) if name not in computed and kind.shapes[name].widget == "tick"]
    assert {row[n] for row in found[1:] for n in ticks} <= {words.t("yes"), words.t("no")}


async def test_a_page_offers_it_and_leads_to_the_job(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 3)
    for language in ("en", "it"):
        page = await site.anna.get(f"/{kind.path}?lang={language}&sort=-{kind.sorts[0]}")
        assert f"/{kind.path}/export?sort=-{kind.sorts[0]}" in page.text
        page = await site.anna.get(f"/{kind.path}/export?lang={language}&sort=-{kind.sorts[0]}")
        assert {"en": "Make the file", "it": "Prepara il file"}[language] in page.text
        page = await site.anna.post(f"/{kind.path}/export?sort=-{kind.sorts[0]}", format="xlsx")
        assert page.status == 200
        await do_jobs(site.office)
        found = table(await download(site, page.url.partition("?")[0] + "/file"))
        assert len(found) == 4


async def test_what_is_no_address_or_column_is_refused_before_anything_is_asked_for(site: Site, kind: Kind) -> None:
    for query in ({"sort": "colour"}, {"columns": "colour"}, {"after": "x"}):
        assert (await site.ask("POST", f"/api/v1/{kind.path}/export", {"query": query}))[0] == 400
    assert (await site.anna.post(f"/{kind.path}/export", format="pdf")).status == 400
    assert (await site.anna.get(f"/{kind.path}/export?sort=colour")).status == 400


async def test_columns_that_are_named_are_those_that_go_out(site: Site) -> None:
    await fill(site.office, BOOKS, 2)

    found = table(await made(site, "books", query={"columns": "price,length,isbn"}))

    assert found[0] == ["Price", "Length", "ISBN"]


async def test_numbers_are_numbers_in_a_workbook_and_formulas_nowhere(site: Site) -> None:
    poison = "=cmd|' /C calc'!A0"
    card = replace(sample(BOOKS, 1), isbn="=1+1", price=Decimal("12.50"), note=poison, shelf=None, copies=())
    proposals = [Proposal(card)]
    await site.office.database.write(partial(service.save, kind=BOOKS, edit=edit_of(site.office), proposals=proposals))

    text = (await made(site, "books", whole=True)).decode("utf-8-sig")
    book = table(await made(site, "books", whole=True, format="xlsx"))

    assert "'=1+1" in text
    assert f"'{poison}" in text
    assert book[1][book[0].index("ISBN")] == "=1+1"  # a text, not what it would come to
    assert book[1][book[0].index("Price")] == "12.5"


async def test_every_record_goes_out_once_however_many_pages_there_are(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 23)
    address = read_address(kind, {})

    def read(conn: Connection) -> list[Record]:
        found = exporting.pages(conn, kind, site.office.company, address, iter, size=4)
        return [one for page in found for one in page]

    assert sorted(one.id for one in await site.office.database.read(read)) == sorted(one.id for one in cards)


async def test_it_holds_one_page_in_memory_at_a_time(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 12)
    passed = list[int]()

    def watched(page: Iterable[Record]) -> Iterator[Record]:
        held = list(page)
        passed.append(len(held))
        return iter(held)

    def read(conn: Connection) -> None:
        found = exporting.pages(conn, kind, site.office.company, read_address(kind, {}), watched, size=5)
        assert len(next(found)) == 5
        assert passed == [5]

    await site.office.database.read(read)


async def test_whoever_may_see_it_no_more_gets_no_file(site: Site, kind: Kind) -> None:
    _, said, _ = await site.ask("POST", f"/api/v1/{kind.path}/export", {})
    people = await site.office.database.read(
        lambda conn: [row.id for row in conn.exec_driver_sql("SELECT id FROM app_user")]
    )
    from central.identity import roles
    from central.identity.roles import Place

    take = partial(roles.take, actor=COMMAND_LINE, at=site.office.clock(), user=people[0], role="admin", place=Place())
    await site.office.database.write(take)
    await do_jobs(site.office)

    row = await job_row(site.office, said["job"])
    assert (row.state, row.file_bytes) == ("failed", None)
    assert row.reason.startswith("forbidden")


async def test_a_file_holds_nothing_of_another_company(site: Site, kind: Kind) -> None:
    values = {**COMPANY, "name": "Altra"}
    job = partial(save_company, actor=COMMAND_LINE, at=site.office.clock(), values=values)
    other = await site.office.database.write(job)
    await fill(site.office, kind, 3, other)

    assert len(table(await made(site, kind.path, whole=True))) == 1


async def test_a_job_that_is_to_end_leaves_no_file(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 3)
    _, said, _ = await site.ask("POST", f"/api/v1/{kind.path}/export", {})
    await site.ask("POST", f"/api/v1/jobs/{said['job']}/cancel", {})

    assert not await Runner(site.office.database, handlers_of([files_of(ALL)])).step()
    assert (await job_row(site.office, said["job"])).state == "cancelled"


def test_a_number_is_what_a_workbook_holds_as_a_number(kind: Kind) -> None:
    for shape in kind.plain.values():
        if isinstance(shape, NumberShape):
            value = Decimal("1.00") if shape.scale else Decimal(1)
            assert cell_of(shape, "", value, Showing("it"), {}) is value
