"""The search of everything finds what somebody may see, by the words alone, however many records others have."""

from __future__ import annotations

from functools import partial
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from central.kit import records
from central.kit.proposals import Proposal
from central.kit.reading import split_words
from central.kit.records import View
from tests.central.kit.declared import BOOKS, SHELVES
from tests.central.kit.samples import ALL, edit_of, fill, sample
from tests.central.kit.test_records import plans, save

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.kit.kinds import Kind
    from tests.central.kit.site import Site
    from tests.central.office import Office


async def test_every_kind_is_found_by_code_word_and_title(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 9)
    one = cards[4]
    typed = [*(getattr(one.card, name).lower() for name in kind.codes), kind.title(one.card)]
    for what in typed:
        page = await site.anna.get("/search", params={"q": what}, headers={"HX-Request": "true"})
        assert "<html" not in page.text
        assert f'href="/{kind.path}/{one.id}"' in page.text, what
        assert f"<h2>{kind.words.many}</h2>" in page.text


async def test_the_only_thing_that_fits_is_gone_to(site: Site) -> None:
    shelf = (await fill(site.office, SHELVES, 3))[1]

    assert (await site.anna.get("/search", params={"q": shelf.card.code})).url.endswith(f"/shelves/{shelf.id}")
    several = await site.anna.get("/search", params={"q": "CODE0000"})
    assert several.text.count("data-hit") == 3
    nothing = await site.anna.get("/search", params={"q": "nothingofthekind"})
    assert "Nothing fits" in nothing.text


async def test_more_than_a_few_lead_to_the_list_of_all(site: Site) -> None:
    await fill(site.office, BOOKS, 20)

    page = await site.anna.get("/search", params={"q": "title"})

    assert page.text.count("data-hit") == 7
    assert 'href="/books?q=title"' in page.text


async def test_what_another_company_has_is_not_found(site: Site, kind: Kind) -> None:
    foreign = await fill(site.office, kind, 2, "other")

    for what in (kind.title(foreign[0].card), *(getattr(foreign[0].card, name) for name in kind.codes)):
        assert foreign[0].id not in (await site.anna.get("/search", params={"q": what})).text


async def test_deleted_records_are_not_found(site: Site) -> None:
    from central.kit import service

    one = (await fill(site.office, SHELVES, 1))[0]
    remove = partial(service.remove, kind=SHELVES, edit=edit_of(site.office), shown={one.id: 1})
    await site.office.database.write(remove)

    assert one.id not in (await site.anna.get("/search", params={"q": one.card.code})).text


def crowd(conn: Connection, kind: Kind, company: str, many: int) -> None:
    """Words of many records, of this kind and of others, in this company and in others; nothing else of them."""
    from central.kit.records import _mark

    for other, where in ((kind, "other"), (kind, company), (next(one for one in ALL if one is not kind), company)):
        values = {"company": where, "kind": other.name, "mark": _mark(where, other), "many": many}
        rows = "SELECT :company, :kind, 'r' || n, :mark || ' common word' || n FROM ({}) AS numbers"
        numbers = {
            "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :many) SELECT n FROM c",
            "postgresql": "SELECT generate_series(1, :many) AS n",
        }[conn.dialect.name]
        conn.execute(text(f"INSERT INTO record_search (company, kind, record, words) {rows.format(numbers)}"), values)
    records.look_again(conn, kind)


@pytest.mark.parametrize("typed", ["common", "common word77", "rare"])
async def test_among_100000_records_the_words_lead_and_the_company_does_not(shelf_office: Office, typed: str) -> None:
    company = shelf_office.company
    card = sample(SHELVES, 3)
    one = (await save(shelf_office, SHELVES, Proposal(type(card)(code="RARE", name={"it": "Rare common"}))))[0]
    await shelf_office.database.write(partial(crowd, kind=SHELVES, company=company, many=33_400))
    job = partial(records._by_words, kind=SHELVES, company=company, typed=typed, most=1000)

    found = await shelf_office.database.read(job)
    plan = await plans(shelf_office, job, freely=True)

    assert len(plan) == 1
    if "VIRTUAL TABLE" in plan[0]:
        first, second = plan[0].splitlines()
        assert "w VIRTUAL TABLE INDEX" in first
        assert "s USING INTEGER PRIMARY KEY" in second
    else:
        assert "ix_record_search_words" in plan[0]
        assert "Seq Scan" not in plan[0]
    assert len(found) == {"common": 1000, "common word77": 111, "rare": 1}[typed]
    assert one.id in found or typed != "rare"


async def test_a_mark_of_kind_and_company_cannot_be_typed(shelf_office: Office, kind: Kind) -> None:
    mark = records._mark(shelf_office.company, kind)
    await fill(shelf_office, kind, 2)
    page = partial(records.page, kind=kind, company=shelf_office.company)

    assert split_words(mark) == [mark[1:]]
    for typed in (mark, mark[1:], mark[1:5]):
        assert await shelf_office.database.read(partial(page, view=View(kind.sorts[0], words=typed))) == []


async def test_words_in_any_form_never_break_the_search(site: Site) -> None:
    await fill(site.office, SHELVES, 1)
    for typed in ('"', "'", "a OR b", "NEAR(", "*", "\ue000", "%", "\\", "(", ":", "-", "&|!", "x" * 500, "😀"):
        answer: Any = await site.anna.get("/search", params={"q": typed})
        assert answer.status == 200, typed
        assert unescape(typed)[:100].strip() in unescape(answer.text) or typed == "\ue000"
