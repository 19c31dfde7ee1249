"""Lists stay quick among millions of rows: each query goes by an index, on both engines."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, event

from central.identity.people import COMMAND_LINE, EVERYWHERE
from central.registry import queries as items
from central.registry.service import Edit, delete_item, row_names, save_item
from central.registry.values import ItemCard
from central.sales import queries, reading
from central.sales.queries import SaleFilter, SalePage
from central.tills.fleet import list_fleet
from commerce.ids import new_id
from tests.central.head_office import seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.central.office import Office

DAY = date(2026, 11, 23)
FILTERS = {
    "none": SaleFilter(),
    "days": SaleFilter(since=DAY, until=DAY),
    "shop": SaleFilter(shop="s"),
    "till": SaleFilter(till="t"),
    "operator": SaleFilter(operator="o"),
    "running number": SaleFilter(number="42"),
    "printed number": SaleFilter(number="T1/26/000042"),
    "id": SaleFilter(number="0199-abc"),
}


async def plans(office: Office, job: Callable[[Connection], object]) -> str:
    """Run a job and return how the engine would run each of its statements, scans only where nothing else can be."""

    def explained(conn: Connection) -> str:
        seen: list[tuple[str, Any]] = []

        @event.listens_for(conn, "before_cursor_execute")
        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:  # noqa: ANN401
            seen.append((statement, parameters))

        job(conn)
        event.remove(conn, "before_cursor_execute", note)
        word = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = [conn.exec_driver_sql(word + statement, parameters) for statement, parameters in seen]
        return "\n".join(str(row[-1]) for result in found for row in result)

    return await office.database.read(explained)


def whole_table(plan: str, table: str) -> list[str]:
    """The lines of a plan that read a whole table."""
    scans = (f"SCAN {table}", f"Seq Scan on {table} ", f"SCAN {table} USING INDEX")
    return [line for line in plan.splitlines() if any(scan in f"{line} " for scan in scans)]


@pytest.mark.parametrize("name", FILTERS)
async def test_the_list_of_sales_reads_no_whole_table_for_any_filter(office: Office, name: str) -> None:
    plan = await plans(
        office, partial(reading.list_sales, actor=COMMAND_LINE, wanted=FILTERS[name], page=SalePage(limit=51))
    )

    assert "sale" in plan
    assert whole_table(plan, "sale") == []


@pytest.mark.parametrize("sort", queries.SORTS)
async def test_the_list_of_sales_is_sorted_by_an_index(office: Office, sort: str) -> None:
    wanted = replace(FILTERS["none"], company=office.company)

    plan = await plans(office, partial(queries.list_sales, wanted=wanted, page=SalePage(sort, limit=51)))

    assert {"at": "ix_sale_day", "number": "ix_sale_number", "total": "ix_sale_total"}[sort] in plan


async def test_one_sale_its_tenders_and_todays_hours_go_by_indexes(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    await office.push(till)
    await office.projector.catch_up()
    row = (await office.database.read(lambda c: queries.list_sales(c, SaleFilter(), SalePage())))[0]

    found = [
        await plans(office, partial(queries.find_sales, scopes=EVERYWHERE, sale_id=row.id)),
        await plans(office, partial(queries.tender_kinds, sales=[row])),
        await plans(office, partial(queries.hours_of_day, shop=office.shop, day=DAY)),
        await plans(office, partial(queries.sum_by_day, wanted=replace(FILTERS["days"], company=office.company))),
    ]

    assert [line for plan in found for name in ("sale", "sale_tender") for line in whole_table(plan, name)] == []


async def search(office: Office, words: str) -> list[str]:
    found = await office.database.read(
        lambda c: items.search_items(c, office.company, words=words, after=None, limit=10)
    )
    return [one.card.sku for one in found]


async def test_items_are_searched_and_listed_by_indexes(office: Office) -> None:
    await seed(office)

    for words in ("", "caffe mac", "A1", "8001234500017"):
        plan = await plans(
            office, partial(items.search_items, company_id=office.company, words=words, after=("b", "x"), limit=51)
        )
        assert [line for name in ("item", "s", "item_search", "item_code") for line in whole_table(plan, name)] == []


async def test_a_search_begins_with_the_words_and_not_with_the_companys_items(office: Office) -> None:
    """SQLite went through all items of the company and looked each up among the words: 6 s for 100,000."""
    await seed(office)

    plan = await plans(
        office, partial(items.search_items, company_id=office.company, words="caffe mac", after=None, limit=51)
    )

    if office.database.url.get_backend_name() == "sqlite":
        lines = plan.splitlines()
        words = lines.index("SCAN w VIRTUAL TABLE INDEX 0:M1")  # by the words alone, without a row to look at
        assert lines[words + 1] == "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)"
    else:
        assert whole_table(plan, "item_search") == []


async def test_items_are_found_by_beginnings_of_words_without_accents_in_both_languages(office: Office) -> None:
    await seed(office)

    assert await search(office, "CAFFE mac") == ["A1"]
    assert await search(office, "ground cof") == ["A1"]
    assert await search(office, "aroma") == ["A1"]
    assert await search(office, "1,5") == ["A3"]
    assert await search(office, "affè") == []
    assert await search(office, "% _ ' \" * & | ! ( : \\ caffè") == ["A1"]
    assert await search(office, "%") == []
    assert await search(office, "A2") == ["A2"]


async def test_a_changed_or_deleted_item_is_found_by_its_new_words_only(office: Office) -> None:
    stored = await seed(office)
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    card = replace(stored[0].card, names={"it": "Orzo solubile"})

    await office.database.write(
        partial(save_item, edit=edit, card=card, item_id=stored[0].id, shown_version=stored[0].version)
    )
    assert (await search(office, "caffe"), await search(office, "orzo")) == ([], ["A1"])
    await office.database.write(
        partial(delete_item, edit=edit, item_id=stored[0].id, shown_version=stored[0].version + 1)
    )
    assert await search(office, "orzo") == []


async def test_a_word_that_fits_very_many_items_looks_at_some_of_them_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed(office)
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    for number in range(5):
        card = ItemCard(f"B{number}", {"it": f"Biscotti {number}"}, "22", Decimal(1))
        await office.database.write(partial(save_item, edit=edit, card=card))
    monkeypatch.setattr(items, "MAX_CANDIDATES", 3)

    assert len(await search(office, "bisc")) == 3


async def test_what_waits_for_a_person_is_counted_by_an_index(office: Office) -> None:
    await office.add_till()

    plan = await plans(office, list_fleet)

    assert "ix_ledger_fork_state" in plan
    assert "ix_set_aside_state" in plan


async def test_an_operator_that_an_alarm_names_is_looked_up_alone(office: Office) -> None:
    """A page has fifty of them, and a chain of shops has thousands of operators: to read all for each took seconds."""
    operator = new_id()

    plan = await plans(office, partial(row_names, company=office.company, kind="operator", key=operator))

    assert "ix_operator_id" in plan
    assert re.search(r"\bid ?= ?", plan)
    assert whole_table(plan, "operator") == []
