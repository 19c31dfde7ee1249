"""Several projections that are one to the projector: each entry is offered to every one of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.tills.projector import Projection
from central.tills.values import RawEntry


class Projections:
    """What several areas make of the same entries, in one transaction (``central.tills.projector.Projection``)."""

    def __init__(self, *parts: Projection) -> None:
        self._parts = parts

    def build(self, entries: Sequence[RawEntry]) -> tuple[list[object], Mapping[int, str]]:
        """Return the rows of each part; an entry that one of them cannot use has a problem."""
        built = [part.build(entries) for part in self._parts]
        problems = {index: reason for _, found in reversed(built) for index, reason in found.items()}
        return [rows for rows, _ in built], problems

    def store(self, connection: Connection, rows: Sequence[object], at: datetime, announced: int) -> None:
        """Write what each part built."""
        for part, own in zip(self._parts, rows, strict=True):
            part.store(connection, own, at, announced)

    def clear(self, connection: Connection) -> None:
        """Drop everything that any of them wrote."""
        for part in self._parts:
            part.clear(connection)
