"""Signing in: slowed down and never locked, sessions listed and ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from central.identity import queries
from central.identity.errors import TooManyAttemptsError, WrongCredentialsError
from central.identity.limits import wait_after
from central.identity.people import Actor, Role
from central.identity.scope import Grant
from central.identity.service import (
    IDLE_LENGTH,
    NewUser,
    Visit,
    add_token,
    add_user,
    end_session,
    find_actor,
    find_token_actor,
    list_sessions,
    list_tokens,
    set_active,
    sign_in,
)
from central.registry.area import EDIT_ITEMS
from commerce.errors import BadInputError, ConflictError, ForbiddenError
from tests.central.office import actor_with

if TYPE_CHECKING:
    from tests.central.office import Office

HERE = Visit("10.0.0.1", "a browser")
THERE = Visit("10.9.9.9", "another browser")
PASSWORD = "una password lunga"  # noqa: S105 - of an invented user


async def anna(office: Office, role: Role = Role.ADMIN) -> str:
    return await add_user(office.database, NewUser("Anna", PASSWORD, role), office.clock())


async def fail(office: Office, visit: Visit = HERE) -> None:
    with pytest.raises(WrongCredentialsError):
        await sign_in(office.database, "anna", "something else", visit, office.clock())


async def actor_of(office: Office, visit: Visit = HERE) -> Actor:
    cookie = await sign_in(office.database, "ANNA ", PASSWORD, visit, office.clock())
    actor = await find_actor(office.database, cookie, office.clock())
    assert actor is not None
    return actor


async def test_the_right_password_opens_a_session_that_names_its_person(office: Office) -> None:
    user = await anna(office)

    actor = await actor_of(office)

    assert (actor.id, actor.name, actor.grants) == (user, "Anna", (Grant(None, None, None),))


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(office: Office) -> None:
    await anna(office)

    await fail(office)
    with pytest.raises(WrongCredentialsError):
        await sign_in(office.database, "nobody", PASSWORD, HERE, office.clock())


async def test_failures_slow_down_and_the_right_password_works_after_the_wait(office: Office) -> None:
    await anna(office)
    for _ in range(4):
        await fail(office)

    with pytest.raises(TooManyAttemptsError) as refused:
        await sign_in(office.database, "anna", PASSWORD, HERE, office.clock())
    office.clock.advance(seconds=int(str(refused.value.values["wait_s"])))

    assert await actor_of(office)


def test_waiting_grows_and_ends_at_a_minute() -> None:
    waits = [int(wait_after(n).total_seconds()) for n in range(3, 12)]

    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60]


async def test_somebody_elsewhere_cannot_keep_a_person_out(office: Office) -> None:
    await anna(office)
    await actor_of(office, HERE)
    for _ in range(30):
        office.clock.advance(seconds=61)
        await fail(office, THERE)

    assert await actor_of(office, HERE)


async def test_who_guesses_beside_a_known_browser_cannot_make_it_wait(office: Office) -> None:
    await anna(office)
    mine = replace(HERE, device="11" * 32)
    assert await actor_of(office, mine)
    got_in = 0
    for second in range(60):
        office.clock.advance(seconds=1)
        with pytest.raises((WrongCredentialsError, TooManyAttemptsError)):
            await sign_in(office.database, "anna", "something else", HERE, office.clock())
        if second % 5 == 0:
            got_in += bool(await actor_of(office, mine))

    assert got_in == 12


async def test_a_known_browser_that_guesses_is_slowed_down_by_itself(office: Office) -> None:
    await anna(office)
    mine = replace(HERE, device="11" * 32)
    await actor_of(office, mine)
    for _ in range(4):
        await fail(office, mine)

    with pytest.raises(TooManyAttemptsError):
        await sign_in(office.database, "anna", PASSWORD, mine, office.clock())
    assert await actor_of(office, HERE)


@pytest.mark.parametrize("known_as", ["bruno", None])
async def test_a_browser_that_only_others_signed_in_with_is_a_stranger(office: Office, known_as: str | None) -> None:
    await anna(office)
    await add_user(office.database, NewUser("Bruno", PASSWORD), office.clock())
    mine = replace(THERE, device="22" * 32)
    if known_as:
        await sign_in(office.database, known_as, PASSWORD, mine, office.clock())
    for _ in range(4):
        await fail(office, THERE)

    with pytest.raises(TooManyAttemptsError):
        await sign_in(office.database, "anna", "something else", mine, office.clock())


async def test_many_sign_ins_at_once_are_counted_one_by_one_and_none_fails_otherwise(office: Office) -> None:
    await anna(office)

    async def guess() -> str:
        try:
            await sign_in(office.database, "anna", "something else", HERE, office.clock())
        except (WrongCredentialsError, TooManyAttemptsError) as error:
            return error.code
        return "in"

    answers = await asyncio.gather(*(guess() for _ in range(20)))

    assert sorted(answers) == ["sign_in.wait"] * 16 + ["sign_in.wrong"] * 4


async def test_one_guesser_of_ipv6_is_one_address_wherever_in_its_network_it_stands(office: Office) -> None:
    await anna(office)
    for number in range(4):
        await fail(office, Visit(f"2001:db8:0:7::{number + 1}", "a guesser"))

    with pytest.raises(TooManyAttemptsError):
        await sign_in(office.database, "anna", "x", Visit("2001:db8:0:7:9::1", "a guesser"), office.clock())
    await fail(office, Visit("2001:db8:0:8::1", "another"))


async def test_an_address_that_tries_many_names_has_to_wait(office: Office) -> None:
    for number in range(21):
        with pytest.raises(WrongCredentialsError):
            await sign_in(office.database, f"name{number}", "guess", THERE, office.clock())

    with pytest.raises(TooManyAttemptsError):
        await sign_in(office.database, "another", "guess", THERE, office.clock())


async def test_an_ended_session_opens_nothing(office: Office) -> None:
    await anna(office)
    cookie = await sign_in(office.database, "anna", PASSWORD, HERE, office.clock())
    actor = await find_actor(office.database, cookie, office.clock())
    assert actor
    assert actor.session

    await end_session(office.database, actor, actor.session, office.clock())

    assert await find_actor(office.database, cookie, office.clock()) is None


async def test_an_unused_session_ends_by_itself(office: Office) -> None:
    await anna(office)
    cookie = await sign_in(office.database, "anna", PASSWORD, HERE, office.clock())

    office.clock.at += IDLE_LENGTH + timedelta(seconds=1)

    assert await find_actor(office.database, cookie, office.clock()) is None


async def test_open_sessions_are_listed_with_where_they_are(office: Office) -> None:
    await anna(office)
    actor = await actor_of(office)
    await actor_of(office, THERE)

    sessions = await list_sessions(office.database, actor, office.clock())

    assert {row.address for row in sessions} == {"10.0.0.1", "10.9.9.9"}


async def test_somebody_shut_out_is_signed_out_at_once(office: Office) -> None:
    await anna(office)
    boss = await actor_of(office)
    user = await add_user(office.database, NewUser("Bruno", PASSWORD, Role.VIEWER), office.clock())
    cookie = await sign_in(office.database, "bruno", PASSWORD, HERE, office.clock())

    await set_active(office.database, boss, user, office.clock(), active=False)

    assert await find_actor(office.database, cookie, office.clock()) is None
    with pytest.raises(WrongCredentialsError):
        await sign_in(office.database, "bruno", PASSWORD, HERE, office.clock())


async def test_only_who_manages_users_adds_users_and_it_is_written_down(office: Office) -> None:
    viewer = actor_with(Role.VIEWER, "Vera")
    with pytest.raises(ForbiddenError):
        await add_user(office.database, NewUser("Carlo", PASSWORD), office.clock(), viewer)

    await anna(office)

    acts = await office.database.read(lambda conn: queries.list_acts(conn, limit=2))
    assert [act.action for act in acts] == ["user.role_given", "user.added"]
    assert PASSWORD not in str(acts)


async def test_a_name_is_taken_whatever_its_case(office: Office) -> None:
    await anna(office)

    with pytest.raises(ConflictError, match=r"user\.exists"):
        await add_user(office.database, NewUser("ANNA", PASSWORD), office.clock())


async def test_a_short_password_is_refused(office: Office) -> None:
    with pytest.raises(BadInputError, match=r"password\.length"):
        await add_user(office.database, NewUser("Dora", "short"), office.clock())


async def test_an_api_token_stands_for_its_person_and_is_not_stored(office: Office) -> None:
    await anna(office, Role.MANAGER)
    actor = await actor_of(office)

    token = await add_token(office.database, actor, "replay", office.clock())

    found = await find_token_actor(office.database, token, office.clock())
    assert found
    assert found.may(EDIT_ITEMS)
    rows = await list_tokens(office.database, actor)
    assert token not in str([tuple(row) for row in rows])


async def test_twenty_people_who_sign_in_at_once_all_get_in(office: Office) -> None:
    names = [f"person {number}" for number in range(20)]
    for name in names:
        await add_user(office.database, NewUser(name, PASSWORD, Role.VIEWER), office.clock())

    cookies = await asyncio.gather(*(sign_in(office.database, name, PASSWORD, HERE, office.clock()) for name in names))

    people = [await find_actor(office.database, cookie, office.clock()) for cookie in cookies]
    assert [one.name if one else None for one in people] == names
