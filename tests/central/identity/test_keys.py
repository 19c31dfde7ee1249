"""Keys for programs: they end by themselves, with a new password when asked, and when their owner says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from central.identity.people import Actor, Role
from central.identity.service import (
    NewUser,
    Visit,
    add_token,
    add_user,
    change_own_password,
    find_actor,
    find_token_actor,
    list_tokens,
    revoke_token,
    sign_in,
)
from commerce.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from tests.central.office import Office

PASSWORD = "una password lunga"  # noqa: S105 - of an invented user
ANOTHER = "sette lampioni verdi"


async def person(office: Office, name: str = "anna", role: Role = Role.VIEWER) -> Actor:
    await add_user(office.database, NewUser(name, PASSWORD, role), office.clock())
    cookie = await sign_in(office.database, name, PASSWORD, Visit("10.0.0.1", "a browser"), office.clock())
    actor = await find_actor(office.database, cookie, office.clock())
    assert actor
    return actor


async def opens(office: Office, key: str) -> bool:
    return await find_token_actor(office.database, key, office.clock()) is not None


async def test_a_key_ends_on_its_day(office: Office) -> None:
    key = await add_token(office.database, await person(office), "replay", office.clock(), days=30)

    office.clock.at += timedelta(days=30) - timedelta(seconds=1)
    before = await opens(office, key)
    office.clock.advance(seconds=1)

    assert (before, await opens(office, key)) == (True, False)


@pytest.mark.parametrize("days", [0, -1, 367, 10**9])
async def test_a_key_without_a_near_end_is_refused(office: Office, days: int) -> None:
    with pytest.raises(BadInputError, match=r"token\.days"):
        await add_token(office.database, await person(office), "replay", office.clock(), days=days)


@pytest.mark.parametrize("asked", [True, False])
async def test_keys_end_with_a_new_password_when_asked(office: Office, asked: bool) -> None:
    anna, bruno = await person(office), await person(office, "bruno")
    hers = await add_token(office.database, anna, "replay", office.clock())
    his = await add_token(office.database, bruno, "replay", office.clock())

    await change_own_password(office.database, anna, PASSWORD, ANOTHER, office.clock(), end_keys=asked)

    assert (await opens(office, hers), await opens(office, his)) == (not asked, True)


async def test_the_owner_ends_a_key_and_nobody_else_without_the_right(office: Office) -> None:
    anna, bruno, boss = (
        await person(office),
        await person(office, "bruno", Role.MANAGER),
        await person(office, "capo", Role.ADMIN),
    )
    first = await add_token(office.database, anna, "replay", office.clock())
    second = await add_token(office.database, anna, "scale", office.clock())
    newest, oldest = await list_tokens(office.database, anna)

    with pytest.raises(NotFoundError):
        await revoke_token(office.database, bruno, oldest.id, office.clock())
    await revoke_token(office.database, anna, oldest.id, office.clock())
    await revoke_token(office.database, boss, newest.id, office.clock())

    assert (await opens(office, first), await opens(office, second)) == (False, False)
    with pytest.raises(NotFoundError):
        await revoke_token(office.database, anna, oldest.id, office.clock())
