"""Alarms of tills: each is shown once, until somebody has seen it, and a rebuild forgets no decision."""

from functools import partial

import pytest

from central.db.bulk import insert_rows
from central.identity.people import Actor, Role
from central.identity.tables import audit
from central.tills.alarms import MOST_COUNTED, list_alarms, mark_seen
from central.tills.fleet import list_fleet
from central.tills.rebuilding import rebuild
from central.tills.review import Decision, EntryKey
from central.tills.tables import set_aside, till_alarm
from central.tills.watching import till_state
from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.errors import ConflictError, ForbiddenError, NotFoundError
from commerce.ledger import Kind
from tests.central.office import Office, actor_with
from tests.fakes.till import FakeTill

MANAGER = actor_with(Role.MANAGER, "Paola")
READER = actor_with(Role.VIEWER, "Rita")
GUESSED = AlarmRaised(AlarmCode.PIN_GUESSED, "op-1", 3, "").as_body()


async def alarmed(office: Office) -> tuple[FakeTill, EntryKey]:
    """A till that has raised an alarm, and the alarm's place."""
    till = await office.new_till()
    entry = till.write(Kind.ALARM_RAISED, GUESSED)
    await office.accept(till)
    await office.projector.catch_up()
    return till, EntryKey(till.till, till.chain, entry.seq, entry.hash)


async def see(office: Office, key: EntryKey, actor: Actor = MANAGER) -> None:
    await office.database.write(partial(mark_seen, key=key, decision=Decision(actor, office.clock(), "asked Anna")))


async def reasons(office: Office) -> tuple[str, ...]:
    (till,) = await office.database.read(list_fleet)
    return till_state(till, office.clock()).reasons


async def test_an_alarm_is_shown_until_somebody_has_seen_it(office: Office) -> None:
    till, key = await alarmed(office)
    (shown,) = await office.database.read(partial(list_alarms, till=till.till))
    before = await reasons(office)

    await see(office, key)

    assert (shown.code, shown.subject, shown.times, shown.seen_at) == ("pin_guessed", "op-1", 3, None)
    assert ("alarm" in before, "alarm" in await reasons(office)) == (True, False)
    (seen,) = await office.database.read(partial(list_alarms, till=till.till))
    assert (seen.seen_by, seen.note) == ("Paola", "asked Anna")
    assert "alarm.seen" in [row.action for row in await office.rows(audit)]


async def test_an_alarm_is_seen_once_and_by_who_may(office: Office) -> None:
    _, key = await alarmed(office)

    with pytest.raises(ForbiddenError):
        await see(office, key, READER)
    await see(office, key)
    with pytest.raises(ConflictError, match=r"alarm\.seen"):
        await see(office, key)


@pytest.mark.parametrize("wrong", [{"till": "another"}, {"seq": 99}, {"hash": bytes(32)}])
async def test_an_alarm_that_is_not_there_is_not_seen(office: Office, wrong: dict[str, object]) -> None:
    _, key = await alarmed(office)
    place = {"till": key.till, "chain": key.chain, "seq": key.seq, "hash": key.hash, **wrong}

    with pytest.raises(NotFoundError):
        await see(office, EntryKey(**place))  # type: ignore[arg-type]


async def test_somebody_of_another_company_knows_no_alarm(office: Office) -> None:
    _, key = await alarmed(office)

    with pytest.raises(NotFoundError):
        await see(office, key, actor_with(Role.MANAGER, "Zoe", "another"))


async def test_a_rebuild_gives_the_same_alarms_and_forgets_no_decision(office: Office) -> None:
    till, key = await alarmed(office)
    till.write(Kind.ALARM_RAISED, AlarmRaised(AlarmCode.LEDGER_CHANGED, "x/3", 1, "ledger.body_changed").as_body())
    await office.accept(till)
    await office.projector.catch_up()
    await see(office, key)
    before = await office.database.read(partial(list_alarms, till=till.till))

    await rebuild(office.projector)

    after = await office.database.read(partial(list_alarms, till=till.till))
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
    assert [(row.code, row.seen_by) for row in after] == [("ledger_changed", None), ("pin_guessed", "Paola")]


async def test_an_alarm_that_cannot_be_read_is_set_aside_alone(office: Office) -> None:
    till = await office.new_till()
    till.write(Kind.ALARM_RAISED, {**GUESSED, "code": "no such code"})
    till.write(Kind.ALARM_RAISED, GUESSED)
    await office.accept(till)
    await office.projector.catch_up()

    assert [row.seq for row in await office.rows(set_aside, state="open")] == [2]
    assert len(await office.database.read(partial(list_alarms, till=till.till))) == 1


async def test_a_till_that_raises_alarms_without_end_is_counted_to_a_thousand(office: Office) -> None:
    noisy, quiet = await office.new_till("T1"), await office.new_till("T2")
    columns = [column.name for column in till_alarm.columns]
    for till, count in ((noisy, MOST_COUNTED + 5), (quiet, 2)):
        rows = [
            (till.till, till.chain, seq, seq.to_bytes(32), "pin_guessed", "op", 3, "", "2026-11-23T09:00:00.000000Z",
             "open", None, None, None)
            for seq in range(1, count + 1)
        ]  # fmt: skip
        await office.database.write(partial(insert_rows, table=till_alarm, columns=columns, rows=rows))

    found = [row.open_alarms for row in await office.tills.list_fleet()]

    assert found == [MOST_COUNTED, 2]
