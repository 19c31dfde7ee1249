"""What a form made is shown once: loading its page again makes nothing and shows nothing."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import pytest
from sqlalchemy import select

from central.identity import showing
from central.identity.people import Role
from central.identity.showing import KEPT
from central.identity.tables import api_token, shown_once
from central.tills.tables import enrolment_code
from tests.central.head_office import HeadOffice, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Connection, Table

    from tests.central.office import Office

KEY = re.compile(r"cf_[0-9a-f]{64}")
CODE = re.compile(r"<p><code>([A-Z0-9-]{8,})</code></p>")


@pytest.fixture
async def bruno(site: HeadOffice) -> AsyncIterator[Visitor]:
    """Another administrator's browser."""
    await site.user("bruno", Role.ADMIN)
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        await visitor.sign_in("bruno")
        yield visitor


async def make_key(_: HeadOffice, who: Visitor) -> tuple[str, dict[str, str]]:
    return "/account/tokens", {"name": "stock", "days": "90"}


async def make_code(site: HeadOffice, who: Visitor) -> tuple[str, dict[str, str]]:
    return f"/tills/{await site.office.add_till()}/code", {}


async def make_till(site: HeadOffice, who: Visitor) -> tuple[str, dict[str, str]]:
    return "/tills", {"shop": site.office.shop, "code": "T7", "name": "Cassa 7"}


FORMS: list[tuple[Callable[[HeadOffice, Visitor], Awaitable[tuple[str, dict[str, str]]]], re.Pattern[str], Table]] = [
    (make_key, KEY, api_token), (make_code, CODE, enrolment_code), (make_till, CODE, enrolment_code),
]  # fmt: skip


@pytest.mark.parametrize(("form", "secret", "table"), FORMS)
async def test_what_was_made_is_shown_once_and_a_reload_makes_no_other(
    site: HeadOffice,
    anna: Visitor,
    form: Callable[[HeadOffice, Visitor], Awaitable[tuple[str, dict[str, str]]]],
    secret: re.Pattern[str],
    table: Table,
) -> None:
    path, values = await form(site, anna)

    page = await anna.post(path, **values)
    made = await site.office.rows(table)
    again = await anna.get(page.url)

    assert (page.status, again.status) == (200, 200)
    assert secret.search(page.text) is not None
    assert secret.search(again.text) is None
    assert await site.office.rows(table) == made
    assert secret.search(page.url) is None  # no address has it


async def test_a_browser_is_sent_on_with_nothing_of_the_secret(site: HeadOffice, anna: Visitor) -> None:
    sent = {"csrf": anna.token, "name": "stock", "days": "90"}
    async with anna.session.post("/account/tokens", data=sent, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/account")
        told = f"{dict(answer.headers)} {await answer.text()} {answer.cookies}"

    assert KEY.search(told) is None
    (kept,) = await site.office.rows(shown_once)
    assert b"cf_" not in kept.sealed


async def test_nobody_else_sees_it_and_a_look_at_the_headers_does_not_take_it(
    site: HeadOffice, anna: Visitor, bruno: Visitor
) -> None:
    sent = {"csrf": anna.token, "name": "stock", "days": "90"}
    await anna.session.post("/account/tokens", data=sent, allow_redirects=False)

    assert KEY.search((await bruno.get("/account")).text) is None
    await anna.session.head("/account")
    assert KEY.search((await anna.get("/account")).text) is not None


async def test_what_nobody_came_for_is_forgotten(site: HeadOffice, anna: Visitor) -> None:
    sent = {"csrf": anna.token, "name": "stock", "days": "90"}
    await anna.session.post("/account/tokens", data=sent, allow_redirects=False)
    site.office.clock.at += KEPT + timedelta(seconds=1)

    assert KEY.search((await anna.get("/account")).text) is None
    assert await site.office.rows(shown_once) == []


async def test_it_opens_with_the_sessions_own_cookie_only_on_both_engines(office: Office) -> None:
    now = office.clock()

    def job(conn: object) -> list[str]:
        showing.keep(conn, "cookie", "/account", "older", now)  # type: ignore[arg-type]
        showing.keep(conn, "cookie", "/account", "secret", now)  # type: ignore[arg-type]
        showing.keep(conn, "cookie", "/tills/1", "code", now)  # type: ignore[arg-type]
        tries = [("other", "/account"), ("cookie", "/else"), ("cookie", "/account"), ("cookie", "/account")]
        return [showing.take(conn, *one, now) for one in tries]  # type: ignore[arg-type]

    assert await office.database.write(job) == ["", "", "secret", ""]
    moved = shown_once.update().values(place="/account")
    await office.database.write(lambda conn: conn.execute(moved) and None)
    taken = await office.database.write(lambda conn: showing.take(conn, "cookie", "/account", now))
    assert taken == ""  # what was sealed for one page is shown on no other
    assert await office.database.read(lambda conn: list(conn.execute(select(shown_once)))) == []


async def test_a_form_that_is_sent_twice_at_once_fails_nobody(office: Office) -> None:
    def keep(secret: str) -> Callable[[Connection], None]:
        return partial(showing.keep, cookie="a cookie", place="/account", secret=secret, now=office.clock())

    for _ in range(5):
        await asyncio.gather(*(office.database.write(keep(secret)) for secret in "abcdef"))

    take = partial(showing.take, cookie="a cookie", place="/account", now=office.clock())
    assert await office.database.write(take) in set("abcdef")
    assert await office.database.write(take) == ""
