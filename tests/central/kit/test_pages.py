"""What the pages of every declared kind hold to: lists page, forms give back what was typed, nothing is overwritten."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from central.kit import shapes
from central.kit.shape import Shape, shapes_of
from tests.central.kit.declared import BOOKS, SHELVES
from tests.central.kit.samples import fill, sample
from tests.central.kit.site import Site, inputs, next_page, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from central.kit.kinds import Kind
    from central.kit.proposals import Record

LANGUAGES = ("en", "it")


async def test_the_list_pages_through_every_record_in_every_order(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 60)
    for sort in (*kind.sorts, *(f"-{name}" for name in kind.sorts)):
        path, seen = f"/{kind.path}?sort={sort}", list[str]()
        while path:
            page = await site.anna.get(path)
            assert page.status == 200
            seen += rows(page.text)
            path = next_page(page.text)
        key = kind.shapes[sort.removeprefix("-")].key
        expected = sorted(
            cards, key=lambda one: (key(getattr(one.card, sort.removeprefix("-"))), one.id), reverse=sort[0] == "-"
        )
        assert seen == [one.id for one in expected], sort


async def test_every_filter_narrows_and_can_be_taken_off(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 12)
    for name in kind.narrowing:
        shape = kind.shapes[name]
        text, kept = _filter_of(kind, name, cards)
        page = await site.anna.get(f"/{kind.path}", params={name: text})

        assert set(rows(page.text)) == {one.id for one in kept}, (name, text)
        assert 0 < len(kept) <= len(cards)
        assert f"{shape.label}:" in page.text
        count = await site.anna.get(f"/{kind.path}/count", params={name: text})
        assert count.text.strip().split()[0] == str(len(kept))


def _filter_of(kind: Kind, name: str, cards: list[Record]) -> tuple[str, list[Record]]:
    shape = kind.shapes[name]
    values = [getattr(one.card, name) for one in cards]
    some = next(value for value in values if value not in (None, "", shape.empty))
    if isinstance(shape, shapes.TickShape):
        return "yes", [one for one in cards if getattr(one.card, name)]
    if shape.filter_by_key:
        begins = str(shape.key(some))[:3]
        return begins, [one for one in cards if str(shape.key(getattr(one.card, name))).startswith(begins)]
    return str(shape.said(some)), [one for one, value in zip(cards, values, strict=True) if value == some]


async def test_an_address_that_means_nothing_is_refused_with_a_sentence(site: Site, kind: Kind) -> None:
    for query in ("sort=nothing", "sort=-", "after=x", "after=WyJhIl0", "after=W1tdLFtdXQ"):
        for path in (f"/{kind.path}?{query}", f"/{kind.path}/count?{query}", f"/api/v1/{kind.path}?{query}"):
            assert ((await site.anna.get(path)).status, path) == (400, path)


async def test_a_form_sent_as_it_stands_changes_nothing(site: Site, kind: Kind) -> None:
    for one in await fill(site.office, kind, 3):
        path = f"/{kind.path}/{one.id}"
        for language in LANGUAGES:
            page = await site.send(
                f"{path}?lang={language}", inputs((await site.anna.get(f"{path}?lang={language}")).text)
            )
            assert page.status == 200
        assert (await site.ask("GET", f"/api/v1{path}"))[1]["version"] == 1


async def test_what_is_typed_is_what_stands(site: Site, kind: Kind) -> None:
    one, other = await fill(site.office, kind, 2)
    form = inputs((await site.anna.get(f"/{kind.path}/{other.id}")).text)
    new = {name: text for name, text in form.items() if not name.endswith((".id", "version"))}
    new = {name: text for name, text in new.items() if name not in kind.references}
    for name in kind.unique:
        new[name] = new[name][:-1] + "x"
    await site.anna.get(f"/{kind.path}/new")

    page = await site.send(f"/{kind.path}", {**new, "version": "0"})
    if 'name="accept"' in page.text:
        page = await site.send(f"/{kind.path}", inputs(page.text))

    added = next(one_id for one_id in rows(page.text) if one_id not in (one.id, other.id))
    _, stands, _ = await site.ask("GET", f"/api/v1/{kind.path}/{added}")
    _, model, _ = await site.ask("GET", f"/api/v1/{kind.path}/{other.id}")
    same = [name for name in kind.plain if name not in (*kind.unique, *kind.references)]
    assert [stands[name] for name in same] == [model[name] for name in same]
    assert [len(stands[name]) for name in kind.children] == [len(model[name]) for name in kind.children]


NONSENSE = ["\u202e\u0007", "x" * 5000, "-1e999999", "'; DROP", "<b>", "0" * 400, "2026-99-99", "１２", "NaN", " "]


async def test_nonsense_in_any_field_is_kept_and_said_there_or_saved(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path = f"/{kind.path}/{one.id}"
    before = await site.form(path)
    typed = [name for name in before if name not in ("csrf", "version", "back") and not name.endswith(".id")]
    form = before
    for name in (one for one in typed if before[one] != "1" and ".1." not in one):  # no boxes; of rows the first
        for nonsense in NONSENSE:
            form = {**form, name: nonsense}
            page = await site.send(path, form)
            assert page.status in (200, 400, 422), (name, nonsense)
            if page.status == 422:
                again = {**dict.fromkeys(form, ""), **inputs(page.text)}  # a box that is not ticked is not there
                assert again[name].strip() == nonsense.strip(), (name, nonsense)
                assert {k: v for k, v in again.items() if k not in (name, "csrf", "accept")} == {
                    k: v for k, v in form.items() if k not in (name, "csrf", "accept")
                }
                assert 'class="fault"' in page.text, (name, nonsense)
                form = {**form, name: before[name]}
            else:
                assert "<b></" not in page.text
                form = await site.form(path)


async def test_what_is_needed_is_marked_in_both_languages(site: Site, kind: Kind) -> None:
    needed = [name for name, shape in kind.shapes.items() if shape.needed]
    sentence = {"en": "Fill this in.", "it": "Da compilare."}
    for language in LANGUAGES:
        await site.anna.get(f"/{kind.path}/new")
        page = await site.send(f"/{kind.path}?lang={language}", {"version": "0"})

        assert page.status == 422
        for name in needed:
            assert f'id="e-{name}"><p class="fault">{sentence[language]}' in page.text


async def test_a_conflict_shows_both_values_and_is_settled_on_purpose_only(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path = f"/{kind.path}/{one.id}"
    name, part = _some_text(kind)
    first, second = await site.form(path), await site.form(path)
    await site.send(path, {**first, part: "Uno"})

    refused = await site.send(path, {**second, part: "Due"})

    assert refused.status == 409
    assert "Anna saved this" in refused.text
    assert unescape(refused.text).count("Uno") >= 1
    assert inputs(refused.text)[part] == "Due"
    assert refused.text.count("<table") >= 1
    again = await site.send(path, {**inputs(refused.text), "version": second["version"]})
    assert again.status == 409
    over = await site.send(path, {**inputs(again.text), "over": "2"})
    assert over.status == 200
    assert "Due" in str((await site.ask("GET", f"/api/v1{path}"))[1][name]).title()


def _some_text(kind: Kind) -> tuple[str, str]:
    for name, shape in kind.plain.items():
        if isinstance(shape, shapes.NamesShape):
            return name, f"{name}.en"
        if isinstance(shape, shapes.TextShape) and name not in kind.unique:
            return name, name
    return kind.unique[0], kind.unique[0]


async def test_the_page_tells_what_was_changed_by_whom(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path = f"/{kind.path}/{one.id}"
    _, part = _some_text(kind)
    await site.send(path, {**await site.form(path), part: "Altro"})

    page = await site.anna.get(path)

    told = page.text[page.text.index("history") :]
    assert "<strong>Anna</strong>" in told
    assert "Altro" in told
    assert told.count("<li><strong>") == 2
    audit = (await site.anna.get("/settings/audit")).text
    assert f'href="{path}">changed' in unescape(audit)
    assert f">{kind.name}.changed<" not in audit
    assert "Altro" in audit


async def test_both_languages_say_everything(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    for path in (f"/{kind.path}", f"/{kind.path}/new", f"/{kind.path}/{one.id}"):
        pages = [(await site.anna.get(f"{path}?lang={language}")).text for language in LANGUAGES]
        assert 'lang="it"' in pages[1]
        if kind not in (SHELVES, BOOKS):  # whose words are of tests
            assert kind.words.many not in pages[1].partition("<main")[2]


async def test_records_that_were_chosen_are_deleted_and_the_list_says_so(site: Site, kind: Kind) -> None:
    one, other = await fill(site.office, kind, 2)
    await site.anna.get(f"/{kind.path}")

    page = await site.anna.post(f"/{kind.path}/act", chosen=f"{other.id}:1", action="delete", back=f"/{kind.path}",
                                sure="1")  # fmt: skip

    assert rows(page.text) == [one.id]
    assert (await site.anna.get(f"/{kind.path}/{other.id}")).status == 404


async def test_a_record_of_another_company_is_not_there(site: Site, kind: Kind) -> None:
    from functools import partial

    from central.identity.people import COMMAND_LINE
    from central.organisation.service import save_company

    values = {"name": "Altra", "tax_id": "IT2", "country": "IT", "currency": "EUR"}
    other = await site.office.database.write(
        partial(save_company, actor=COMMAND_LINE, at=site.office.clock(), values=values)
    )
    foreign = (await fill(site.office, kind, 1, other))[0]
    path = f"/{kind.path}/{foreign.id}"
    own = (await fill(site.office, kind, 1, first=50))[0]

    assert rows((await site.anna.get(f"/{kind.path}")).text) == [own.id]
    form = await site.form(f"/{kind.path}/{own.id}")
    assert (await site.anna.get(path)).status == 404
    assert (await site.send(path, form)).status == 404
    assert (await site.anna.post(f"{path}/delete", version="1")).status == 404
    assert (await site.anna.post(f"/{kind.path}/act", chosen=f"{foreign.id}:1", action="delete")).status == 404
    assert foreign.id not in (await site.anna.get(f"/{kind.path}/look-up", params={"q": kind.title(foreign.card)})).text
    for method in ("GET", "PATCH", "DELETE"):
        status, _, _ = await site.ask(
            method, f"/api/v1{path}", {} if method == "PATCH" else None, **{"If-Match": '"1"'}
        )
        assert status == 404


async def test_what_is_being_typed_is_checked_and_not_saved(site: Site, kind: Kind) -> None:
    one, other = await fill(site.office, kind, 2)
    path, name = f"/{kind.path}/{one.id}", kind.unique[0]
    form = await site.form(path)

    taken = await site.send(f"{path}/check", {**form, name: getattr(other.card, name)})
    empty = await site.send(f"{path}/check", {**form, name: ""})

    assert taken.status == empty.status == 200
    assert f'id="e-{name}" hx-swap-oob="true"><p class="fault">' in taken.text
    assert 'class="fault"' not in empty.text
    assert (await site.ask("GET", f"/api/v1{path}"))[1]["version"] == 1


async def test_rows_are_added_dropped_and_refused_where_they_stand(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]
    path = f"/books/{book.id}"
    form = await site.form(path)

    more = inputs((await site.send(path, {**form, "add": "copies", "note": "typed"})).text)
    assert more["copies.2.label"] == ""
    assert more["note"] == "typed"
    refused = await site.send(path, {**more, "copies.0.drop": "1", "copies.2.bought": "2026-01-02"})
    assert refused.status == 422
    assert 'id="e-copies.1.label"><p class="fault">' in refused.text  # renumbered: what was the third is the second
    again = inputs(refused.text)
    assert again["copies.1.bought"] == "2026-01-02"
    assert (await site.send(path, {**again, "copies.1.label": "new"})).status == 200

    stands = (await site.ask("GET", f"/api/v1{path}"))[1]["copies"]
    assert [row["label"] for row in stands] == [book.card.copies[1].label, "new"]
    assert stands[0]["id"] == book.card.copies[1].id


async def test_a_reference_is_typed_by_code_and_never_guessed(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]
    shelves = await fill(site.office, SHELVES, 3)
    path = f"/books/{book.id}"

    typed = {**await site.form(path), "shelf": shelves[1].card.code.lower()}
    assert (await site.send(path, typed)).status == 200
    assert (await site.ask("GET", f"/api/v1{path}"))[1]["shelf"] == shelves[1].id
    half = await site.send(path, {**await site.form(path), "shelf": "CODE"})
    assert half.status == 422
    assert "There is nothing of this name." in half.text
    offered = await site.anna.get("/shelves/look-up", params={"shelf": "code00"})
    assert offered.text.count("<option") == 3
    used = await site.anna.get(f"/shelves/{shelves[1].id}")
    assert f"/books?shelf={shelves[1].id}" in used.text
    assert (await site.anna.post(f"/shelves/{shelves[1].id}/delete", version="1")).status == 422


async def test_a_warning_is_read_before_it_is_overruled(site: Site) -> None:
    book = (await fill(site.office, BOOKS, 1))[0]
    path = f"/books/{book.id}"

    doubt = await site.send(path, {**await site.form(path), "price": "5000,01"})

    assert doubt.status == 422
    assert 'class="doubt"' in doubt.text
    assert "Save all the same" in doubt.text
    assert (await site.send(path, inputs(doubt.text))).status == 200
    assert (await site.ask("GET", f"/api/v1{path}"))[1]["price"] == "5000.01"


def test_samples_have_something_in_every_field() -> None:
    card = sample(BOOKS, 1)
    made: Mapping[str, Shape] = shapes_of(BOOKS.card)
    assert [name for name in made if getattr(card, name) == made[name].empty and name not in ("shelf", "lent")] == []
