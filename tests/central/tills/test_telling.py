"""Whoever looks after the tills is told by mail that one waits for them: once a till and day, whatever happens."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.app import build
from central.config import read_config
from central.db.readers import Reader, enter, pass_on
from central.outbox.tables import outbox_message
from central.tills.alarms import mark_seen
from central.tills.review import Decision
from central.tills.telling import NEWS, tell_by_mail
from commerce.kinds import Kind
from tests.central.office import Clock
from tests.central.tills.test_alarms import GUESSED, MANAGER, alarmed

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Row

    from tests.central.office import Office
    from tests.fakes.till import FakeTill

READER = Reader("telling", partial(tell_by_mail, addresses=("anna@example.com", "ugo@example.com")), NEWS)


@pytest.fixture
async def told(office: Office) -> Office:
    """A head office with the reader at its place."""
    await office.database.write(partial(enter, reader=READER))
    return office


async def mails(office: Office) -> list[Row[Any]]:
    """Pass on what happened, and return all that was put down so far."""
    await pass_on(office.database, READER)
    query = select(outbox_message).order_by(outbox_message.c.put_at, outbox_message.c.address)
    return await office.database.read(lambda conn: list(conn.execute(query)))


async def alarm_again(office: Office, till: FakeTill) -> None:
    till.write(Kind.ALARM_RAISED, GUESSED)
    await office.accept(till)
    await office.projector.catch_up()


async def test_an_alarm_is_mailed_to_each_in_the_language_of_the_shop(told: Office) -> None:
    await alarmed(told)

    sent = await mails(told)

    assert [one.address for one in sent] == ["anna@example.com", "ugo@example.com"]
    assert {(one.company, one.subject, one.state) for one in sent} == {
        (told.company, "La cassa T1 aspetta qualcuno", "waiting")
    }
    assert "Via Roma (Prova s.r.l.)" in sent[0].content["text"]


async def test_more_of_the_same_day_is_told_once_and_the_next_day_again(told: Office) -> None:
    till, _ = await alarmed(told)
    first = await mails(told)
    await alarm_again(told, till)
    same_day = await mails(told)
    told.clock.at += timedelta(days=1)
    await alarm_again(told, till)

    assert (len(first), len(same_day), len(await mails(told))) == (2, 2, 4)


async def test_an_alarm_that_somebody_saw_meanwhile_is_not_told(told: Office) -> None:
    _, key = await alarmed(told)
    decision = Decision(MANAGER, told.clock(), "seen")
    await told.database.write(partial(mark_seen, key=key, decision=decision))

    assert await mails(told) == []


async def test_entries_that_were_set_aside_are_told(told: Office) -> None:
    till = await told.new_till()
    till.write(Kind.ALARM_RAISED, {"odd": 1})
    await told.accept(till)
    await told.projector.catch_up()

    assert len(await mails(told)) == 2


async def test_a_server_reads_on_without_anybody_to_tell(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('data_dir = "data"\n', encoding="utf-8")
    central = build(read_config(tmp_path / "central.toml"), Clock())
    await central.database.close()

    assert sorted(reader.name for reader in central.readers) == ["outbox.people", "tills.telling"]
