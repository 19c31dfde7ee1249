"""How the tills are: heartbeats are kept in memory and written together every few seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from central.db.bulk import execute_plain
from central.db.engine import Database
from central.db.events import emit
from central.db.metadata import json_text
from central.identity.narrowing import within
from central.identity.people import EVERYWHERE
from central.identity.scope import Scope
from central.organisation.directory import tills
from central.tills.alarms import count_some, open_alarms
from central.tills.tables import ledger_fork, set_aside, till_contact, till_credential
from central.tills.values import KnownTill
from commerce.bounds import has_many_parts
from commerce.dates import utc_text
from commerce.errors import StorageError
from commerce.wire import MOST_DEVICES, Heartbeat


@dataclass(slots=True)
class Fleet:
    """What tills last said of themselves."""

    database: Database
    now: Callable[[], datetime]
    _seen: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _beats: dict[str, tuple[datetime, Heartbeat]] = field(default_factory=dict)

    def seen(self, known: KnownTill) -> None:
        """Note that a till was heard of."""
        self._seen[known.till] = (known.company, self.now())

    def heard(self, known: KnownTill, message: str) -> None:
        """Note a heartbeat; one that cannot be read only counts as a sign of life."""
        self.seen(known)
        if has_many_parts(message.encode("utf-8", "replace"), MOST_DEVICES + 2):
            return
        try:
            beat = Heartbeat.model_validate_json(message)
        except ValidationError:
            return
        self._beats[known.till] = (self.now(), beat)

    async def flush(self) -> None:
        """Write down what came since the last time; what a database that is away did not take is kept for the next."""
        seen, self._seen = self._seen, {}
        beats, self._beats = self._beats, {}
        try:
            if seen:
                await self.database.write(partial(_write, seen=seen, beats=beats, at=self.now()))
        except StorageError:
            self._seen, self._beats = seen | self._seen, beats | self._beats
            raise


def _write(
    connection: Connection,
    seen: dict[str, tuple[str, datetime]],
    beats: dict[str, tuple[datetime, Heartbeat]],
    at: datetime,
) -> None:
    contacts = [(till_id, utc_text(when)) for till_id, (_, when) in seen.items()]
    statuses = [
        (till_id, utc_text(when), utc_text(when), beat.unsent, beat.oldest_unsent_at, beat.version,
         json_text([device.model_dump() for device in beat.devices]), beat.clock_offset_ms, beat.chain, beat.seq)
        for till_id, (when, beat) in beats.items()
    ]  # fmt: skip
    execute_plain(connection, _CONTACT, contacts)
    if statuses:
        execute_plain(connection, _STATUS, statuses)
    for company in sorted({company for company, _ in seen.values()}):
        emit(connection, company, "till.contact", [company], at)


def _upsert(columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    return (
        f"INSERT INTO till_contact ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
        f" ON CONFLICT (till) DO UPDATE SET {changes}"
    )


_STATUS_COLUMNS = (
    "till", "last_contact_at", "heartbeat_at", "unsent", "oldest_unsent_at", "version", "devices",
    "clock_offset_ms", "chain", "seq",
)  # fmt: skip
_CONTACT = _upsert(_STATUS_COLUMNS[:2])
_STATUS = _upsert(_STATUS_COLUMNS)


def list_fleet(connection: Connection, scopes: Sequence[Scope] = EVERYWHERE) -> list[Row[Any]]:
    """Return every till within scopes with its shop, contact, enrolment and how many entries wait for a person.

    Columns: id, company, shop, shop_name, code, name, mode, those of ``till_contact``, enrolled_at, app_version
    (both None when no token is valid), open_set_aside, open_forks, open_alarms, each counted to a thousand.
    """
    aside = _open_count(set_aside, tills.c.id).label("open_set_aside")
    forks = _open_count(ledger_fork, tills.c.id).label("open_forks")
    contact = [column for column in till_contact.c if column.name != "till"]
    credential = till_credential.c
    query = (
        select(tills.c.id, tills.c.company, tills.c.shop, tills.c.shop_name, tills.c.code, tills.c.name,
               tills.c.mode, *contact, credential.created_at.label("enrolled_at"), credential.app_version, aside, forks,
               open_alarms().label("open_alarms"))
        .outerjoin(till_contact, till_contact.c.till == tills.c.id)
        .outerjoin(till_credential, (credential.till == tills.c.id) & credential.revoked_at.is_(None))
        .order_by(tills.c.shop_name, tills.c.code)
    )  # fmt: skip
    return list(connection.execute(query.where(within(scopes, tills.c.company, tills.c.shop))))


def _open_count(table: Any, till_id: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's expressions
    return count_some(select(table.c.seq).where(table.c.till == till_id, table.c.state == "open"))
