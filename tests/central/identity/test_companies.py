"""Who works for one company sees and changes the people of that one, and reads what was done in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central.identity import queries, service
from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.service import NewUser, Visit, add_token, add_user
from central.identity.tables import app_user
from central.organisation.service import save_company
from commerce.errors import ForbiddenError, NotFoundError
from tests.central.head_office import PASSWORD
from tests.central.office import COMPANY

if TYPE_CHECKING:
    from tests.central.office import Office

OTHER = {**COMPANY, "name": "Altra s.r.l.", "tax_id": "IT09999999999"}
ANOTHER_PASSWORD = "tre cavalli sul ponte"  # noqa: S105 - of an invented user


@dataclass
class People:
    """An administrator of each company and one of all, each signed in and with a key."""

    mine: Actor
    theirs: Actor
    all: Actor

    @property
    def others(self) -> tuple[Actor, Actor]:
        return self.theirs, self.all


@pytest.fixture
async def people(office: Office) -> People:
    database, now = office.database, office.clock()
    other = await database.write(partial(save_company, actor=COMMAND_LINE, at=now, values=OTHER))
    actors = []
    for name, company in (("mia", office.company), ("loro", other), ("tutti", None)):
        new = NewUser(name, PASSWORD, Role.ADMIN, "en", name.title(), company)
        user = await add_user(database, new, now)
        cookie = await service.sign_in(database, name, PASSWORD, Visit("127.0.0.1", "test"), now)
        actor = await service.find_actor(database, cookie, now)
        assert actor is not None
        assert actor.id == user
        await add_token(database, actor, f"key of {name}", now)
        actors.append(actor)
    return People(*actors)


async def test_lists_hold_the_people_of_ones_own_company_alone(office: Office, people: People) -> None:
    database, now = office.database, office.clock()

    for actor, names in ((people.mine, {"Mia"}), (people.theirs, {"Loro"}), (people.all, {"Mia", "Loro", "Tutti"})):
        assert {row.display_name for row in await service.list_users(database, actor)} == names
        assert {row.display_name for row in await service.list_sessions(database, actor, now)} == names
        assert {row.display_name for row in await service.list_all_tokens(database, actor)} == names


async def test_the_record_of_changes_is_that_of_ones_own_company(office: Office, people: People) -> None:
    database = office.database

    mine = await service.list_acts(database, people.mine, queries.ActFilter(), limit=100)
    everything = await service.list_acts(database, people.all, queries.ActFilter(), limit=100)

    assert {row.company for row in mine} == {office.company}
    assert {"company.saved", "shop.saved", "user.added", "user.role_given", "session.opened", "token.added"} == {
        row.action for row in mine
    }
    assert {row.company for row in everything} == {office.company, people.theirs.company, None}


async def test_nobody_of_another_company_is_changed_signed_out_or_let_in(office: Office, people: People) -> None:
    database, now, mine = office.database, office.clock(), people.mine
    before = await office.rows(app_user)

    for other in people.others:
        user, session = str(other.id), str(other.session)
        token = next(row.id for row in await service.list_all_tokens(database, other) if row.user == user)
        with pytest.raises(NotFoundError):
            await service.set_password(database, mine, user, ANOTHER_PASSWORD, now)
        with pytest.raises(NotFoundError):
            await service.set_active(database, mine, user, now, active=False)
        with pytest.raises(NotFoundError):
            await service.end_session(database, mine, session, now)
        with pytest.raises(NotFoundError):
            await service.revoke_token(database, mine, token, now)
    with pytest.raises(ForbiddenError):
        await add_user(database, NewUser("spia", PASSWORD, company=people.theirs.company), now, mine)

    assert await office.rows(app_user) == before
    assert len(await service.list_sessions(database, people.all, now)) == 3
    assert len(await service.list_all_tokens(database, people.all)) == 3


async def test_whom_an_administrator_of_a_company_lets_in_works_for_it(office: Office, people: People) -> None:
    user = await add_user(office.database, NewUser("nuova", PASSWORD, Role.ADMIN), office.clock(), people.mine)

    query = select(app_user.c.company).where(app_user.c.id == user)
    assert await office.database.read(lambda conn: conn.execute(query).scalar()) == office.company
