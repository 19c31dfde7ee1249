"""Today, sales and one sale, as pages and over the API."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from central.identity.people import EVERYWHERE
from central.registry.directory import list_operator_names
from central.registry.service import OperatorCard, save_operator
from commerce.ledger import Kind

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor
    from tests.fakes.till import FakeTill


def last_sale(till: FakeTill) -> str:
    sales = [orjson.loads(entry.body) for entry in till.entries if b'"sale_completed"' in entry.header]
    return str(sales[-1]["sale"])


async def api(visitor: Visitor, path: str) -> Any:  # noqa: ANN401
    async with visitor.session.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_today_shows_what_the_shop_sold(site: HeadOffice, anna: Visitor) -> None:
    await site.busy_till(sales=3)

    text = (await anna.get("/")).text

    assert "€20.94" in text
    assert "T1/26/000003" in text


async def test_today_follows_a_sale_by_itself(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=1)
    async with anna.session.get("/live") as response, asyncio.timeout(10):
        await response.content.readuntil(b"\n\n")
        till.sell(lines=2)
        await site.deliver(till)
        while b"data: event" not in await response.content.readuntil(b"\n\n"):
            pass

    assert "T1/26/000002" in (await anna.get("/today/live")).text


async def test_today_tells_the_cash_that_did_not_come_out(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=1)
    assert "every drawer came out" in (await anna.get("/")).text
    till.close_session()
    await site.deliver(till)

    text = (await anna.get("/")).text

    assert "€0.10 missing" in text
    assert "every drawer came out" not in text


async def test_one_sale_shows_its_receipt_and_its_proof(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()

    text = (await anna.get(f"/sales/{last_sale(till)}")).text

    assert "Documento T1/26/000003" in text  # the receipt is in the document's language
    assert "hash, link and signature hold" in text
    assert till.chain in text


async def test_a_stored_entry_that_was_changed_is_shown_as_such(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()

    def tamper(conn: Any) -> None:  # noqa: ANN401
        conn.exec_driver_sql("UPDATE ledger_entry SET body = CAST(body || ' ' AS BLOB)")

    await site.office.database.write(tamper)

    assert (
        "does not verify: its content was changed after it was written"
        in (await anna.get(f"/sales/{last_sale(till)}")).text
    )


async def test_sales_are_filtered_and_sorted(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=3)

    def shown(text: str) -> list[str]:
        return [part[:12] for part in text.split('">T1/26/')[1:] for part in [f"T1/26/{part}"]]

    by_total = await anna.get("/sales?sort=total&order=up")
    one = await anna.get("/sales?number=000002")
    none = await anna.get("/sales?until=2020-01-01")
    other = await anna.get(f"/sales?till={till.till}&since=2026-11-23")

    assert shown(by_total.text) == ["T1/26/000001", "T1/26/000002", "T1/26/000003"]
    assert shown(one.text) == ["T1/26/000002"]
    assert "No sale fits" in none.text
    assert len(shown(other.text)) == 3


@pytest.mark.parametrize("sort", ["at", "total", "number"])
async def test_pages_by_key_show_every_sale_once(site: HeadOffice, anna: Visitor, sort: str) -> None:
    await site.busy_till(sales=7)
    seen: list[str] = []
    after = ""
    while True:
        page = await api(anna, f"/api/v1/sales?limit=3&sort={sort}{after}")
        seen += [one["number"] for one in page["sales"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert sorted(seen) == [f"T1/26/{number:06d}" for number in range(1, 8)]


async def test_a_bad_filter_is_refused_with_a_code(anna: Visitor) -> None:
    async with anna.session.get("/api/v1/sales?since=yesterday") as response:
        assert (response.status, (await response.json())["code"]) == (400, "api.query")
    assert (await anna.get("/sales?after=%21%21")).status == 400


async def test_an_export_holds_what_is_shown_and_runs_no_formula(site: HeadOffice, anna: Visitor) -> None:
    office, card = site.office, OperatorCard("=HYPERLINK(1)", site.office.shop)
    (operator,) = await office.database.read(lambda conn: list_operator_names(conn, EVERYWHERE))
    await office.database.write(lambda conn: save_operator(conn, site.edit, card, operator.operator, 1))
    till = await office.new_till("T1")
    till.write(Kind.SALE_COMPLETED, till.sale(), operator=operator.operator)
    await site.deliver(till)

    async with anna.session.get("/sales/export.csv") as response:
        rows = list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))

    assert rows[1][2] == "T1/26/000001"
    assert rows[1][4] == "'=HYPERLINK(1)"
    assert rows[1][6] == "3.49"


async def test_totals_are_exact_by_every_key(site: HeadOffice, anna: Visitor) -> None:
    first, _second = await site.busy_till("T1", 3), await site.busy_till("T2", 2)

    everything = (await api(anna, "/api/v1/reports/totals"))["rows"]
    by_till = (await api(anna, "/api/v1/reports/totals?by=till"))["rows"]
    by_month = (await api(anna, "/api/v1/reports/totals?by=month"))["rows"]
    by_day = (await api(anna, "/api/v1/reports/totals?by=document_date"))["rows"]

    sums = {"receipts": 5, "lines": 9, "net_units": "9.000000", "total": "31.41", "total_cents": 3141}
    assert everything == [{"key": "EUR", "currency": "EUR", **sums}]
    assert {row["key"]: row["receipts"] for row in by_till}[first.till] == 3
    assert [row["key"] for row in by_month] == ["2026-11"]
    assert [row["key"] for row in by_day] == ["2026-11-23"]


async def test_one_sale_over_the_api_carries_its_issued_body(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=1)

    sale = await api(anna, f"/api/v1/sales/{last_sale(till)}")

    assert sale["verified"] is True
    assert sale["body"] == next(
        orjson.loads(entry.body) for entry in till.entries if b'"sale_completed"' in entry.header
    )
    assert sale["body"]["document"]["formatted"] == "T1/26/000001"
    assert sale["tenders"][0]["amount"] == sale["sale"]["total"]
    assert {one["kind"]: one["outcome"] for one in sale["effects"]} == {"print": None}


async def test_the_api_describes_itself(anna: Visitor) -> None:
    document = await api(anna, "/api/v1/openapi.json")

    assert {"/api/v1/sales", "/api/v1/reports/totals", "/api/v1/items", "/api/v1/tills"} <= document["paths"].keys()
    assert "ProblemDocument" in document["components"]["schemas"]


async def test_an_accepted_forks_sale_shows_the_entry_that_was_accepted(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=1)
    image = till.restored_at(till.head.seq - 1)
    image.sell(lines=5)
    await site.deliver(image)
    fork = image.entries[-1]
    shown = (await anna.get(f"/tills/{till.till}")).text
    assert "hash and signature hold" in shown

    act = {"chain": till.chain, "seq": str(fork.seq), "hash": fork.hash.hex(), "act": "accept", "note": "sold too"}
    await anna.post(f"/tills/{till.till}/entries", **act)
    text = (await anna.get(f"/sales/{last_sale(image)}")).text

    assert "accepted beside the chain" in text
    assert "17,45" in text  # the receipt of five lines, not the chain's own of one
    assert fork.hash.hex() in text
    answer = await api(anna, f"/api/v1/sales/{last_sale(image)}")
    assert (answer["verified"], answer["body"]["settlement"]["total"]) == (True, 1745)


async def test_a_fork_that_nobody_signed_is_shown_as_such_and_not_counted(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=1)
    image = till.restored_at(till.head.seq - 1)
    image.sell(lines=5)
    image.entries[-1] = replace(image.entries[-1], signature=bytes(64))
    await site.deliver(image)
    fork = image.entries[-1]
    shown = (await anna.get(f"/tills/{till.till}")).text
    assert "does not verify: its signature is not the till&#39;s" in shown

    act = {"chain": till.chain, "seq": str(fork.seq), "hash": fork.hash.hex(), "act": "accept", "note": "sold too"}
    refused = await anna.post(f"/tills/{till.till}/entries", **act)

    assert refused.status == 422
    assert "ledger.signature" in refused.text


async def two_of_one_id(site: HeadOffice) -> tuple[FakeTill, FakeTill, str]:
    one, two = await site.busy_till("T1", sales=1), await site.busy_till("T2", sales=0)
    body = two.sale(lines=4)
    sale = body["sale"] = last_sale(one)
    two.write(Kind.SALE_COMPLETED, body)
    await site.deliver(two)
    return one, two, sale


async def test_two_tills_sales_of_one_id_both_open(site: HeadOffice, anna: Visitor) -> None:
    one, two, sale = await two_of_one_id(site)

    both = await anna.get(f"/sales/{sale}")

    assert f"number={sale}" in both.url
    for till, total in ((one, "3,49"), (two, "13,96")):
        assert f"/sales/{sale}?till={till.till}" in both.text
        shown = (await anna.get(f"/sales/{sale}?till={till.till}")).text
        assert total in shown
        assert till.chain in shown
    assert "€3.49" in both.text
    assert "€13.96" in both.text


async def test_two_tills_sales_of_one_id_both_open_over_the_api(site: HeadOffice, anna: Visitor) -> None:
    one, two, sale = await two_of_one_id(site)

    async with anna.session.get(f"/api/v1/sales/{sale}") as response:
        assert (response.status, (await response.json())["code"]) == (409, "sale.which")
    for till, total in ((one, 349), (two, 1396)):
        answer = await api(anna, f"/api/v1/sales/{sale}?till={till.till}")
        assert (answer["sale"]["till"], answer["body"]["settlement"]["total"]) == (till.till, total)
        assert len(answer["lines"]) == total // 349


async def test_an_operators_name_is_the_registrys_whatever_a_till_says(site: HeadOffice, anna: Visitor) -> None:
    office = site.office
    (operator,) = await office.database.read(lambda conn: list_operator_names(conn, EVERYWHERE))
    till = await office.new_till("T1")
    said = {"operator": operator.operator, "name": "Somebody Else", "method": "pin"}
    till.write(Kind.OPERATOR_SIGNED_ON, said, operator=operator.operator)
    till.write(Kind.SALE_COMPLETED, till.sale(), operator=operator.operator)
    till.write(Kind.SALE_COMPLETED, till.sale(), operator="nobody")
    await site.deliver(till)

    listed = (await api(anna, "/api/v1/sales?sort=number&order=up"))["sales"]

    assert [one["operator_name"] for one in listed] == ["Anna", None]
    text = (await anna.get("/sales")).text
    assert "Anna" in text
    assert "Somebody Else" not in text
