"""What every declared kind keeps: records come back as they were saved, in every order, under every filter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select

from central.db.feed_tables import event as event_table
from central.db.feed_tables import feed
from central.identity.people import Role
from central.identity.tables import audit
from central.kit import records, service
from central.kit.proposals import Proposal
from central.kit.records import View
from central.kit.shape import Narrow, RowsShape
from commerce.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, RuleError
from tests.central.kit.declared import BOOKS, SHELVES, Copy
from tests.central.kit.samples import ALL, edit_of, fill, sample
from tests.central.office import actor_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from central.kit.kinds import Kind
    from central.kit.proposals import Record
    from tests.central.office import Office


async def save(
    office: Office, kind: Kind, *proposals: Proposal, accepted: frozenset[str] = frozenset()
) -> list[Record]:
    edit = replace(edit_of(office), accepted=accepted)
    return await office.database.write(partial(service.save, kind=kind, edit=edit, proposals=list(proposals)))


async def walk(office: Office, kind: Kind, view: View, size: int) -> list[Record]:
    """All records of a view, page by page."""
    found: list[Record] = []
    after = None
    while True:
        job = partial(records.page, kind=kind, company=office.company, view=view, after=after, limit=size)
        one = await office.database.read(job)
        found += one
        if len(one) < size:
            return found
        after = records.place_of(kind, view, one[-1])


def views(kind: Kind, cards: list[Record]) -> list[View]:
    """Every order both ways, each without a filter, under each and under each two of them."""
    narrow = {name: _narrow(kind, name, cards) for name in kind.narrowing if _used(kind, name, cards)}
    sets = [(), *((one,) for one in narrow.items())]
    pairs = [(a, b) for a, b in product(narrow.items(), repeat=2) if a[0] < b[0]]
    return [View(s, down, tuple(f)) for s in kind.sorts for down in (False, True) for f in [*sets, *pairs]]


def _used(kind: Kind, name: str, cards: list[Record]) -> bool:
    return any(getattr(one.card, name) is not None for one in cards)


def _narrow(kind: Kind, name: str, cards: list[Record]) -> Narrow:
    shape = kind.shapes[name]
    value = next((getattr(one.card, name) for one in cards if getattr(one.card, name)), shape.empty)
    if shape.filter_by_key:
        return shape.narrow(str(shape.key(value))[:3])
    return Narrow(value, value)


def _fits(kind: Kind, view: View, record: Record) -> bool:
    for name, narrow in view.filters:
        shape, value = kind.shapes[name], getattr(record.card, name)
        value = shape.key(value) if shape.filter_by_key else value
        if value is None or not (narrow.low <= value <= narrow.high):  # type: ignore[operator]
            return False
    return True


async def test_a_record_comes_back_as_it_was_saved(shelf_office: Office, kind: Kind) -> None:
    saved = await fill(shelf_office, kind, 3)

    found = await shelf_office.database.read(
        partial(records.find, kind=kind, company=shelf_office.company, ids=[one.id for one in saved])
    )

    assert [found[one.id] for one in saved] == saved
    assert all(row.id for one in saved for name in kind.children for row in getattr(one.card, name))


async def test_every_view_pages_without_a_gap_or_a_repeat(shelf_office: Office, kind: Kind) -> None:
    cards = await fill(shelf_office, kind, 23)

    for view in views(kind, cards):
        found = await walk(shelf_office, kind, view, 4)

        key = kind.shapes[view.sort].key
        expected = sorted(
            (one for one in cards if _fits(kind, view, one)),
            key=lambda one: (key(getattr(one.card, view.sort)), one.id),
            reverse=view.down,
        )
        assert [one.id for one in found] == [one.id for one in expected], view
        job = partial(records.count, kind=kind, company=shelf_office.company, view=view)
        assert await shelf_office.database.read(job) == len(expected), view


async def test_pages_go_on_while_rows_change(shelf_office: Office, kind: Kind) -> None:
    cards = await fill(shelf_office, kind, 9)
    view = View(kind.sorts[0])
    page = partial(records.page, kind=kind, company=shelf_office.company, view=view, limit=4)
    first = await shelf_office.database.read(page)
    edit = edit_of(shelf_office)
    await shelf_office.database.write(partial(service.remove, kind=kind, edit=edit, shown={first[-1].id: 1}))
    await fill(shelf_office, kind, 3, first=100)

    rest = []
    after = records.place_of(kind, view, first[-1])
    while one := await shelf_office.database.read(partial(page, after=after)):
        rest += one
        after = records.place_of(kind, view, one[-1])

    seen = [one.id for one in (*first, *rest)]
    assert len(set(seen)) == len(seen)
    assert {one.id for one in cards} <= set(seen)


async def plans(office: Office, job: Callable[[Connection], object], *, freely: bool = False) -> list[str]:
    """How the engine carries out each statement of a job; ``freely``: what it would do of itself."""

    def explained(conn: Connection) -> list[str]:
        seen: list[tuple[str, Any]] = []

        @event.listens_for(conn, "before_cursor_execute")
        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:  # noqa: ANN401
            seen.append((statement, parameters))

        job(conn)
        event.remove(conn, "before_cursor_execute", note)
        word = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        if (
            conn.dialect.name == "postgresql" and not freely
        ):  # of thousands of rows it would rather sort some: can it go without?
            for other in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                conn.exec_driver_sql(f"SET LOCAL enable_{other} = off")
        found = [conn.exec_driver_sql(word + statement, parameters) for statement, parameters in seen]
        return ["\n".join(str(row[-1]) for row in result) for result in found]

    return await office.database.read(explained)


async def test_every_view_goes_by_its_index_and_is_sorted_by_nothing_else(shelf_office: Office, kind: Kind) -> None:
    cards = await fill(shelf_office, kind, 12)
    await grow(shelf_office, kind, cards)
    for view in views(kind, cards):
        job = partial(records.page, kind=kind, company=shelf_office.company, view=view, limit=51)

        plan = (await plans(shelf_office, job))[-1]
        later = (await plans(shelf_office, partial(job, after=records.place_of(kind, view, cards[5]))))[-1]

        few = any(name in kind.probed for name, _ in view.filters)
        for one in (plan, later):
            assert kind.index_of(view.sort) in one or (few and f"{kind.name}" in one), (view, one)
            assert few or ("Sort" not in one and "TEMP B-TREE" not in one and "Seq Scan" not in one), (view, one)


async def grow(office: Office, kind: Kind, cards: list[Record], times: int = 300) -> None:
    """Multiply rows in the database, so that an engine sees tables and not a page; other companies have as many."""

    def job(conn: Connection) -> None:
        table = kind.table
        rows = [dict(row._mapping) for row in conn.execute(select(table).where(table.c.company == office.company))]
        unique = [f"key_{name}" for name in kind.unique]
        for number in range(times):
            company = office.company if number % 2 else f"other{number % 9}"
            new = [{**row, "company": company, "id": f"{row['id']}-{number}",
                    **{name: f"{row[name]}-{number}" for name in unique}} for row in rows]  # fmt: skip
            conn.execute(table.insert(), new)
        records.look_again(conn, kind)

    await office.database.write(job)


async def test_words_and_codes_find_records_and_filters_narrow_them(shelf_office: Office, kind: Kind) -> None:
    cards = await fill(shelf_office, kind, 9)
    one = cards[4]
    page = partial(records.page, kind=kind, company=shelf_office.company, limit=50)
    for name in kind.codes:
        found = await shelf_office.database.read(
            partial(page, view=View(kind.sorts[0], words=getattr(one.card, name).lower()))
        )
        assert [r.id for r in found] == [one.id]
    words = records.words_of(kind, one.card).split()
    found = await shelf_office.database.read(partial(page, view=View(kind.sorts[-1], words=" ".join(words[:3])[:-1])))
    assert one.id in {r.id for r in found}
    assert await shelf_office.database.read(partial(page, view=View(kind.sorts[0], words="nothingofthekind"))) == []


async def test_another_company_sees_nothing(shelf_office: Office, kind: Kind) -> None:
    saved = await fill(shelf_office, kind, 2)
    ids = [one.id for one in saved]

    def look(conn: Connection) -> list[object]:
        view = View(kind.sorts[0])
        words = View(kind.sorts[0], words=records.words_of(kind, saved[0].card).split()[0])
        return [
            *records.page(conn, kind, "other", view),
            *records.page(conn, kind, "other", words),
            *records.find(conn, kind, "other", ids),
            *records.titles(conn, kind, "other", ids),
            *records.living(conn, kind, "other", ids),
            *records.called(conn, kind, "other", records.words_of(kind, saved[0].card)),
            *([1] if records.count(conn, kind, "other", view) else []),
        ]

    assert await shelf_office.database.read(look) == []
    remove = partial(service.remove, kind=kind, edit=edit_of(shelf_office, "other"), shown={ids[0]: 1})
    with pytest.raises(NotFoundError, match=r"record\.gone"):
        await shelf_office.database.write(remove)


async def test_what_somebody_else_saved_is_not_overwritten(shelf_office: Office, kind: Kind) -> None:
    one = (await fill(shelf_office, kind, 1))[0]
    newer = sample(kind, 77)
    await save(shelf_office, kind, Proposal(newer, one.id, 1))

    with pytest.raises(ConflictError, match=r"version\.stale"):
        await save(shelf_office, kind, Proposal(one.card, one.id, 1))
    remove = partial(service.remove, kind=kind, edit=edit_of(shelf_office), shown={one.id: 1})
    with pytest.raises(ConflictError, match=r"version\.stale"):
        await shelf_office.database.write(remove)


async def test_a_change_is_written_down_told_to_tills_and_announced(shelf_office: Office, kind: Kind) -> None:
    one = (await fill(shelf_office, kind, 1))[0]
    changed = await save(shelf_office, kind, Proposal(sample(kind, 77), one.id, 1))
    await save(shelf_office, kind, Proposal(changed[0].card, one.id, 2))  # says nothing new
    edit = edit_of(shelf_office)
    await shelf_office.database.write(partial(service.remove, kind=kind, edit=edit, shown={one.id: 2}))

    acts = [row.action for row in await shelf_office.rows(audit, subject_kind=kind.name, subject=one.id)]
    events = await shelf_office.rows(event_table, kind=f"{kind.name}.changed", key=one.id)
    assert acts == [f"{kind.name}.added", f"{kind.name}.changed", f"{kind.name}.deleted"]
    assert len(events) == 3
    if kind.feed:
        rows = await shelf_office.rows(feed, kind=kind.feed.kind, id=one.id)
        assert [(row.version, row.row) for row in rows] == [(3, None)]


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind.unique], ids=lambda kind: kind.name)
async def test_codes_are_taken_once_in_a_company_and_free_again_after_a_delete(
    shelf_office: Office, kind: Kind
) -> None:
    one = (await fill(shelf_office, kind, 1))[0]
    with pytest.raises(InvalidError, match=r"field\.taken"):
        await save(shelf_office, kind, Proposal(sample(kind, 0)))
    with pytest.raises(InvalidError, match=r"field\.taken"):
        await save(shelf_office, kind, Proposal(sample(kind, 55)), Proposal(sample(kind, 55)))
    edit = edit_of(shelf_office)
    await shelf_office.database.write(partial(service.remove, kind=kind, edit=edit, shown={one.id: 1}))

    again = await save(shelf_office, kind, Proposal(sample(kind, 0)))

    assert again[0].version == 1


async def test_only_who_may_edit_everywhere_changes_records(shelf_office: Office, kind: Kind) -> None:
    edit = replace(edit_of(shelf_office), actor=actor_with(Role.VIEWER, "Vito"))
    job = partial(service.save, kind=kind, edit=edit, proposals=[Proposal(sample(kind, 1))])
    with pytest.raises(ForbiddenError):
        await shelf_office.database.write(job)


async def test_all_that_is_wrong_is_said_at_once(shelf_office: Office, kind: Kind) -> None:
    needed = [name for name, shape in kind.shapes.items() if shape.needed and not isinstance(shape, RowsShape)]
    empty = kind.card(**{name: kind.shapes[name].empty for name in needed})

    with pytest.raises(InvalidError) as refused:
        await save(shelf_office, kind, Proposal(empty), Proposal(empty))

    said = {(one.field, one.code) for one in refused.value.problems}
    assert {(f"{n}.{name}", "field.needed") for n in (0, 1) for name in needed} <= said


async def test_rows_keep_their_ids_and_only_those_of_the_record_are_taken(shelf_office: Office) -> None:
    first, second = await fill(shelf_office, BOOKS, 2)
    kept, dropped = first.card.copies
    card = replace(first.card, copies=(Copy(label="new"), replace(kept, label="other")))

    saved = (await save(shelf_office, BOOKS, Proposal(card, first.id, 1)))[0]

    assert [row.label for row in saved.card.copies] == ["new", "other"]
    assert saved.card.copies[1].id == kept.id
    assert saved.card.copies[0].id not in ("", kept.id, dropped.id)
    foreign = replace(first.card, copies=second.card.copies[:1])
    with pytest.raises(InvalidError, match=r"row\.unknown"):
        await save(shelf_office, BOOKS, Proposal(foreign, first.id, 2))


async def test_a_record_that_another_names_is_not_deleted(shelf_office: Office) -> None:
    book = (await fill(shelf_office, BOOKS, 1))[0]
    remove = partial(service.remove, kind=SHELVES, edit=edit_of(shelf_office), shown={book.card.shelf: 1})
    with pytest.raises(RuleError, match=r"record\.used"):
        await shelf_office.database.write(remove)
    bare = replace(book.card, shelf=None)  # a copy of it still stands there
    await save(shelf_office, BOOKS, Proposal(bare, book.id, 1))
    with pytest.raises(RuleError, match=r"record\.used"):
        await shelf_office.database.write(remove)

    await save(shelf_office, BOOKS, Proposal(replace(bare, copies=()), book.id, 2))

    await shelf_office.database.write(remove)
    with pytest.raises(InvalidError, match=r"field\.unknown"):
        await save(shelf_office, BOOKS, Proposal(replace(book.card, copies=()), book.id, 3))


async def test_a_warning_is_overruled_by_whoever_read_it(shelf_office: Office) -> None:
    from decimal import Decimal

    dear = replace(sample(BOOKS, 3), price=Decimal("5000.01"))
    with pytest.raises(InvalidError, match=r"field\.range"):
        await save(shelf_office, BOOKS, Proposal(dear))

    saved = await save(shelf_office, BOOKS, Proposal(dear), accepted=frozenset({"field.range"}))

    assert saved[0].card.price == Decimal("5000.01")


async def test_an_action_changes_many_at_once(shelf_office: Office) -> None:
    books = await fill(shelf_office, BOOKS, 5)

    job = partial(service.act, kind=BOOKS, edit=edit_of(shelf_office), name="lend", ids=[one.id for one in books])
    done = await shelf_office.database.write(job)

    assert all(one.card.lent for one in done)
    assert sorted(one.version for one in done) == [1, 1, 2, 2, 2]  # two were lent already


def test_every_kind_has_its_own_name_and_path() -> None:
    assert len({kind.name for kind in ALL}) == len({kind.path for kind in ALL}) == len(ALL)
