"""Items, operators, settings and tills: what is saved reaches the tills' feed and the record of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from central.db.feed import START, read_changes
from central.registry.service import operator_names
from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.ledger import Kind
from tests.central.pages.test_nonsense import key

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor


async def feed(site: HeadOffice, kind: str, row_id: str) -> Any:  # noqa: ANN401
    office = site.office
    rows = await office.database.read(lambda conn: read_changes(conn, office.company, office.shop, START, 1000, [kind]))
    found = [row for row in rows if row.id == row_id]
    return orjson.loads(found[-1].row) if found and found[-1].row else None


async def test_a_changed_price_reaches_the_feed_and_the_record(site: HeadOffice, anna: Visitor) -> None:
    item = site.items[0]
    page = await anna.get(f"/items/{item.id}")
    assert 'value="3.49"' in page.text

    saved = await anna.post(
        f"/items/{item.id}", sku="A1", name_it="Caffè", price="3,99", vat_code="10", codes="8001234500017", unit="pc",
        version=str(item.version),
    )  # fmt: skip

    assert "The tills get it now" in saved.text
    assert (await feed(site, "item", item.id))["price"] == "3.99000000"
    written = (await anna.get("/settings/audit")).text
    assert f'<strong>Anna</strong></a> <a href="/items/{item.id}">changed' in written
    assert "<del>3.49</del> → <b>3.99</b>" in written
    assert ">item.changed<" not in written


async def test_saving_over_somebody_elses_change_keeps_what_was_typed(site: HeadOffice, anna: Visitor) -> None:
    item = site.items[0]
    await anna.get(f"/items/{item.id}")
    form = {"sku": "A1", "vat_code": "10", "unit": "pc", "version": str(item.version)}
    await anna.post(f"/items/{item.id}", **form, name_it="Primo", price="4")

    refused = await anna.post(f"/items/{item.id}", **form, name_it="Secondo", price="5")

    assert refused.status == 409
    assert 'value="Secondo"' in refused.text
    assert (await feed(site, "item", item.id))["names"] == {"it": "Primo"}


async def test_a_wrong_price_is_said_and_the_form_keeps_the_rest(site: HeadOffice, anna: Visitor) -> None:
    item = site.items[0]
    await anna.get(f"/items/{item.id}")

    refused = await anna.post(f"/items/{item.id}", sku="A1", name_it="Nuovo nome", price="dieci", vat_code="10")

    assert refused.status == 400
    assert "That is not a number." in refused.text
    assert 'value="Nuovo nome"' in refused.text


async def test_a_price_that_can_be_read_two_ways_is_asked_back(site: HeadOffice, anna: Visitor) -> None:
    form = {"sku": "A1", "name_it": "Caffè", "vat_code": "10", "unit": "pc"}
    item = site.items[0]
    await anna.get(f"/items/{item.id}")

    asked = await anna.post(f"/items/{item.id}", **form, price="1.000", version=str(item.version))
    await anna.post(f"/items/{item.id}", **form, price="1.1250", version=str(item.version))
    shown = await anna.get(f"/items/{item.id}")

    assert asked.status == 400
    assert "1.000 can be 1.00 or 1000.00" in asked.text
    assert 'value="1.000"' in asked.text
    assert 'value="1.1250"' in shown.text


async def test_a_deleted_item_leaves_a_tombstone(site: HeadOffice, anna: Visitor) -> None:
    item = site.items[0]
    await anna.get(f"/items/{item.id}")

    await anna.post(f"/items/{item.id}/delete", version=str(item.version))

    assert await feed(site, "item", item.id) is None
    assert (await anna.get(f"/items/{item.id}")).status == 404


async def test_items_are_found_by_words_and_by_whole_code(site: HeadOffice, anna: Visitor) -> None:
    assert "Pane casereccio" in (await anna.get("/items?q=PANE&lang=it")).text
    assert "Acqua naturale" in (await anna.get("/items?q=80012345&lang=it")).text
    assert "No item fits" in (await anna.get("/items?q=8001234")).text


async def test_text_from_people_is_never_markup(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/items/new")
    await anna.post("/items", sku="X", name_it="<script>alert(1)</script>", vat_code="22", unit="pc")

    assert "<script>alert" not in (await anna.get("/items")).text


async def test_a_new_operator_gets_a_pin_that_no_page_shows(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/operators")

    saved = await anna.post("/operators", name="Bruno", shop=site.office.shop, pin="2468")

    assert "Bruno" in saved.text
    assert "2468" not in saved.text
    rows = await site.office.database.read(
        lambda conn: read_changes(conn, site.office.company, site.office.shop, START, 100, ["operator"])
    )
    row = next(found for found in (orjson.loads(one.row or b"{}") for one in rows) if found["name"] == "Bruno")
    assert len(bytes.fromhex(row["pin_hash"])) == 32
    assert row["pin_params"]["memory_kib"] >= 19 * 1024


async def test_a_changed_header_gets_a_layout_version_of_its_own(site: HeadOffice, anna: Visitor) -> None:
    shop = site.office.shop
    await anna.get("/settings")
    await anna.post(f"/settings/shops/{shop}", header="Nuova insegna", footer="Grazie", cash_step="5", version="1")

    row = await feed(site, "till_settings", shop)

    assert (row["layout"]["header"], row["layout"]["version"], row["cash_step"]) == (["Nuova insegna"], 2, 5)
    assert row["version"] == 2


async def test_a_new_rate_of_a_vat_code_has_its_date(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/settings/vat")
    await anna.post("/settings/vat", code="6", name_it="Prova", rates="2027-01-01 6,5\n2020-01-01 6", treatment="taxed")

    text = (await anna.get("/settings/vat")).text
    refused = await anna.post("/settings/vat", code="7", name_it="X", rates="domani 7", treatment="taxed")

    assert "6.50 %" in text
    assert refused.status == 400


async def test_a_new_till_shows_its_code_once(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/tills")

    added = await anna.post("/tills", shop=site.office.shop, code="t9", name="Cassa 9")
    again = await anna.get("/tills")

    assert "Enrolment code" in added.text
    assert "T9 · Cassa 9" in again.text
    assert "Works once" not in again.text


async def test_a_fork_is_resolved_on_its_page_with_a_reason(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till(sales=3)
    image = till.restored_at(4)
    image.sell(lines=2)
    await site.office.push(image)
    path = f"/tills/{till.till}"
    page = await anna.get(path)
    assert "waits for somebody" in page.text
    digest = image.entries[-1].hash.hex()
    form = {"chain": till.chain, "seq": "5", "hash": digest, "act": "dismiss"}

    without = await anna.post(f"{path}/entries", **form, note="")
    done = await anna.post(f"{path}/entries", **form, note="una copia di prova")

    assert without.status == 400
    assert "una copia di prova" in done.text
    assert "dismissed a fork" in (await anna.get("/settings/audit")).text


async def test_a_till_is_shut_out_with_a_reason(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()
    await anna.get(f"/tills/{till.till}")

    await anna.post(f"/tills/{till.till}/revoke", note="rubata")
    till.sell()
    await site.deliver(till)

    page = await anna.get(f"/tills/{till.till}")
    assert "Entries set aside" in page.text
    assert "till.revoked" in page.text


async def test_an_alarm_says_why_in_words(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()
    changed = AlarmRaised(AlarmCode.LEDGER_CHANGED, f"{till.chain}/2", 1, "ledger.body_changed")
    till.write(Kind.ALARM_RAISED, changed.as_body())
    await site.deliver(till)

    page = (await anna.get(f"/tills/{till.till}")).text

    assert "its content was changed after it was written" in page
    assert "ledger.body_changed" not in page


async def test_an_alarm_of_a_till_is_seen_on_its_page_and_by_its_api(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()
    (operator,) = await site.office.database.read(lambda conn: list(operator_names(conn, site.office.company).items()))
    guessed = [AlarmRaised(AlarmCode.PIN_GUESSED, operator[0], count, "").as_body() for count in (3, 6)]
    alarms = [till.write(Kind.ALARM_RAISED, body) for body in guessed]
    await site.deliver(till)
    path = f"/tills/{till.till}"
    shown = await anna.get(path)
    place = {"chain": till.chain, "seq": str(alarms[0].seq), "hash": alarms[0].hash.hex()}

    done = await anna.post(f"{path}/alarms", **place, note="ho parlato con lei")
    again = await anna.post(f"{path}/alarms", **place, note="di nuovo")
    nonsense = await anna.post(f"{path}/alarms", chain="x", seq="y", hash="z")
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    listed = orjson.loads((await anna.get(f"/api/v1{path}/alarms", headers=headers)).text)["alarms"]
    elsewhere = await anna.get(f"/api/v1/tills/{site.office.shop}/alarms", headers=headers)

    assert "Somebody guesses a PIN" in shown.text
    assert operator[1] in shown.text
    assert "ho parlato con lei" in done.text
    assert (again.status, nonsense.status, elsewhere.status) == (409, 400, 404)
    assert [(one["count"], one["seen_by"] is None) for one in listed] == [(6, True), (3, False)]
    assert "has seen an alarm" in (await anna.get("/settings/audit")).text
