"""A customer's personal data on the page and for programs: a file to take along, and an end on purpose only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from central.kit import service
from central.kit.proposals import Proposal
from central.registry.customers import CUSTOMERS, Customer
from tests.central.kit.samples import edit_of
from tests.central.pages.test_nonsense import key

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor


@pytest.fixture
async def person(site: HeadOffice) -> str:
    """A customer."""
    office, card = site.office, Customer(code="C7", name="Anna Bianchi")
    found = await office.database.write(lambda conn: service.save(conn, CUSTOMERS, edit_of(office), [Proposal(card)]))
    return found[0].id


async def test_the_page_gives_a_file(anna: Visitor, person: str) -> None:
    page = (await anna.get(f"/customers/{person}")).text
    answer = await anna.get(f"/customers/{person}/personal-data")

    assert f'href="/customers/{person}/personal-data"' in page
    said = orjson.loads(answer.text)
    assert (said["customer"]["name"], said["history"][0]["action"]) == ("Anna Bianchi", "customer.added")
    told = (await anna.get("/settings/audit")).text
    assert "took a customer&#39;s personal data along" in told


async def test_the_page_erases_on_purpose_only_and_says_what_it_kept(anna: Visitor, person: str) -> None:
    await anna.get(f"/customers/{person}")

    hasty = await anna.post(f"/customers/{person}/erase", version="1")
    assert hasty.status == 400
    assert (await anna.get(f"/customers/{person}")).status == 200
    done = await anna.post(f"/customers/{person}/erase", version="1", sure="1")

    assert done.status == 200
    assert "the law keeps them for ten years" in done.text
    assert (await anna.get(f"/customers/{person}")).status == 404
    told = (await anna.get("/settings/audit")).text
    assert "erased a customer&#39;s personal data" in told
    assert "Anna Bianchi" not in told


async def test_programs_do_the_same_by_version(anna: Visitor, person: str) -> None:
    base, headers = f"/api/v1/customers/{person}", {"Authorization": f"Bearer {await key(anna)}"}

    async def ask(method: str, path: str, **more: str) -> tuple[int, Any]:
        async with anna.session.request(method, path, headers={**headers, **more}) as answer:
            return answer.status, await answer.json()

    status, said = await ask("GET", f"{base}/personal-data")
    assert (status, said["customer"]["name"]) == (200, "Anna Bianchi")
    assert (await ask("POST", f"{base}/erase"))[0] == 428
    assert (await ask("POST", f"{base}/erase", **{"If-Match": '"9"'}))[0] == 412
    assert await ask("POST", f"{base}/erase", **{"If-Match": '"1"'}) == (200, {"kept": ["number", "acts", "documents"]})
    assert (await ask("GET", f"{base}/personal-data"))[0] == 404
