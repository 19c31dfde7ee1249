"""The outbox's own housekeeping: what was sent long ago is forgotten, every night."""

from datetime import time, timedelta

from sqlalchemy import Connection, delete, select

from central.db.clock import database_now
from central.jobs.scheduling import Daily, Schedule
from central.jobs.values import JobKind
from central.jobs.work import Work
from central.outbox.tables import outbox_message
from commerce.texts import N_

KEPT = timedelta(days=365)
_AT_ONCE = 500
TRIM_OUTBOX = JobKind(name="outbox.trim", title=N_("Forgetting old e-mails"), listed=False)
NIGHTLY_OUTBOX = Schedule("outbox.trim", TRIM_OUTBOX, Daily(time(2, 45)))


async def trim_outbox(work: Work) -> None:
    """Forget what was put down a year ago, a short transaction at a time."""
    while await work.step(trim_messages):
        pass


def trim_messages(connection: Connection) -> int:
    """Forget the oldest messages that are not kept any more, some at a time; return how many there were."""
    place, before = outbox_message.c, database_now(connection) - KEPT
    oldest = select(place.id).where(place.put_at < before).order_by(place.put_at, place.id).limit(_AT_ONCE)
    return connection.execute(delete(outbox_message).where(place.id.in_(oldest.scalar_subquery()))).rowcount
