"""Nothing in a registry is overwritten by who did not see it; operators are of shops, and stopped in all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest

from central.db.feed import START, read_changes
from central.registry import queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.central.head_office import HeadOffice, Visitor


@pytest.fixture
async def program(site: HeadOffice, anna: Visitor) -> AsyncIterator[aiohttp.ClientSession]:
    """A program with a key of the administrator."""
    await anna.get("/account")
    made = await anna.post("/account/tokens", name="program", days="30")
    key = made.text.partition("cf_")[2][:64]
    async with aiohttp.ClientSession(site.address, headers={"Authorization": f"Bearer cf_{key}"}) as session:
        yield session


async def put(program: aiohttp.ClientSession, path: str, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
    async with program.put(f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def operators_of(site: HeadOffice, shop: str) -> dict[str, dict[str, Any]]:
    """What the tills of a shop know of operators."""
    company = site.office.company
    rows = await site.office.database.read(lambda conn: read_changes(conn, company, shop, START, 1000, ["operator"]))
    return {row.id: orjson.loads(row.row or "null") for row in rows}


async def anna_the_cashier(site: HeadOffice) -> Any:  # noqa: ANN401
    return (await site.office.database.read(lambda conn: queries.list_operators(conn, site.office.company)))[0]


class TestOperators:
    @pytest.mark.parametrize("shop", ["", "nowhere", "\x00"])
    async def test_one_without_a_shop_is_refused_on_the_page(self, site: HeadOffice, anna: Visitor, shop: str) -> None:
        await anna.get("/operators")
        refused = await anna.post("/operators", name="Bruno", shop=shop, pin="2468")

        assert refused.status == 400
        assert "Bruno" not in str(await operators_of(site, site.office.shop))

    async def test_what_was_typed_stays_in_the_form(self, anna: Visitor) -> None:
        await anna.get("/operators")
        refused = await anna.post("/operators", name="Bruno", shop="nowhere", pin="2468")

        assert "Choose the shop where the operator sells." in refused.text
        assert 'value="Bruno"' in refused.text
        assert "2468" not in refused.text

    async def test_one_of_an_unknown_shop_is_refused_by_the_api(
        self, site: HeadOffice, program: aiohttp.ClientSession
    ) -> None:
        for shop in ("", "nowhere"):
            status, answer = await put(program, "operators", name="Bruno", shop=shop, pin="2468")
            assert (status, answer["code"], answer["values"]["field"]) == (400, "operator.shop", "shop")
        assert "Bruno" not in str(await operators_of(site, site.office.shop))

    async def test_stopping_one_reaches_the_tills_of_every_shop_at_once(
        self, site: HeadOffice, anna: Visitor, program: aiohttp.ClientSession
    ) -> None:
        other = await site.office.add_shop("Corso")
        cashier = await anna_the_cashier(site)
        status, both = await put(program, "operators", id=cashier.id, name="Anna", shop=other, version=cashier.version)
        assert (status, both["shops"]) == (200, sorted([site.office.shop, other]))
        await anna.get("/operators")

        stopped = await anna.post("/operators", operator=cashier.id, name="Anna", shop=other, active="0",
                                  version=str(both["version"]))  # fmt: skip

        known = [(await operators_of(site, shop))[cashier.id]["active"] for shop in (site.office.shop, other)]
        assert (stopped.status, known) == (200, [False, False])

    async def test_a_new_pin_counts_in_every_shop(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        other = await site.office.add_shop("Corso")
        cashier = await anna_the_cashier(site)
        at = {"id": cashier.id, "name": "Anna", "shop": other}
        _, both = await put(program, "operators", **at, version=cashier.version)
        await put(program, "operators", **at, pin="97531", version=both["version"])

        hashes = {(await operators_of(site, shop))[cashier.id]["pin_hash"] for shop in (site.office.shop, other)}
        assert len(hashes) == 1
        assert hashes != {cashier.pin_hash}


class TestStaleVersions:
    async def test_an_item_by_the_api(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        item = {"sku": "A1", "names": {"it": "Caffè"}, "vat_code": "10"}
        blind = await put(program, "items", items=[{**item, "price": "1"}])
        first = await put(program, "items", items=[{**item, "price": "2", "version": site.items[0].version}])
        stale = await put(program, "items", items=[{**item, "price": "3", "version": site.items[0].version}])
        new = await put(program, "items", items=[{**item, "sku": "N1", "version": 4}])

        assert (blind[0], blind[1]["code"]) == (400, "version.missing")
        assert first[0] == 200
        assert (stale[0], stale[1]["code"], stale[1]["values"]["field"]) == (409, "version.stale", "version")
        assert new[0] == 409

    async def test_an_operator_by_the_api(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        cashier = await anna_the_cashier(site)
        at = {"id": cashier.id, "name": "Anna", "shop": site.office.shop}

        assert (await put(program, "operators", **at))[1]["code"] == "version.missing"
        assert (await put(program, "operators", **at, version=cashier.version))[0] == 200
        assert (await put(program, "operators", **at, version=cashier.version))[1]["code"] == "version.stale"

    async def test_an_item_on_its_page_shows_both_values_and_who_saved(self, site: HeadOffice, anna: Visitor) -> None:
        item = site.items[0]
        form = {"sku": "A1", "vat_code": "10", "unit": "pc", "name_it": "Caffè", "version": str(item.version)}
        await anna.get(f"/items/{item.id}")
        await anna.post(f"/items/{item.id}", **form, price="4")

        refused = await anna.post(f"/items/{item.id}", **form, price="5")
        again = await anna.post(f"/items/{item.id}", **form, price="5")
        over = await anna.post(f"/items/{item.id}", **form, price="5", over=str(item.version + 1))

        assert (refused.status, again.status) == (409, 409)
        assert "Anna saved this at" in refused.text
        assert "<td>4.00</td><td>5</td>" in refused.text
        assert "The tills get it now" in over.text

    async def test_taking_an_item_off_the_tills(self, site: HeadOffice, anna: Visitor) -> None:
        item = site.items[0]
        form = {"sku": "A1", "vat_code": "10", "unit": "pc", "name_it": "Caffè", "version": str(item.version)}
        await anna.get(f"/items/{item.id}")
        await anna.post(f"/items/{item.id}", **form, price="4")

        refused = await anna.post(f"/items/{item.id}/delete", version=str(item.version))

        assert refused.status == 409
        assert (await anna.get(f"/items/{item.id}")).status == 200

    async def test_till_settings(self, site: HeadOffice, anna: Visitor) -> None:
        path = f"/settings/shops/{site.office.shop}"
        await anna.get("/settings")
        await anna.post(path, header="Primo", footer="", version="1")

        refused = await anna.post(path, header="Secondo", footer="", cash_step="5", version="1")
        over = await anna.post(path, header="Secondo", footer="", cash_step="5", version="1", over="2")

        assert refused.status == 409
        assert "<td>Primo</td><td>Secondo</td>" in refused.text
        assert ">Secondo</textarea>" in refused.text
        assert 'value="5"' in refused.text
        assert (over.status, "Secondo" in over.text) == (200, True)

    async def test_a_vat_code(self, site: HeadOffice, anna: Visitor) -> None:
        codes = await site.office.database.read(lambda conn: queries.list_vat_codes(conn, site.office.company))
        code = next(row for row in codes if row.code == "4")
        form = {"id": code.id, "code": "4", "rates": "1989-01-01 4", "treatment": "taxed", "version": "1"}
        await anna.get("/settings/vat")
        await anna.post("/settings/vat", **form, name_it="Primo")

        refused = await anna.post("/settings/vat", **form, name_it="Secondo")
        gone = await anna.post("/settings/vat", **{**form, "id": "nowhere"}, name_it="Secondo")

        assert refused.status == 409
        assert 'value="Secondo"' in refused.text
        assert "<td>Primo</td><td>Secondo</td>" in refused.text
        assert gone.status == 404

    async def test_an_operator_on_the_page(self, site: HeadOffice, anna: Visitor) -> None:
        cashier = await anna_the_cashier(site)
        form = {"operator": cashier.id, "name": "Anna", "shop": site.office.shop, "version": str(cashier.version)}
        await anna.get("/operators")
        await anna.post("/operators", **form, active="0")

        refused = await anna.post("/operators", **form, active="1", pin="97531")

        assert refused.status == 409
        assert (await operators_of(site, site.office.shop))[cashier.id]["active"] is False
