"""Jobs that come again by themselves: asked for once each time, whichever of several processes is first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from central.db.bulk import insert_new
from central.db.clock import database_now
from central.jobs.queue import ask_for
from central.jobs.tables import job_schedule
from central.jobs.values import Asked, JobKind
from commerce.dates import utc_text


@dataclass(frozen=True, slots=True)
class Daily:
    """At a time of each day in a zone; where the clocks skip it, as much later as they skip."""

    at: time
    zone: str = "UTC"

    def after(self, moment: datetime) -> datetime:
        """Return the first such time later than a moment."""
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        days = (day + timedelta(days=ahead) for ahead in range(3))
        return next(found for found in map(self._on, days) if found > moment)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """After so long, counted from when it was looked."""

    period: timedelta

    def after(self, moment: datetime) -> datetime:
        """Return the next time."""
        return moment + self.period


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is to be done when. Times that nobody was there for are made up for once, not one by one."""

    name: str
    kind: JobKind
    when: Daily | Every
    input: Mapping[str, Any] = field(default_factory=dict)


def ask_for_due(connection: Connection, schedules: Sequence[Schedule]) -> list[str]:
    """Ask for what is due by now; return the ids of these jobs."""
    now = database_now(connection)
    return [found for one in schedules if (found := _ask_for(connection, one, now))]


def _ask_for(connection: Connection, schedule: Schedule, now: datetime) -> str | None:
    following = {"name": schedule.name, "next_at": schedule.when.after(now)}
    if insert_new(connection, job_schedule, following):
        return None  # new: its first time comes
    row, name = job_schedule.c, schedule.name
    due = connection.execute(select(row.next_at).where(row.name == name, row.next_at <= now).with_for_update()).scalar()
    if due is None:
        return None
    connection.execute(update(job_schedule).where(row.name == name).values(next_at=following["next_at"]))
    asked = Asked(company=None, input=schedule.input, key=f"{name} {utc_text(due)}")
    return ask_for(connection, schedule.kind, asked)
