"""Means of payment: what head office says of them reaches the tills, the card reader that takes them included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest

from central.db.feed import START, read_changes
from central.registry import queries
from terminal.services.operating import read_tender_type
from tests.central.pages.test_nonsense import key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.central.head_office import HeadOffice, Visitor


@pytest.fixture
async def program(site: HeadOffice, anna: Visitor) -> AsyncIterator[aiohttp.ClientSession]:
    """A program with a key of the administrator."""
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    async with aiohttp.ClientSession(site.address, headers=headers) as session:
        yield session


async def put(program: aiohttp.ClientSession, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
    async with program.put("/api/v1/tender-types", json=body) as answer:
        return answer.status, await answer.json()


async def stored(site: HeadOffice, code: str) -> Any:  # noqa: ANN401
    rows = await site.office.database.read(lambda conn: queries.list_tender_types(conn, site.office.company))
    return next(row for row in rows if row.code == code)


async def at_the_tills(site: HeadOffice) -> dict[str, Any]:
    """What tills know of means of payment, by code."""
    office = site.office
    rows = await office.database.read(
        lambda conn: read_changes(conn, office.company, office.shop, START, 1000, ["tender_type"])
    )
    return {row["code"]: row for row in (orjson.loads(one.row or b"{}") for one in rows)}


class TestPage:
    async def test_a_reader_that_is_named_reaches_the_tills(self, site: HeadOffice, anna: Visitor) -> None:
        card = await stored(site, "card")
        shown = await anna.get(f"/settings/tenders?id={card.id}")

        saved = await anna.post(
            "/settings/tenders", id=card.id, code="card", kind="card", name_it="Carta", reader=" POS 1 ",
            version=str(card.version),
        )  # fmt: skip

        row = (await at_the_tills(site))["card"]
        assert (shown.status, saved.status) == (200, 200)
        assert "The tills get it now" in saved.text
        assert "<td>POS 1</td>" in saved.text
        assert read_tender_type(row).reader == "POS 1"
        assert (row["position"], row["opens_drawer"]) == (card.position, False)

    async def test_a_new_one_comes_behind_the_others_and_is_taken_by_hand(
        self, site: HeadOffice, anna: Visitor
    ) -> None:
        await anna.get("/settings/tenders")
        await anna.post("/settings/tenders", code="ticket", kind="voucher", name_it="Buono pasto", opens_drawer="1")

        tender = read_tender_type((await at_the_tills(site))["ticket"])

        assert (tender.reader, tender.opens_drawer, tender.names) == (None, True, {"it": "Buono pasto"})
        assert tender.position > (await stored(site, "card")).position

    async def test_a_changed_reader_is_in_the_record_with_both_values(self, site: HeadOffice, anna: Visitor) -> None:
        form = {"code": "pos", "kind": "card", "name_it": "Carta"}
        await anna.get("/settings/tenders")
        await anna.post("/settings/tenders", **form, reader="POS 1")
        row = await stored(site, "pos")
        await anna.post("/settings/tenders", **form, id=row.id, reader="POS 2", version=str(row.version))

        written = (await anna.get("/settings/audit")).text

        told = "changed “Card reader” of Carta from POS 1 to POS 2"
        assert f'<a href="/settings/tenders?id={row.id}">{told}</a>' in written

    async def test_what_somebody_saved_meanwhile_is_not_overwritten(self, site: HeadOffice, anna: Visitor) -> None:
        card = await stored(site, "card")
        form = {"id": card.id, "code": "card", "kind": "card", "name_it": "Carta", "version": str(card.version)}
        await anna.get("/settings/tenders")
        await anna.post("/settings/tenders", **form, reader="POS 1")

        refused = await anna.post("/settings/tenders", **form, reader="POS 2")
        over = await anna.post("/settings/tenders", **form, reader="POS 2", over=str(card.version + 1))

        assert refused.status == 409
        assert "<td>POS 1</td><td>POS 2</td>" in refused.text
        assert 'value="POS 2"' in refused.text
        assert (over.status, (await stored(site, "card")).reader) == (200, "POS 2")

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [
            ("code", "", 400),
            ("code", "x" * 17, 400),
            ("code", "cash", 409),
            ("kind", "barter", 400),
            ("kind", "cash", 400),
            ("name_it", "", 400),
            ("name_it", "x" * 61, 400),
            ("reader", "x" * 65, 400),
            ("reader", "\x1b[2J", 400),
        ],
    )
    async def test_what_no_till_could_read_is_refused_and_stays_in_the_form(
        self, site: HeadOffice, anna: Visitor, field: str, value: str, status: int
    ) -> None:
        form = {"code": "pos", "kind": "card", "name_it": "Carta POS", "reader": "POS 1", field: value}
        before = await at_the_tills(site)
        await anna.get("/settings/tenders")

        refused = await anna.post("/settings/tenders", **form)

        assert refused.status == status
        assert 'value="POS 1"' in refused.text or field == "reader"
        assert await at_the_tills(site) == before

    async def test_one_that_is_gone_is_said(self, anna: Visitor) -> None:
        await anna.get("/settings/tenders")
        refused = await anna.post("/settings/tenders", id="nowhere", code="pos", kind="card", name_it="Carta")

        assert refused.status == 404


class TestApi:
    async def test_a_program_lists_and_changes_them(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        status, made = await put(program, code="pos", kind="card", names={"it": "Carta"}, reader="POS 1", position=7)
        again = await put(program, **{**made, "reader": None})
        async with program.get("/api/v1/tender-types") as answer:
            listed = (await answer.json())["tender_types"]

        assert (status, made["reader"], made["version"]) == (200, "POS 1", 1)
        assert (again[0], again[1]["reader"], again[1]["version"]) == (200, None, 2)
        assert [one["code"] for one in listed] == ["cash", "card", "pos"]
        assert listed[-1] == again[1]
        assert (await at_the_tills(site))["pos"]["reader"] is None

    async def test_a_stale_version_is_refused(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        _, made = await put(program, code="pos", kind="card", names={"it": "Carta"})
        body = {name: made[name] for name in ("id", "code", "kind", "names")}

        assert (await put(program, **body))[1]["code"] == "version.missing"
        assert (await put(program, **body, version=1))[0] == 200
        assert (await put(program, **body, version=1))[1]["code"] == "version.stale"

    async def test_it_takes_the_right_to_edit(self, site: HeadOffice, program: aiohttp.ClientSession) -> None:
        async with aiohttp.ClientSession(site.address) as stranger:
            answer = await put(stranger, code="pos", kind="card", names={"it": "Carta"})

        assert answer[0] == 401
