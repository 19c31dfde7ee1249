"""Effects that can be counted, and a process that is killed in the middle: ``python -m tests.central.effects``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from central.db.engine import open_database
from central.db.readers import Reader, advance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from central.db.events import Event


def make_table(connection: Connection) -> None:
    """Give effects a place."""
    connection.execute(text("CREATE TABLE effect (name TEXT, key TEXT)"))


def note(connection: Connection, name: str, keys: Iterable[str]) -> None:
    """Leave a trace of each key."""
    for key in keys:
        connection.execute(text("INSERT INTO effect (name, key) VALUES (:name, :key)"), {"name": name, "key": key})


def keep(connection: Connection, events: Sequence[Event], name: str = "kept") -> None:
    """A reader's effect."""
    note(connection, name, [event.key for event in events])


def kept(connection: Connection, name: str = "kept") -> list[str]:
    """Return what stands, as often as it does."""
    found = connection.execute(text("SELECT key FROM effect WHERE name = :name ORDER BY key"), {"name": name})
    return list(found.scalars())


def kill() -> None:
    """Be gone, as in a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def read_and_die(connection: Connection, place: str) -> None:
    """Do what the reader does, and be killed after its effect or after its cursor, before the COMMIT."""

    def effect(held: Connection, events: Sequence[Event]) -> None:
        keep(held, events)
        if place == "effect":
            kill()

    advance(connection, Reader("kept", effect))
    kill()


if __name__ == "__main__":
    asyncio.run(open_database(sys.argv[1]).write(lambda conn: read_and_die(conn, sys.argv[2])))
