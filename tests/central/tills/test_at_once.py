"""Several people do the same thing to one till, or with one name, in the same moment: it is done once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from central.identity.people import COMMAND_LINE
from central.identity.queries import insert_user
from central.organisation.tables import till as till_table
from central.tills.alarms import mark_seen
from central.tills.review import Decision, EntryKey
from central.tills.tables import alarm_seen, enrolment_code, till_alarm
from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.errors import ConflictError
from commerce.ids import new_id
from commerce.ledger import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from tests.central.office import Office

AT_ONCE, ROUNDS = 6, 5


async def together(jobs: Iterable[Awaitable[object]]) -> list[object]:
    """Run jobs at once; what came of each, a refusal by its code, anything unexpected raised."""
    ended = await asyncio.gather(*jobs, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, ConflictError):
            raise one
    return [one.code if isinstance(one, ConflictError) else "done" for one in ended]


async def test_an_alarm_is_seen_by_one_of_several(office: Office) -> None:
    till = await office.new_till()
    for _ in range(ROUNDS):
        till.write(Kind.ALARM_RAISED, AlarmRaised(AlarmCode.PIN_GUESSED, "op", 5, "").as_body())
    await office.accept(till)
    await office.projector.catch_up()
    decision = Decision(COMMAND_LINE, office.clock(), "seen")

    for row in await office.rows(till_alarm):
        see = partial(mark_seen, key=EntryKey(row.till, row.chain, row.seq, row.hash), decision=decision)
        ended = await together(office.database.write(see) for _ in range(AT_ONCE))
        assert sorted(map(str, ended)) == ["alarm.seen"] * (AT_ONCE - 1) + ["done"]

    assert len(await office.rows(alarm_seen)) == ROUNDS


async def test_a_code_names_one_till_however_many_add_it(office: Office) -> None:
    for number in range(ROUNDS):
        ended = await together(office.add_till(f"Q{number}") for _ in range(AT_ONCE))
        assert sorted(map(str, ended)) == ["done"] + ["till.code_taken"] * (AT_ONCE - 1)

    assert len(await office.rows(till_table)) == ROUNDS


async def test_of_several_enrolment_codes_made_at_once_the_last_one_stands(office: Office) -> None:
    till = await office.add_till()

    for _ in range(ROUNDS):
        assert await together(office.tills.issue_code(till) for _ in range(AT_ONCE)) == ["done"] * AT_ONCE

    assert len(await office.rows(enrolment_code)) == 1


async def test_a_name_is_one_users_however_many_let_it_in(office: Office) -> None:
    values: dict[str, object] = {
        "company": None, "name": "bea", "display_name": "Bea", "password_hash": "-",
        "language": "en", "active": True, "created_at": office.clock(),
    }  # fmt: skip

    ended = await asyncio.gather(
        *(office.database.write(partial(insert_user, values={"id": new_id(), **values})) for _ in range(AT_ONCE)),
        return_exceptions=True,
    )

    assert not [one for one in ended if isinstance(one, DBAPIError)]
    assert sorted(map(bool, ended)) == [False] * (AT_ONCE - 1) + [True]
