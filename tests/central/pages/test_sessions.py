"""Sessions and keys: since when, used last, from where, by which program; and how they are ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from central.identity.people import Role
from central.identity.programs import show_program
from commerce.texts import translator
from tests.central.head_office import Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.central.head_office import HeadOffice

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
AGENTS = {
    FIREFOX: ("Firefox on Linux", "Firefox su Linux"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36"
    " Edg/139.0": ("Edge on Windows", "Edge su Windows"),
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Mobile Safari/537.36":
        ("Chrome on Android", "Chrome su Android"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1": ("Safari on iPhone", "Safari su iPhone"),
    "curl/8.14.1": ("curl", "curl"),
    "": ("unknown program", "programma sconosciuto"),
    "<script>": ("unknown program", "programma sconosciuto"),
}  # fmt: skip


@pytest.mark.parametrize("agent", AGENTS)
def test_a_program_is_shown_as_people_know_it(agent: str) -> None:
    assert (show_program(agent, translator("en")), show_program(agent, translator("it"))) == AGENTS[agent]


@pytest.fixture
async def firefox(site: HeadOffice) -> AsyncIterator[Visitor]:
    """Another browser of Anna's."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(site.address, cookie_jar=jar, headers={"User-Agent": FIREFOX}) as session:
        visitor = Visitor(session)
        await visitor.sign_in()
        yield visitor


async def test_one_sees_ones_sessions_and_ends_all_others(site: HeadOffice, anna: Visitor, firefox: Visitor) -> None:
    page = await anna.get("/account")
    assert "Firefox on Linux" in page.text
    assert "127.0.0.1" in page.text
    assert "23 Nov 2026" in page.text  # since when

    ended = await anna.post("/account/sessions/end-others")

    assert "Firefox on Linux" not in ended.text
    assert "/sign-in" in (await firefox.get("/sales")).url
    assert "ended all other sessions of their own" in (await anna.get("/settings/audit")).text


async def test_who_manages_people_sees_and_ends_others_sessions(site: HeadOffice, anna: Visitor) -> None:
    await site.user("vera", Role.VIEWER)
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        vera = Visitor(session)
        await vera.sign_in("vera")
        users = await anna.get("/settings/users")
        start = users.text.index("End the session of Vera")
        path = users.text.rindex('action="/sessions/', 0, start)
        await anna.post(users.text[path + len('action="') :].split('"')[0], back="/settings/users")

        assert "/sign-in" in (await vera.get("/sales")).url


async def test_a_key_tells_when_from_where_and_by_what_it_was_used(site: HeadOffice, anna: Visitor) -> None:
    made = await anna.post("/account/tokens", name="stock", days="30")
    key = made.text.split("<code>")[1].split("</code>")[0]
    assert '<span class="quiet">never</span>' in made.text
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "stocktaker/2.1"}
    async with aiohttp.ClientSession(site.address, headers=headers) as program:
        async with program.get("/api/v1/keys") as first:
            assert first.status == 200
        async with program.get("/api/v1/keys") as answer:
            (told,) = (await answer.json())["keys"]

    assert (told["used_by"], told["used_from"]) == ("stocktaker/2.1", "127.0.0.1")
    assert "stocktaker, 127.0.0.1" in (await anna.get("/account")).text
    assert "stocktaker, 127.0.0.1" in (await anna.get("/settings/users")).text


async def test_programs_list_and_end_ones_sessions(site: HeadOffice, anna: Visitor, firefox: Visitor) -> None:
    async with anna.session.get("/api/v1/sessions") as answer:
        sessions = (await answer.json())["sessions"]
    (its,) = [one["id"] for one in sessions if one["used_by"] == FIREFOX]
    await anna.get("/account")

    headers = {"X-CSRF-Token": anna.token}
    async with anna.session.delete(f"/api/v1/sessions/{its}", headers=headers) as answer:
        left = (await answer.json())["sessions"]

    assert [one["id"] for one in left] == [one["id"] for one in sessions if one["id"] != its]
    assert "/sign-in" in (await firefox.get("/sales")).url
