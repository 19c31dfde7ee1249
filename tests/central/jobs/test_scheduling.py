"""Jobs that come by themselves: once each time, however many processes look, and whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select, update

from central.db.clock import database_now
from central.db.engine import Database, open_database
from central.jobs.scheduling import Daily, Every, Schedule, ask_for_due
from central.jobs.tables import job, job_schedule
from central.jobs.values import JobKind

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHTLY = Schedule("nightly", JobKind(name="k", title="K"), Every(timedelta(days=1)), {"what": "all"})


def back(days: int) -> Callable[[Connection], object]:
    """Let so many days have gone by since the next time."""

    def job_of(connection: Connection) -> object:
        due = database_now(connection) - timedelta(days=days)
        return connection.execute(update(job_schedule).values(next_at=due)).rowcount

    return job_of


async def look(database: Database) -> list[str]:
    return await database.write(partial(ask_for_due, schedules=[NIGHTLY]))


async def test_what_is_due_is_asked_for_once_and_what_was_missed_is_made_up_for_once(database: Database) -> None:
    assert await look(database) == []  # new: its first time comes
    await database.write(back(3))
    assert len(await look(database)) == 1
    assert await look(database) == []

    rows = await database.read(lambda conn: conn.execute(select(job)).all())
    assert [(row.kind, row.input, row.company) for row in rows] == [("k", {"what": "all"}, "")]


async def test_two_processes_ask_once(database: Database, central_url: str) -> None:
    await look(database)
    await database.write(back(1))
    other = open_database(central_url)

    assert len(await look(database) + await look(other)) == 1
    await other.close()


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        ("2026-03-28T12:00", "2026-03-29T01:30"),  # the clocks go on from 02:00 to 03:00: it is 03:30 there
        ("2026-03-29T01:30", "2026-03-30T00:30"),
        ("2026-10-24T12:00", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        ("2026-10-25T00:30", "2026-10-26T01:30"),
        ("2026-11-24T01:29", "2026-11-24T01:30"),
    ],
)
def test_a_time_of_day_is_the_zones_own(moment: str, following: str) -> None:
    found = Daily(time(2, 30), "Europe/Rome").after(datetime.fromisoformat(moment).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(following).replace(tzinfo=UTC)
