"""Signing in with a code: asked for after the password, works once, counts with passwords, and is kept sealed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central.db.metadata import metadata
from central.identity import codes, queries, second_steps, waiting
from central.identity.attempts import Visit
from central.identity.errors import (
    PendingOverError,
    SecondStepError,
    TooManyAttemptsError,
    WrongCodeError,
    WrongCredentialsError,
)
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import (
    NewUser,
    add_token,
    add_user,
    find_actor,
    find_token_actor,
    set_active,
    set_password,
    sign_in,
)
from central.identity.step_tables import pending_sign_in, recovery_code, second_step
from commerce.errors import ConflictError, ForbiddenError, RuleError
from tests.central.identity.stepping import HERE, KEY, PASSWORD, Person, Phone, enter, knock, person, set_up

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.central.office import Office

THERE = Visit("10.9.9.9", "another browser", "22" * 32)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by it


async def finish(office: Office, step: SecondStepError, code: str, visit: Visit = HERE) -> str:
    return await waiting.finish(office.database, step.pending, code, visit, office.clock(), KEY)


async def acts(office: Office) -> list[str]:
    rows = await office.database.read(lambda conn: queries.list_acts(conn, limit=5))
    return [row.action for row in rows]


@given(moments, st.integers(-200, 200))
def test_a_code_counts_from_the_half_minute_before_its_own_to_the_one_after(at: datetime, seconds: int) -> None:
    secret = codes.new_secret()
    shown = Phone(secret).code(at)

    found = codes.find_step(secret, shown, at + timedelta(seconds=seconds))

    distance = codes.half_minute(at + timedelta(seconds=seconds)) - codes.half_minute(at)
    if abs(distance) <= 1:
        assert found is not None
        assert Phone(secret).code(at, found - codes.half_minute(at)) == shown
    else:
        # One of three other codes is the same by chance once in 333,333 times: then it is that one's half minute.
        assert found is None or Phone(secret).code(at, found - codes.half_minute(at)) == shown


@given(st.text(max_size=80))
def test_what_is_no_code_is_refused_and_breaks_nothing(typed: str) -> None:
    secret, at = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime(2026, 11, 24, tzinfo=UTC)
    right = {Phone(secret).code(at, off) for off in (-1, 0, 1)}

    assert (codes.find_step(secret, typed, at) is not None) == (codes.fold_code(typed) in right)


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, SHA-1, of which apps show the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105
    table = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}

    for second, code in table.items():
        assert codes.find_step(secret, code, datetime.fromtimestamp(second, UTC)) == second // 30


def test_recovery_codes_are_ten_of_their_own_and_read_however_they_are_written() -> None:
    made = codes.new_recovery_codes()

    assert len(set(made)) == 10
    assert all(codes.is_recovery_code(one) for one in made)
    written = made[0].upper().replace("-", " ")
    assert codes.recovery_digest("u", written) == codes.recovery_digest("u", made[0])
    assert codes.recovery_digest("v", made[0]) != codes.recovery_digest("u", made[0])


async def test_the_password_alone_opens_nothing_and_the_code_besides_does(office: Office) -> None:
    anna = await person(office)

    step = await anna.knock()
    assert not step.set_up
    assert await find_actor(office.database, step.pending, office.clock()) is None
    cookie = await finish(office, step, anna.phone.code(office.clock()))

    actor = await find_actor(office.database, cookie, office.clock())
    assert actor
    assert actor.id == anna.actor.id


async def test_a_code_works_once(office: Office) -> None:
    anna = await person(office)
    code = anna.phone.code(office.clock())
    await finish(office, await anna.knock(), code)

    with pytest.raises(WrongCodeError, match=r"code\.used"):
        await finish(office, await anna.knock(), code)
    with pytest.raises(WrongCodeError, match=r"code\.used"):
        await finish(office, await anna.knock(), anna.phone.code(office.clock(), -1))
    office.clock.advance(seconds=30)
    step = await anna.knock()
    office.clock.advance(seconds=2)  # those were four failures
    assert await finish(office, step, anna.phone.code(office.clock()))


@pytest.mark.parametrize("of_the_app", [True, False])
async def test_of_two_browsers_that_give_one_code_at_once_one_gets_in(office: Office, of_the_app: bool) -> None:
    anna = await person(office)
    code = anna.phone.code(office.clock()) if of_the_app else anna.codes[0]
    steps = [await anna.knock(), await anna.knock()]

    answers = await asyncio.gather(*(finish(office, step, code) for step in steps), return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["WrongCodeError", "str"]


async def test_one_sign_in_that_is_finished_twice_at_once_opens_one_session(office: Office) -> None:
    anna = await person(office)
    step = await anna.knock()
    tries = [anna.phone.code(office.clock()), anna.codes[0], anna.codes[1]]

    answers = await asyncio.gather(*(finish(office, step, code) for code in tries), return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["PendingOverError", "PendingOverError", "str"]


async def test_a_recovery_code_works_once_and_is_written_down(office: Office) -> None:
    anna = await person(office)

    assert await finish(office, await anna.knock(), f" {anna.codes[3].upper()} ")
    assert "recovery_code.used" in await acts(office)
    with pytest.raises(WrongCodeError):
        await finish(office, await anna.knock(), anna.codes[3])
    assert await finish(office, await anna.knock(), anna.codes[4])

    standing = await second_steps.standing(office.database, anna.actor)
    assert standing
    assert standing.codes_left == 8


async def test_wrong_codes_slow_down_with_wrong_passwords_and_only_the_right_code_ends_that(office: Office) -> None:
    anna = await person(office)
    step = await anna.knock()
    for _ in range(3):
        with pytest.raises(WrongCodeError):
            await finish(office, step, "000000")

    with pytest.raises(TooManyAttemptsError) as refused:
        await finish(office, step, anna.phone.code(office.clock()))
    with pytest.raises(TooManyAttemptsError):  # nor does a right password help
        await anna.knock()
    office.clock.advance(seconds=int(str(refused.value.values["wait_s"])))
    again = await anna.knock()  # counted, and not forgotten: the next wait is longer
    with pytest.raises(TooManyAttemptsError) as longer:
        await finish(office, again, anna.phone.code(office.clock()))
    assert longer.value.values["wait_s"] == 2
    office.clock.advance(seconds=2)
    assert await finish(office, again, anna.phone.code(office.clock()))
    for _ in range(3):
        with pytest.raises(WrongCredentialsError):
            await sign_in(office.database, "anna", "something else", HERE, office.clock())


async def test_guessed_codes_from_elsewhere_do_not_keep_a_known_browser_out(office: Office) -> None:
    anna = await person(office)
    step = await anna.knock(THERE)
    for _ in range(30):
        with pytest.raises((WrongCodeError, TooManyAttemptsError)):
            await finish(office, step, "000000", THERE)

    assert await finish(office, await anna.knock(), anna.phone.code(office.clock()))


async def test_a_sign_in_that_waits_is_of_its_browser_and_not_for_long(office: Office) -> None:
    anna = await person(office)
    step = await anna.knock()

    with pytest.raises(PendingOverError):
        await finish(office, step, anna.phone.code(office.clock()), replace(HERE, device="33" * 32))
    office.clock.at += waiting.WAITS
    with pytest.raises(PendingOverError):
        await finish(office, step, anna.phone.code(office.clock()))


async def test_a_password_or_a_shut_door_ends_what_waits(office: Office) -> None:
    anna = await person(office)
    bruno = await person(office, "bruno", Role.VIEWER)
    steps = [await anna.knock(), await bruno.knock()]

    await set_password(office.database, anna.actor, str(anna.actor.id), "tre gatti sul tetto", office.clock())
    await set_active(office.database, anna.actor, str(bruno.actor.id), office.clock(), active=False)

    for step, one in zip(steps, (anna, bruno), strict=True):
        with pytest.raises(PendingOverError):
            await finish(office, step, one.phone.code(office.clock()))


async def test_neither_secret_nor_codes_stand_anywhere_in_the_database(office: Office) -> None:
    anna = await person(office)
    await finish(office, await anna.knock(), anna.codes[0])

    def job(conn: Connection) -> str:
        return "".join(str(tuple(row)) for table in metadata.sorted_tables for row in conn.execute(select(table)))

    stored = await office.database.read(job)
    assert "second_step" in stored
    for hidden in (anna.phone.secret, *anna.codes, *(one.replace("-", "") for one in anna.codes)):
        assert hidden not in stored
    with pytest.raises(RuleError, match=r"code\.unreadable"):  # with another key nothing opens
        await waiting.finish(office.database, (await anna.knock()).pending, anna.phone.code(office.clock()), HERE,
                             office.clock(), b"x" * 32)  # fmt: skip


async def test_a_sealed_secret_opens_for_its_owner_only(office: Office) -> None:
    anna, bruno = await person(office), await person(office, "bruno")
    (row,) = await office.rows(second_step, user=anna.actor.id)
    moved = second_step.update().where(second_step.c.user == bruno.actor.id).values(sealed=row.sealed)
    await office.database.write(lambda conn: conn.execute(moved) and None)

    with pytest.raises(RuleError, match=r"code\.unreadable"):
        await finish(office, await bruno.knock(), anna.phone.code(office.clock()))


async def test_setting_up_takes_the_password_and_the_first_code(office: Office) -> None:
    await add_user(office.database, NewUser("anna", PASSWORD), office.clock())
    actor, cookie = await enter(office, "anna")
    db, at = office.database, office.clock()

    with pytest.raises(WrongCredentialsError):
        await second_steps.begin(db, actor, cookie, "not it", at, KEY)
    with pytest.raises(ConflictError, match=r"second_step\.begin_again"):
        await second_steps.confirm(db, actor, cookie, "000000", at, KEY)
    await second_steps.begin(db, actor, cookie, PASSWORD, at, KEY)
    with pytest.raises(WrongCodeError):
        await second_steps.confirm(db, actor, cookie, "abc", at, KEY)

    assert await second_steps.standing(db, actor) is None
    assert await second_steps.offered(db, actor, cookie, at, KEY)  # as it was: the picture need not be read again
    assert await second_steps.offered(db, actor, "another cookie", at, KEY) is None


async def test_the_code_that_set_it_up_signs_nobody_in(office: Office) -> None:
    await add_user(office.database, NewUser("anna", PASSWORD), office.clock())
    phone, _ = await set_up(office, *await enter(office, "anna"))

    with pytest.raises(WrongCodeError, match=r"code\.used"):
        await finish(office, await knock(office, "anna"), phone.code(office.clock()))


async def test_another_phone_takes_over_once_it_has_proven_itself(office: Office) -> None:
    anna = await person(office)
    db, at, cookie = office.database, office.clock(), "cookie"
    with pytest.raises(WrongCodeError):
        await second_steps.begin(db, anna.actor, cookie, PASSWORD, at, KEY)
    await second_steps.begin(db, anna.actor, cookie, anna.phone.code(at), at, KEY)
    other = Phone(str(await second_steps.offered(db, anna.actor, cookie, at, KEY)))

    office.clock.advance(seconds=60)
    assert await finish(office, await anna.knock(), anna.phone.code(office.clock()))
    fresh = await second_steps.confirm(db, anna.actor, cookie, other.code(office.clock()), office.clock(), KEY)

    office.clock.advance(seconds=60)
    for old in (anna.phone.code(office.clock()), anna.codes[0]):
        with pytest.raises(WrongCodeError):
            await finish(office, await anna.knock(), old)
        office.clock.advance(seconds=60)
    step = await anna.knock()
    office.clock.advance(seconds=2)
    assert await finish(office, step, fresh[0])


async def test_new_recovery_codes_end_the_old_ones(office: Office) -> None:
    anna = await person(office)
    fresh = await second_steps.renew_codes(
        office.database, anna.actor, anna.phone.code(office.clock()), office.clock(), KEY
    )

    with pytest.raises(WrongCodeError):
        await finish(office, await anna.knock(), anna.codes[0])
    assert await finish(office, await anna.knock(), fresh[0])


async def test_whoever_sits_at_an_open_session_guesses_no_codes(office: Office) -> None:
    anna = await person(office)
    db = office.database
    for _ in range(4):
        with pytest.raises(WrongCodeError):
            await second_steps.remove(db, anna.actor, "000000", office.clock(), KEY)

    with pytest.raises(TooManyAttemptsError):
        await second_steps.remove(db, anna.actor, anna.phone.code(office.clock()), office.clock(), KEY)
    with pytest.raises(TooManyAttemptsError):
        await second_steps.renew_codes(db, anna.actor, anna.codes[0], office.clock(), KEY)


async def test_it_is_turned_off_with_a_code(office: Office) -> None:
    anna = await person(office)

    await second_steps.remove(office.database, anna.actor, anna.codes[0], office.clock(), KEY)

    await enter(office, "anna")
    assert await office.rows(recovery_code) == []


async def test_keys_for_programs_need_no_code(office: Office) -> None:
    anna = await person(office)
    token = await add_token(office.database, anna.actor, "replay", office.clock())

    assert await find_token_actor(office.database, token, office.clock())


async def by_company(office: Office, *, needed: bool) -> None:
    job = partial(second_steps.require_of_company, actor=COMMAND_LINE, at=office.clock(), company=office.company)
    await office.database.write(partial(job, needed=needed))


async def everywhere(office: Office, *, needed: bool) -> None:
    job = partial(second_steps.require_of_company, actor=COMMAND_LINE, at=office.clock(), company=None)
    await office.database.write(partial(job, needed=needed))


async def by_role(office: Office, *, needed: bool) -> None:
    job = partial(second_steps.require_of_role, actor=COMMAND_LINE, at=office.clock(), role=Role.VIEWER)
    await office.database.write(partial(job, needed=needed))


RULES = [by_company, everywhere, by_role]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("place", ["all", "company", "shop"])
async def test_who_must_have_a_code_sets_it_up_before_anything_opens(office: Office, rule: object, place: str) -> None:
    assert callable(rule)
    company, shop = {"all": (None, None), "company": (office.company, None), "shop": (office.company, office.shop)}[
        place
    ]
    new = NewUser("vera", PASSWORD, Role.VIEWER, company=company, shop=shop)
    await add_user(office.database, new, office.clock())
    await enter(office, "vera")
    await rule(office, needed=True)
    db, at = office.database, office.clock()

    step = await knock(office, "vera")
    assert step.set_up
    with pytest.raises(WrongCodeError):
        await finish(office, step, "000000")
    secret = await waiting.offer(db, step.pending, HERE, at, KEY)
    assert await waiting.offer(db, step.pending, HERE, at, KEY) == secret
    cookie, made = await waiting.finish_set_up(db, step.pending, Phone(secret).code(at), HERE, at, KEY)

    actor = await find_actor(db, cookie, at)
    assert actor
    with pytest.raises(ConflictError, match=r"second_step\.required"):
        await second_steps.remove(db, actor, made[0], at, KEY)
    assert not (await knock(office, "vera")).set_up
    await rule(office, needed=False)
    await second_steps.remove(db, actor, made[0], at, KEY)
    await enter(office, "vera")


async def test_other_roles_and_other_companies_people_are_asked_for_nothing(office: Office) -> None:
    await add_user(office.database, NewUser("mario", PASSWORD, Role.MANAGER, company=office.company), office.clock())
    await by_role(office, needed=True)

    await enter(office, "mario")


async def test_the_password_alone_never_replaces_a_second_step(office: Office) -> None:
    """Two sign-ins wait for being set up; once one of them is, the other one sets up nothing."""
    await add_user(office.database, NewUser("vera", PASSWORD, Role.VIEWER), office.clock())
    await by_role(office, needed=True)
    db, at = office.database, office.clock()
    mine, theirs = await knock(office, "vera"), await knock(office, "vera", THERE)
    secrets = [await waiting.offer(db, mine.pending, HERE, at, KEY), await waiting.offer(db, theirs.pending, THERE, at,
                                                                                         KEY)]  # fmt: skip
    assert secrets[0] != secrets[1]

    answers = await asyncio.gather(
        waiting.finish_set_up(db, mine.pending, Phone(secrets[0]).code(at), HERE, at, KEY),
        waiting.finish_set_up(db, theirs.pending, Phone(secrets[1]).code(at), THERE, at, KEY),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in answers) == ["PendingOverError", "tuple"]
    with pytest.raises(PendingOverError):
        await waiting.offer(db, (await knock(office, "vera")).pending, HERE, at, KEY)


async def take(office: Office, by: Person, whom: Person) -> None:
    job = partial(second_steps.take, actor=by.actor, at=office.clock(), user=str(whom.actor.id))
    await office.database.write(job)


async def test_who_manages_people_takes_it_away_from_whoever_lost_the_phone(office: Office) -> None:
    anna, vera = await person(office), await person(office, "vera", Role.VIEWER)
    waits = await vera.knock()

    await take(office, anna, vera)

    assert "second_step.taken" in await acts(office)
    assert await office.rows(pending_sign_in) == []
    with pytest.raises(PendingOverError):
        await finish(office, waits, vera.codes[0])
    await enter(office, "vera")
    with pytest.raises(ConflictError, match=r"second_step\.none"):
        await take(office, anna, vera)
    with pytest.raises(ConflictError, match=r"user\.yourself"):
        await take(office, anna, anna)


async def test_nobody_else_takes_it_away_nor_asks_for_it(office: Office) -> None:
    anna, vera = await person(office), await person(office, "vera", Role.VIEWER)

    with pytest.raises(ForbiddenError):
        await take(office, vera, anna)
    for job in (
        partial(second_steps.require_of_company, company=office.company),
        partial(second_steps.require_of_company, company=None),
        partial(second_steps.require_of_role, role=Role.VIEWER),
    ):
        with pytest.raises(ForbiddenError):
            await office.database.write(partial(job, actor=vera.actor, at=office.clock(), needed=True))
    assert await anna.knock()
