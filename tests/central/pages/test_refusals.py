"""Failed sign-ins, enrolments and refusals of rights are in the record of changes, and cannot fill a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from sqlalchemy import select

from central.identity.audit import Act
from central.identity.people import Role, stranger
from central.identity.refusals import MOST_AN_HOUR, MOST_OF_ONE, Refusals
from central.identity.tables import audit

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor

CODE = {"code": "7KQ2-M4XW-09TB", "public_key": "00" * 32, "app_version": "1"}


async def acts(site: HeadOffice, *actions: str) -> list[Any]:
    query = select(audit).where(audit.c.action.in_(actions)).order_by(audit.c.id)
    return await site.office.database.read(lambda conn: list(conn.execute(query)))


async def test_a_failed_sign_in_is_written_down_without_what_was_typed(site: HeadOffice, stranger: Visitor) -> None:
    await stranger.sign_in(password="a wrong password")  # noqa: S106
    await stranger.sign_in(name="oh, my password", password="x")  # noqa: S106

    written = await acts(site, "sign_in.refused")

    users = {row.subject for row in await acts(site, "user.added")}
    assert {row.subject for row in written} == users | {"-"}
    assert {row.actor_name for row in written} == {"127.0.0.1"}
    assert "password" not in str(written)


async def test_a_wrong_present_password_is_written_down_and_slowed_down(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/account")
    answers = [
        (await anna.post("/account/password", current="guess", password="sette lampioni verdi")).status  # noqa: S106
        for _ in range(5)
    ]

    assert answers == [401, 401, 401, 401, 429]
    assert len(await acts(site, "password.refused")) == 4


async def test_a_failed_enrolment_is_written_down(site: HeadOffice, stranger: Visitor) -> None:
    async with stranger.session.post("/sync/v1/enrol", json=CODE) as refused:
        assert refused.status == 403

    assert len(await acts(site, "enrolment.refused")) == 1


async def test_a_right_that_somebody_lacks_is_written_down(site: HeadOffice, stranger: Visitor) -> None:
    user = await site.user("vera", Role.VIEWER)
    await stranger.sign_in("vera")
    refused = await stranger.get("/settings/users")

    written = await acts(site, "right.refused")
    assert refused.status == 403
    assert [(row.actor, row.subject, row.change["permission"]) for row in written] == [
        (user, "/settings/users", [None, "people.manage"])
    ]


async def test_a_key_that_opens_nothing_is_written_down(site: HeadOffice, stranger: Visitor) -> None:
    async with stranger.session.get("/api/v1/items", headers={"Authorization": "Bearer cf_00"}) as refused:
        assert refused.status == 401

    assert len(await acts(site, "key.refused")) == 1


async def test_refusals_are_bounded_and_the_next_hour_says_how_many_there_were(site: HeadOffice) -> None:
    clock, refusals = site.office.clock, Refusals(site.office.database)
    for number in range(300):
        source = "10.0.0.1" if number < 100 else f"10.0.1.{number % 100}"
        await refusals.note(stranger(source), Act("key.refused", "key", "-", {}), source, clock())

    written = await acts(site, "key.refused")
    assert len(written) == MOST_AN_HOUR
    assert len([row for row in written if row.actor_name == "10.0.0.1"]) == MOST_OF_ONE

    clock.advance(hours=1)
    await refusals.note(stranger("10.0.0.1"), Act("key.refused", "key", "-", {}), "10.0.0.1", clock())

    [left_out] = await acts(site, "refusals.left_out")
    assert left_out.change["count"] == [None, 300 - MOST_AN_HOUR]
    assert len(await acts(site, "key.refused")) == MOST_AN_HOUR + 1


async def test_who_asks_without_a_right_a_thousand_times_leaves_few_rows(site: HeadOffice, stranger: Visitor) -> None:
    await site.user("vera", Role.VIEWER)
    await stranger.sign_in("vera")
    for _ in range(40):
        assert (await stranger.get("/settings/users")).status == 403

    assert len(await acts(site, "right.refused")) == MOST_OF_ONE


class TestKeysOfPrograms:
    """The page and the API of one's own keys."""

    async def test_the_owner_revokes_on_the_page(self, site: HeadOffice, stranger: Visitor) -> None:
        await site.user("vera", Role.VIEWER)
        await stranger.sign_in("vera")
        await stranger.get("/account")
        made = await stranger.post("/account/tokens", name="bilancia", days="30")
        key = made.text.partition("cf_")[2][:64]
        asked = {"Authorization": f"Bearer cf_{key}"}
        async with aiohttp.ClientSession(site.address) as program:
            async with program.get("/api/v1/keys", headers=asked) as answer:
                [mine] = (await answer.json())["keys"]
            ended = await stranger.post(f"/account/tokens/{mine['id']}/revoke")
            async with program.get("/api/v1/keys", headers=asked) as answer:
                assert answer.status == 401

        assert (mine["name"], mine["expires_at"][:10]) == ("bilancia", "2026-12-23")
        assert (ended.status, "bilancia" in ended.text) == (200, False)

    async def test_a_program_revokes_its_own_key(self, site: HeadOffice, anna: Visitor) -> None:
        await anna.get("/account")
        made = await anna.post("/account/tokens", name="bilancia", days="30")
        asked = {"Authorization": f"Bearer cf_{made.text.partition('cf_')[2][:64]}"}
        async with aiohttp.ClientSession(site.address) as program:
            async with program.get("/api/v1/keys", headers=asked) as answer:
                identity = (await answer.json())["keys"][0]["id"]
            async with program.delete(f"/api/v1/keys/{identity}", headers=asked) as answer:
                assert (answer.status, await answer.json()) == (200, {"keys": []})
            async with program.get("/api/v1/keys", headers=asked) as answer:
                assert answer.status == 401

    async def test_an_end_that_cannot_be_is_said_and_the_name_is_kept(self, anna: Visitor) -> None:
        await anna.get("/account")
        refused = await anna.post("/account/tokens", name="bilancia", days="٣")

        assert refused.status == 400
        assert 'value="bilancia"' in refused.text
        assert "1 to 366 days" in refused.text
