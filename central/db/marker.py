"""Notices a database that was put back to an older state, by a small file beside it that was not.

The file says how far the feed had come. A database that is behind it, or of another epoch, gets a new epoch: every
till takes a snapshot then, because it may hold rows that this database never wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
from sqlalchemy import Connection, text

from central.db.engine import Database
from central.db.feed import START, Place, change_epoch, current_epoch, is_at_home
from central.db.signals import FEED
from commerce.errors import StorageError


@dataclass(frozen=True, slots=True)
class _Mark:
    epoch: str
    place: Place


@dataclass(frozen=True, slots=True)
class EpochMarker:
    """The file and the database it stands beside."""

    database: Database
    path: Path

    async def check(self) -> bool:
        """Give the feed a new epoch when the database is older than the file says; True when it did.

        StorageError ``storage.restored`` for a dump that was restored into another place: a person says when it counts.
        """
        if not await self.database.read(is_at_home):
            raise StorageError("storage.restored")
        known, found = self._read(), await self.database.read(_mark)
        if known is None or (known.epoch == found.epoch and found.place >= known.place):
            await self.keep()
            return False
        await self.renew()
        return True

    async def renew(self, note: Callable[[Connection, str], object] = lambda conn, epoch: None) -> str:
        """Give the feed a new epoch and keep it in the file; ``note`` is a job of the same transaction."""

        def job(conn: Connection) -> str:
            epoch = change_epoch(conn)
            note(conn, epoch)
            return epoch

        epoch = await self.database.write(job)
        await self.keep()
        return epoch

    async def keep(self) -> None:
        """Note how far the feed has come."""
        mark = await self.database.read(_mark)
        if mark != self._read():
            self._write(mark)

    async def follow(self, poll_s: float = 30.0) -> None:
        """Keep the note up to date, for ever."""
        with self.database.signals.subscribe(FEED) as news:
            while True:
                await self.keep()
                await news.wait(poll_s)

    def _read(self) -> _Mark | None:
        try:
            noted = orjson.loads(self.path.read_bytes())
            return _Mark(noted["epoch"], Place(noted["xid"], noted["position"]))
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
            return None

    def _write(self, mark: _Mark) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{uuid4().hex[:8]}")
        noted = {"epoch": mark.epoch, "xid": mark.place.xid, "position": mark.place.position}
        draft.write_bytes(orjson.dumps(noted))
        draft.replace(self.path)


def _mark(connection: Connection) -> _Mark:
    xid = "xid::text" if connection.dialect.name == "postgresql" else "xid"
    query = f"SELECT {xid}, position FROM feed ORDER BY feed.xid DESC, position DESC LIMIT 1"  # noqa: S608 - our words
    row = connection.execute(text(query)).first()
    place = START if row is None else Place(int(row[0]), int(row[1]))
    return _Mark(current_epoch(connection), place)
