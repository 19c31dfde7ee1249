"""A live page ends with the session that opened it, whatever ends that or changes what it may do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import pytest

from central.db.signals import EVENT
from central.identity import roles
from central.identity.people import COMMAND_LINE, Role
from central.identity.roles import Place
from central.identity.service import (
    IDLE_LENGTH,
    NewUser,
    add_user,
    end_session,
    list_sessions,
    set_active,
    set_password,
)
from central.identity.sessions import SESSION_LENGTH
from central.jobs.queue import ask_for
from central.jobs.values import Asked
from central.organisation.service import save_company
from central.sales.exporting import SALES_WORKBOOK
from tests.central.head_office import PASSWORD, HeadOffice, Visitor
from tests.central.office import COMPANY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Ending = Callable[[HeadOffice, Visitor, str], Awaitable[object]]


async def sign_out(_: HeadOffice, bruno: Visitor, __: str) -> None:
    await bruno.get("/account")
    assert (await bruno.post("/sign-out")).status == 200


async def shut_out(site: HeadOffice, _: Visitor, user: str) -> None:
    await set_active(site.office.database, COMMAND_LINE, user, site.office.clock(), active=False)


async def other_role(site: HeadOffice, _: Visitor, user: str) -> None:
    job = partial(roles.give, actor=COMMAND_LINE, at=site.office.clock(), user=user, role="viewer", place=Place())
    await site.office.database.write(job)


async def changed_role(site: HeadOffice, _: Visitor, user: str) -> None:
    names = {"it": "Responsabile", "en": "Manager"}
    card = roles.RoleCard(names, {"sales.see", "tills.see"})
    known = {"sales.see", "tills.see"}
    job = partial(roles.save_role, actor=COMMAND_LINE, at=site.office.clock(), card=card, known=known)
    await site.office.database.write(partial(job, role="manager", shown_version=1))


async def revoke(site: HeadOffice, _: Visitor, user: str) -> None:
    database, now = site.office.database, site.office.clock()
    mine = next(row for row in await list_sessions(database, COMMAND_LINE, now) if row.user == user)
    await end_session(database, COMMAND_LINE, mine.id, now)


async def new_password(site: HeadOffice, _: Visitor, user: str) -> None:
    await set_password(site.office.database, COMMAND_LINE, user, "tutt'altra parola 77", site.office.clock())


async def grow_old(site: HeadOffice, _: Visitor, __: str) -> None:
    site.office.clock.at += SESSION_LENGTH
    site.office.database.signals.fire([EVENT])


async def lie_idle(site: HeadOffice, _: Visitor, __: str) -> None:
    site.office.clock.at += IDLE_LENGTH * 1.1
    site.office.database.signals.fire([EVENT])


@pytest.fixture
async def bruno(site: HeadOffice) -> AsyncIterator[tuple[Visitor, str]]:
    """A manager's browser, signed in, and who that is."""
    user = await site.user("bruno", Role.MANAGER)
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        await visitor.sign_in("bruno")
        yield visitor, user


@pytest.mark.parametrize(
    "end", [sign_out, shut_out, other_role, changed_role, revoke, new_password, grow_old, lie_idle]
)
async def test_a_live_page_ends_with_its_session(site: HeadOffice, bruno: tuple[Visitor, str], end: Ending) -> None:
    visitor, user = bruno
    till = await site.busy_till(sales=1)
    async with visitor.session.get("/live") as response, asyncio.timeout(30):
        await response.content.readuntil(b"\n\n")
        await end(site, visitor, user)
        till.sell(lines=2)
        await site.deliver(till)

        rest = await response.content.read()

    assert rest.endswith(b"event: ended\ndata: session\n\n")


async def test_somebody_elses_end_ends_nothing(site: HeadOffice, anna: Visitor, bruno: tuple[Visitor, str]) -> None:
    till = await site.busy_till(sales=1)
    async with anna.session.get("/live") as response, asyncio.timeout(30):
        await response.content.readuntil(b"\n\n")
        await shut_out(site, *bruno)
        till.sell(lines=2)
        await site.deliver(till)

        while (heard := await response.content.readuntil(b"\n\n")) != b"event: changed\ndata: event\n\n":
            assert b"ended" not in heard


async def test_nothing_of_another_company_reaches_a_stream(site: HeadOffice) -> None:
    office = site.office
    job = partial(save_company, actor=COMMAND_LINE, at=office.clock(), values={**COMPANY, "name": "Altra"})
    other = await office.database.write(job)
    new = NewUser("olga", PASSWORD, Role.VIEWER, company=other)
    await add_user(office.database, new, office.clock())
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await Visitor(session).sign_in("olga")
        async with session.get("/live") as response, asyncio.timeout(30):
            await response.content.readuntil(b"\n\n")
            await site.busy_till(sales=1)
            asked = Asked(company=other, label="THEIRS")
            await office.database.write(partial(ask_for, kind=SALES_WORKBOOK, asked=asked))

            heard = await response.content.readuntil(b"\n\n")

    event, _, topics = heard.decode().strip().partition("\ndata: ")
    assert event == "event: changed"
    assert set(topics.split()) <= {"job", "progress"}


async def test_a_page_left_open_does_not_count_as_use(site: HeadOffice, bruno: tuple[Visitor, str]) -> None:
    visitor, _ = bruno
    async with visitor.session.get("/live") as response, asyncio.timeout(30):
        await response.content.readuntil(b"\n\n")
        site.office.clock.at += IDLE_LENGTH * 0.9
        assert (await visitor.session.get("/today/live")).status == 200
        site.office.database.signals.fire([EVENT])
        await response.content.readuntil(b"\n\n")
    site.office.clock.at += IDLE_LENGTH * 0.2

    assert "/sign-in" in (await visitor.get("/")).url
