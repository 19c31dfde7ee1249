"""Pages by key of lists that wait for somebody: what is open first, then what was decided, each newest first.

Every page is read along an index that begins with whose list it is and the state: no sort, and the thousandth page
costs what the first does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Row, Select, literal, tuple_

from central.db.metadata import Hash32, Utc
from commerce.dates import parse_utc, utc_text
from commerce.errors import BadInputError

Key = str | int
Place = tuple[Key, ...]  # where a page ended, as an address carries it


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which states come together, in which order, and by which columns of the index those of one state are sorted."""

    state: Column[Any]
    groups: tuple[tuple[str, ...], ...]
    keys: tuple[Column[Any], ...]

    def page(self, conn: Connection, query: Select[Any], after: Place | None, limit: int) -> list[Row[Any]]:
        """Return the rows after a place; ``query`` says whose, and selects the state and the keys by their names."""
        group, keys = (0, None) if after is None else (self._group(after[:1]), read_keys(self.keys, after[1:]))
        found: list[Row[Any]] = []
        for states in self.groups[group:]:
            streams = [self._stream(conn, query, state, keys, limit - len(found)) for state in states]
            found += islice(merge(*streams, key=self._sorted_by, reverse=True), limit - len(found))
            keys = None
            if len(found) >= limit:
                break
        return found

    def place(self, row: Row[Any]) -> Place:
        """Return where a page ends that ends with this row."""
        group = next(number for number, states in enumerate(self.groups) if row.state in states)
        return (group, *(_shown(getattr(row, key.name)) for key in self.keys))

    def _stream(
        self, conn: Connection, query: Select[Any], state: str, keys: Sequence[object] | None, limit: int
    ) -> list[Row[Any]]:
        query = query.where(self.state == state)
        if keys is not None:
            query = query.where(comes_after(self.keys, keys))
        return list(conn.execute(query.order_by(*(key.desc() for key in self.keys)).limit(limit)))

    def _sorted_by(self, row: Row[Any]) -> tuple[Any, ...]:
        return tuple(getattr(row, key.name) for key in self.keys)

    def _group(self, values: Sequence[Key]) -> int:
        known = [number for number in range(len(self.groups)) if list(values) == [number]]
        if not known:
            raise BadInputError("page.cursor")
        return known[0]


def comes_after(columns: Sequence[ColumnElement[Any]], keys: Sequence[object]) -> ColumnElement[bool]:
    """Return what keeps the rows after these keys where the columns are sorted downwards."""
    values = [literal(key, column.type) for column, key in zip(columns, keys, strict=True)]
    return tuple_(*columns) < tuple_(*values)


def read_keys(columns: Sequence[Column[Any]], values: Sequence[Key]) -> list[object]:
    """Return keys as the columns hold them; BadInputError ``page.cursor`` for what cannot be."""
    if len(columns) != len(values):
        raise BadInputError("page.cursor")
    return [_key(column, value) for column, value in zip(columns, values, strict=True)]


def _key(column: Column[Any], value: Key) -> object:
    if isinstance(column.type, BigInteger) == isinstance(value, str):
        raise BadInputError("page.cursor")
    try:
        if isinstance(column.type, Utc):
            return parse_utc(str(value))
        return bytes.fromhex(str(value)) if isinstance(column.type, Hash32) else value
    except ValueError as error:
        raise BadInputError("page.cursor") from error


def _shown(value: object) -> Key:
    if isinstance(value, datetime):
        return utc_text(value)
    return value.hex() if isinstance(value, bytes) else value  # type: ignore[return-value]
