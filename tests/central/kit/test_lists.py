"""What the list of every declared kind lets people do: filter, choose columns, keep views, act on many, be told."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from html import unescape
from typing import TYPE_CHECKING

import pytest

from central.db.signals import topic_of
from central.identity.people import Role
from central.kit import bulk, records, service, views
from central.kit.addresses import choosable, read_address
from central.kit.proposals import Proposal
from central.kit.records import View
from commerce.errors import ForbiddenError, NotFoundError, RuleError
from tests.central.kit.declared import BOOKS, SHELVES
from tests.central.kit.samples import edit_of, fill, sample
from tests.central.kit.site import Site, inputs, rows
from tests.central.office import actor_with

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from central.kit.proposals import Edit, Record
    from tests.central.head_office import Page
    from tests.central.office import Office


def headings(page: Page) -> list[str]:
    """What stands over the columns, without the box of those who may choose rows."""
    head = page.text.partition("<thead>")[2].partition("</thead>")[0]
    found = re.findall(r"<th [^>]*>(.*?)</th>", head)
    return [unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in found if "data-choose-all" not in one]


def news_of(page: Page) -> str:
    """Where the page asks what has changed since it was drawn."""
    return unescape(re.findall(r'data-live="([^"]+/news[^"]*)"', page.text)[0])


def hidden(page: Page, name: str) -> list[str]:
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)


async def test_columns_are_chosen_and_kept_in_the_address(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 2)
    wanted = (choosable(kind)[0], choosable(kind)[-1])[: len(kind.columns) - 1]

    page = await site.anna.get(f"/{kind.path}", params={f"col.{name}": "1" for name in wanted})

    computed = {one.name: one.label for one in kind.computed}
    assert headings(page) == [computed.get(name) or kind.shapes[name].label for name in wanted]
    kept = read_address(kind, {"cols": ",".join(wanted)})
    assert f"cols={'%2C'.join(wanted)}" in page.text
    assert kept.columns == wanted
    again = await site.anna.get(f"/{kind.path}", params=kept.query(kind))
    assert headings(again) == headings(page)
    usual = await site.anna.get(f"/{kind.path}", params={f"col.{name}": "1" for name in kind.columns})
    assert "cols=" not in usual.text
    assert headings(usual) == headings(await site.anna.get(f"/{kind.path}?cols=nothing,at,all"))


async def test_a_filter_says_in_words_what_it_keeps(site: Site) -> None:
    books = await fill(site.office, BOOKS, 9)
    told = {
        "price.from=2&price.to=3": "2 to 3", "price.from=2": "from 2", "price.to=3": "up to 3", "price=2": "2",
        "lent=yes": "yes", "genre=poems": "Poems", f"shelf={books[0].card.shelf}": "CODE09000",
        "since.from=2026-01-02&since.to=2026-01-05": "2 Jan 2026 to 5 Jan 2026",
    }  # fmt: skip
    for query, words in told.items():
        page = await site.anna.get(f"/books?{query}")
        chip = re.findall(r'data-chip="[^"]+">[^<]*: <strong>(.*?)</strong>', page.text)
        assert [unescape(one) for one in chip] == [words], query
        off = re.findall(r'class="chip-off"[^>]* href="([^"]+)"', page.text)
        assert off == ["/books"], query
    customers = await site.anna.get("/customers?city=mil")
    assert "City: <strong>begins with “mil”</strong>" in customers.text


async def test_both_ends_of_a_range_are_one_filter(site: Site) -> None:
    assert read_address(BOOKS, {"price.from": "1", "price.to": "2"}).query(BOOKS) == {"price": "1..2"}
    assert read_address(BOOKS, {"price.from": "2", "price.to": "2"}).query(BOOKS) == {"price": "2"}
    assert read_address(BOOKS, {"price.to": "2"}).query(BOOKS) == {"price": "..2"}


async def test_what_is_typed_redraws_rows_and_chips_and_the_address(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 3)
    path = f"/{kind.path}?sort=-{kind.sorts[0]}"

    part = await site.anna.get(path, headers={"HX-Request": "true"})

    assert "<html" not in part.text
    assert 'id="chips" class="chips" hx-swap-oob="true"' in part.text
    assert f'name="sort" value="-{kind.sorts[0]}"' in part.text
    assert part.headers["HX-Push-Url"] == path
    assert len(rows(part.text)) == 3


async def test_a_view_is_saved_shown_begun_with_and_forgotten(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 2)
    base, sort = f"/{kind.path}", f"-{kind.sorts[-1]}"
    await site.anna.get(base)

    saved = await site.anna.post(f"{base}/views", name="Backwards", back=f"{base}?sort={sort}&after=x", is_default="1")

    assert saved.url.endswith(f"{base}?sort={sort}")
    assert f'href="{base}?sort={sort}" aria-current="page">Backwards' in saved.text
    assert (await site.anna.get(base)).url.endswith(f"{base}?sort={sort}")  # the list begins with it
    everything = await site.anna.get(f"{base}?view=all")
    assert f'href="{base}?view=all" aria-current="page"' in everything.text
    assert len(rows(everything.text)) == 2
    number = re.findall(rf'action="{base}/views/([^/]+)/delete"', saved.text)[0]
    gone = await site.anna.post(f"{base}/views/{number}/delete", back=f"{base}?sort={sort}")
    assert "Backwards" not in gone.text
    assert gone.url.endswith(f"{base}?sort={sort}")
    assert (await site.anna.get(base)).url.endswith(base)
    assert (await site.anna.post(f"{base}/views/{number}/delete")).status == 404


async def keep(office: Office, kind: Kind, edit: Edit, name: str, *, shared: bool = False, first: bool = False) -> None:
    job = partial(views.keep_view, kind=kind, edit=edit, name=name, query={"sort": f"-{kind.sorts[0]}"}, shared=shared)
    await office.database.write(partial(job, is_default=first))


async def seen(office: Office, kind: Kind, edit: Edit) -> dict[str, views.SavedView]:
    job = partial(views.views_of, kind=kind, company=edit.company, actor=str(edit.actor.id))
    return {one.name: one for one in await office.database.read(job)}


def as_(office: Office, role: Role, name: str, company: str | None = None) -> Edit:
    from dataclasses import replace

    return replace(edit_of(office, company), actor=actor_with(role, name))


async def test_a_view_is_its_owners_or_everybodys_of_the_company(shelf_office: Office, kind: Kind) -> None:
    mario, vito = as_(shelf_office, Role.MANAGER, "Mario"), as_(shelf_office, Role.VIEWER, "Vito")
    await keep(shelf_office, kind, mario, "Mine", first=True)
    await keep(shelf_office, kind, mario, "Ours", shared=True, first=True)
    await keep(shelf_office, kind, vito, "mine")

    assert [*await seen(shelf_office, kind, mario)] == ["Mine", "Ours"]
    assert [*await seen(shelf_office, kind, vito)] == ["mine", "Ours"]
    assert [*await seen(shelf_office, kind, as_(shelf_office, Role.MANAGER, "Mario", "other"))] == []
    begins = {name: views.default_of([*(await seen(shelf_office, kind, edit)).values()]).name  # type: ignore[union-attr]
              for name, edit in (("mario", mario), ("vito", vito))}  # fmt: skip
    assert begins == {"mario": "Mine", "vito": "Ours"}
    with pytest.raises(ForbiddenError):
        await keep(shelf_office, kind, vito, "Theirs", shared=True)
    for name, error in (("Mine", NotFoundError), ("Ours", ForbiddenError)):
        view = (await seen(shelf_office, kind, mario))[name].id
        with pytest.raises(error):
            await shelf_office.database.write(partial(views.drop_view, kind=kind, edit=vito, view=view))


async def test_a_view_of_the_same_name_takes_its_place_and_one_alone_is_begun_with(shelf_office: Office) -> None:
    anna = as_(shelf_office, Role.MANAGER, "Anna")
    await keep(shelf_office, BOOKS, anna, "First", first=True)
    await keep(shelf_office, BOOKS, anna, "Second", first=True)
    await keep(shelf_office, BOOKS, anna, "SECOND ", first=True)

    found = await seen(shelf_office, BOOKS, anna)

    assert {name: one.is_default for name, one in found.items()} == {"First": False, "SECOND": True}
    for number in range(views.MOST_VIEWS - 2):
        await keep(shelf_office, BOOKS, anna, f"View {number}")
    with pytest.raises(RuleError, match=r"view\.many"):
        await keep(shelf_office, BOOKS, anna, "One more")
    await keep(shelf_office, BOOKS, anna, "second")


async def test_a_view_that_can_no_longer_be_read_is_passed_over(shelf_office: Office) -> None:
    anna = as_(shelf_office, Role.MANAGER, "Anna")
    job = partial(views.keep_view, kind=BOOKS, edit=anna, name="Old", query={"sort": "colour"}, shared=False)
    await shelf_office.database.write(partial(job, is_default=True))

    assert await seen(shelf_office, BOOKS, anna) == {}


async def test_deleting_many_is_asked_first_told_and_can_be_undone(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 4)
    base = f"/{kind.path}"
    await site.anna.get(base)
    some = {one.id: one for one in cards[1:3]}
    chosen = [f"{one}:1" for one in some]

    asked = await site.anna.post(f"{base}/act", chosen=chosen, action="delete", back=base)  # type: ignore[arg-type]

    count = kind.words.count.plural.format(count=2)
    assert f"Delete: {count}?" in unescape(asked.text)
    assert all(kind.title(one.card) in unescape(asked.text) for one in some.values())
    assert len(rows((await site.anna.get(base)).text)) == 4  # nothing is done before somebody says so
    assert sorted(hidden(asked, "chosen")) == sorted(chosen)
    done = await site.anna.post(f"{base}/act", chosen=chosen, action="delete", back=base, sure="1")  # type: ignore[arg-type]
    assert f"Delete: {count} – done." in unescape(done.text)
    assert not set(rows(done.text)) & set(some)
    back = await site.anna.post(f"{base}/undo", deed=hidden(done, "deed")[0], back=base)
    assert "Taken back" in back.text
    assert set(rows(back.text)) == {one.id for one in cards}
    found = await site.office.database.read(partial(records.find, kind=kind, company=site.office.company, ids=[*some]))
    assert {one: record.card for one, record in found.items()} == {one: record.card for one, record in some.items()}
    words = records.words_of(kind, cards[1].card).split()[0]
    assert cards[1].id in rows((await site.anna.get(base, params={"q": words})).text)  # found by its words again
    again = await site.anna.post(f"{base}/undo", deed=hidden(done, "deed")[0], back=base)
    assert again.status == 409


async def test_it_is_too_late_to_undo_after_a_while(site: Site) -> None:
    one = (await fill(site.office, SHELVES, 1))[0]
    await site.anna.get("/shelves")
    done = await site.anna.post("/shelves/act", chosen=f"{one.id}:1", action="delete", back="/shelves", sure="1")

    site.office.clock.advance(seconds=3 * bulk.UNDO_S + 1)

    late = await site.anna.post("/shelves/undo", deed=hidden(done, "deed")[0], back="/shelves")
    assert late.status == 409
    assert "too late" in late.text
    assert (await site.anna.get(f"/shelves/{one.id}")).status == 404


async def test_what_cannot_be_done_is_left_and_told_record_by_record(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]
    free, stale = await fill(site.office, SHELVES, 2)
    newer = sample(SHELVES, 70)
    job = partial(service.save, kind=SHELVES, edit=edit_of(site.office), proposals=[Proposal(newer, stale.id, 1)])
    await site.office.database.write(job)
    await site.anna.get("/shelves")
    chosen = [f"{one}:1" for one in (book.card.shelf, free.id, stale.id)]

    done = await site.anna.post("/shelves/act", chosen=chosen, action="delete", back="/shelves", sure="1")  # type: ignore[arg-type]

    assert "Delete: 1 shelf – done." in unescape(done.text)
    left = done.text.partition("Left as they were")[2].partition("</section>")[0]
    assert left.count("<li>") == 2
    assert "CODE09000" in left
    assert "still used by: books" in left
    assert "CODE00070" in left
    assert set(rows(done.text)) == {book.card.shelf, stale.id}


async def test_an_action_on_many_is_undone_field_by_field(site: Site) -> None:
    books = await fill(site.office, BOOKS, 5)
    await site.anna.get("/books")
    chosen = [f"{one.id}:1" for one in books]
    await site.anna.post("/books/act", chosen=chosen, action="lend", back="/books")  # type: ignore[arg-type]
    done = await site.anna.post("/books/act", chosen=chosen, action="lend", back="/books?lent=yes", sure="1")  # type: ignore[arg-type]
    assert "Lend: 5 books – done." in unescape(done.text)
    assert len(rows(done.text)) == 5
    late = books[1]  # somebody changes one of them meanwhile: it stays as they say
    path = f"/books/{late.id}"
    await site.send(path, {**await site.form(path), "note": "mine"})

    back = await site.anna.post("/books/undo", deed=hidden(done, "deed")[0], back="/books?lent=yes")

    assert set(rows(back.text)) == {late.id, *(one.id for one in books if one.card.lent)}
    assert (await one_of(site, BOOKS, late.id)).card.note == "mine"


async def test_all_that_a_list_has_is_chosen_by_its_address(site: Site) -> None:
    books = await fill(site.office, BOOKS, 60)
    await site.anna.get("/books")

    asked = await site.anna.post("/books/act", every="1", action="lend", back="/books?genre=poems")

    poems = {one.id for one in books if one.card.genre == "poems"}
    assert {one.partition(":")[0] for one in hidden(asked, "chosen")} == poems
    assert f"Lend: {len(poems)} books?" in unescape(asked.text)
    assert "and 12 more" in asked.text


async def test_nothing_chosen_an_unknown_act_and_too_many_are_refused(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    base = f"/{kind.path}"
    await site.anna.get(base)

    assert (await site.anna.post(f"{base}/act", action="delete", back=base)).status == 400
    assert (await site.anna.post(f"{base}/act", action="explode", chosen=f"{one.id}:1", back=base)).status == 404
    many = {f"{number}": 1 for number in range(bulk.MOST + 1)}
    job = partial(bulk.carry_out, kind=kind, edit=edit_of(site.office), action="delete", chosen=many)
    with pytest.raises(RuleError, match=r"bulk\.many"):
        await site.office.database.write(job)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
async def test_who_may_not_edit_does_nothing_to_many(shelf_office: Office, kind: Kind, role: Role) -> None:
    one = (await fill(shelf_office, kind, 1))[0]
    job = partial(bulk.carry_out, kind=kind, edit=as_(shelf_office, role, "Vito"), action="delete", chosen={one.id: 1})

    if role is Role.MANAGER:
        await shelf_office.database.write(job)
        return
    with pytest.raises(ForbiddenError):
        await shelf_office.database.write(job)
    assert await standing(shelf_office, kind) == [one]


async def standing(office: Office, kind: Kind) -> list[Record]:
    page = partial(records.page, kind=kind, company=office.company, view=View(kind.sorts[0]))
    found = [one.id for one in await office.database.read(page)]
    whole = await office.database.read(partial(records.find, kind=kind, company=office.company, ids=found))
    return [whole[one] for one in found]


async def test_an_open_list_is_told_what_changed_and_nothing_moves(site: Site, kind: Kind) -> None:
    one, other = await fill(site.office, kind, 2)
    page = await site.anna.get(f"/{kind.path}")
    quiet = await site.anna.get(news_of(page))
    assert "data-changed" not in quiet.text

    with site.office.database.signals.subscribe(topic_of(kind.name), companies=[site.office.company]) as told:
        job = partial(service.save, kind=kind, edit=edit_of(site.office))
        await site.office.database.write(partial(job, proposals=[Proposal(sample(kind, 77), one.id, 1)]))
        assert await told.wait(5)
    await fill(site.office, kind, 1, first=500)

    news = await site.anna.get(news_of(page))
    assert "2 changed" in news.text
    assert f'data-changed="{one.id}"' in news.text
    assert other.id not in news.text
    assert f'data-topics="record.{kind.name}"' in page.text


async def test_an_open_record_is_told_who_saved_it(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    page = await site.anna.get(f"/{kind.path}/{one.id}")
    assert (await site.anna.get(news_of(page))).text.strip() == ""
    job = partial(service.save, kind=kind, edit=edit_of(site.office), proposals=[Proposal(sample(kind, 77), one.id, 1)])
    await site.office.database.write(job)

    news = await site.anna.get(news_of(page))

    assert "command line saved this at 13:00" in news.text


async def test_changes_of_another_company_are_no_news(site: Site) -> None:
    page = await site.anna.get("/shelves")
    with site.office.database.signals.subscribe(topic_of("shelf"), companies=[site.office.company]) as told:
        await fill(site.office, SHELVES, 2, "other")
        assert told.take_heard() == frozenset()

    assert "data-changed" not in (await site.anna.get(news_of(page))).text


async def test_news_of_nowhere_are_refused(site: Site, kind: Kind) -> None:
    for query in ("after=x", "after=WzEsImEiXQ", "after=Wy0xLDFd", "", "record=x&version=y"):
        assert ((await site.anna.get(f"/{kind.path}/news?{query}")).status, query) == (400, query)


async def test_a_record_beside_its_list_is_a_part_and_goes_on_as_a_whole(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path = f"/{kind.path}/{one.id}"

    part = await site.anna.get(path, headers={"HX-Request": "true"})

    assert "<html" not in part.text
    assert 'hx-target="#beside"' in part.text
    form = inputs(part.text)
    data = {**form, "csrf": site.anna.token, "back": f"/{kind.path}?sort=-{kind.sorts[0]}"}
    async with site.anna.session.post(path, data=data, headers={"HX-Request": "true"}) as answer:
        assert answer.status == 200
        target = f"/{kind.path}?sort=-{kind.sorts[0]}&saved={one.id}#r-{one.id}"
        assert answer.headers["HX-Redirect"] == target
    assert 'class="flash"' in (await site.anna.get(target)).text


async def test_links_lead_to_whom_a_record_names_and_who_names_it(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]

    page = await site.anna.get(f"/books/{book.id}")
    shelf = await site.anna.get(f"/shelves/{book.card.shelf}")

    assert f'href="/shelves/{book.card.shelf}"><span class="quiet">Shelf</span> CODE09000' in page.text
    assert page.text.count(f'href="/shelves/{book.card.shelf}"') == 1  # its copies stand there too: said once
    assert f'href="/books?shelf={book.card.shelf}">Used by: books' in shelf.text


async def test_of_a_conflict_each_field_is_chosen_by_itself(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]
    path = f"/books/{book.id}"
    form = await site.form(path)
    await site.send(path, {**form, "note": "theirs", "price": "7"})

    refused = await site.send(path, {**form, "note": "mine", "price": "9"})

    assert refused.status == 409
    assert refused.text.count('name="take.') == 4
    twice = await site.send(path, inputs(refused.text))  # pressing Save once more
    assert twice.status == 409
    settled = await site.send(path, {**inputs(twice.text), "over": "2", "take.note": "standing", "take.price": "typed"})
    assert settled.status == 200
    stands = await one_of(site, BOOKS, book.id)
    assert (stands.card.note, stands.card.price, stands.version) == ("theirs", Decimal(9), 3)


async def one_of(site: Site, kind: Kind, record: str) -> Record:
    job = partial(records.find, kind=kind, company=site.office.company, ids=[record])
    return (await site.office.database.read(job))[record]
