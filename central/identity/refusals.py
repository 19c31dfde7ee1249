"""Writes down what was refused: wrong passwords and codes, rights that somebody lacks. Never more than so much an hour.

Whoever tries doors all night fills no disk: after the first few of one source, and some of all, refusals are counted,
and the next hour's first one says how many were. Each process of central counts for itself.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from central.identity import audit
from central.identity.people import COMMAND_LINE, Actor
from commerce.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.db.engine import Database

MOST_AN_HOUR = 60
MOST_OF_ONE = 10
_log = structlog.get_logger()


@dataclass(slots=True)
class Refusals:
    """What was refused in this hour."""

    database: "Database"
    _hour: datetime | None = None
    _written: dict[str, int] = field(default_factory=dict)  # by source; never more than ``MOST_AN_HOUR``
    _left_out: int = 0

    async def note(self, actor: Actor, act: audit.Act, source: str, now: datetime) -> None:
        """Write a refusal down, or count it; a database that is away loses it, never the answer to whoever asks."""
        acts = [*self._turn_the_hour(now), *([(actor, act)] if self._takes(source) else [])]

        def job(conn: "Connection") -> None:
            for who, what in acts:
                audit.record(conn, who, now, what)

        if acts:
            try:
                await self.database.write(job)
            except StorageError as error:  # away, slow or full
                _log.warning("refusal_not_written", action=act.action, source=source, error=str(error))

    def _takes(self, source: str) -> bool:
        if sum(self._written.values()) < MOST_AN_HOUR and self._written.get(source, 0) < MOST_OF_ONE:
            self._written[source] = self._written.get(source, 0) + 1
            return True
        self._left_out += 1
        return False

    def _turn_the_hour(self, now: datetime) -> list[tuple[Actor, audit.Act]]:
        hour, left_out = now.replace(minute=0, second=0, microsecond=0), self._left_out
        if hour == self._hour:
            return []
        before, self._hour, self._left_out = self._hour, hour, 0
        self._written.clear()
        if before is None or not left_out:
            return []
        change = {"hour": (None, before.isoformat()), "count": (None, left_out)}
        return [(COMMAND_LINE, audit.Act("refusals.left_out", "audit", before.isoformat(), change))]
