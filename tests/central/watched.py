"""A database that notices a change that nobody wrote down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection

    from central.db.engine import Database
    from central.db.signals import Signals

T = TypeVar("T")
_WRITE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
# What people decide. Facts that tills send, marks of time and counters are no decisions.
AUDITED = frozenset(
    {"app_user", "api_token", "company", "shop", "till", "item", "vat_code", "tender_type", "operator",
     "till_settings", "enrolment_code", "till_credential", "set_aside", "ledger_fork", "feed"}
)  # fmt: skip


class WatchedDatabase:
    """Passes every job on, and keeps the tables that a transaction changed without a row in the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url: URL = database.url
        self.signals: Signals = database.signals
        self.unwritten: list[set[str]] = []
        self.audited: set[str] = set()

    async def write(self, job: Callable[[Connection], T]) -> T:
        def watched(connection: Connection) -> T:
            tables: set[str] = set()

            def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
                found = _WRITE.match(statement)
                if found:
                    tables.add(found[1])

            event.listen(connection, "before_cursor_execute", note)
            try:
                result = job(connection)
            finally:
                event.remove(connection, "before_cursor_execute", note)
            changed = tables & AUDITED
            if changed and "audit" not in tables:
                self.unwritten.append(changed)
            self.audited |= changed if "audit" in tables else set()
            return result

        return await self._database.write(watched)

    async def read(self, job: Callable[[Connection], T]) -> T:
        return await self._database.read(job)

    async def receive(self, job: Callable[[Connection], T]) -> T:
        return await self._database.receive(job)

    async def report(self, job: Callable[[Connection], T]) -> T:
        return await self._database.report(job)

    def longest_job_s(self) -> float:
        return self._database.longest_job_s()

    async def close(self) -> None:
        await self._database.close()
