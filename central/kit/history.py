"""What changed of a record, as the record of changes keeps it and as people read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.identity import audit
from central.kit.kinds import Kind
from central.kit.shape import RowsShape, Shape
from central.kit.shapes import ReferenceShape
from central.kit.showing import Showing, Titles

_MOST = 50


def difference(kind: Kind, before: object | None, after: object | None, titles: Titles) -> audit.Change:
    """Return the fields that differ, in JSON; of rows only those that differ, references by their titles."""
    found: dict[str, tuple[object, object]] = {}
    for name, shape in kind.shapes.items():
        was, now = (_said(shape, getattr(card, name), titles) if card else None for card in (before, after))
        if isinstance(shape, RowsShape):
            was, now = _rows_that_differ(was or [], now or [])
        if was != now:
            found[name] = (was, now)
    return found


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of an act as people read it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """One act on a record as people read it."""

    at: datetime
    who: str
    text: str
    changes: tuple[Changed, ...]


def history(conn: Connection, kind: Kind, company: str, record: str, showing: Showing) -> list[Told]:
    """Return what was done to a record, newest first."""
    texts = {"added": kind.words.added, "changed": kind.words.changed, "deleted": kind.words.deleted}
    return [
        Told(act.at, act.who, showing.words.t(texts.get(act.action.rpartition(".")[2], kind.words.changed)),
             tuple(told(kind, act.change, showing)))
        for act in audit.acts_on(conn, company, kind.name, record, _MOST)
    ]  # fmt: skip


def told(kind: Kind, change: Mapping[str, Any], showing: Showing) -> Iterator[Changed]:
    """Yield the fields of an act with their labels and values in words."""
    for name, shape in kind.shapes.items():
        if name in change:
            was, now = (_read(shape, said, showing) for said in change[name])
            if was or now:
                yield Changed(showing.words.t(shape.label), was, now)


def _said(shape: Shape, value: Any, titles: Titles) -> Any:  # noqa: ANN401 - JSON of each shape's own values
    if isinstance(shape, RowsShape):
        return [_said_row(shape, row, titles) for row in value]
    if isinstance(shape, ReferenceShape):
        return None if value is None else titles.get((shape.to.name, value), "–")
    return shape.said(value)


def _said_row(shape: RowsShape, row: Any, titles: Titles) -> dict[str, Any]:  # noqa: ANN401
    inner = shape.shapes.items()
    return {"id": row.id, **{name: _said(one, getattr(row, name), titles) for name, one in inner}}


def _rows_that_differ(was: list[Any], now: list[Any]) -> tuple[Any, Any]:
    return [row for row in was if row not in now] or None, [row for row in now if row not in was] or None


def _read(shape: Shape, said: Any, showing: Showing) -> str:  # noqa: ANN401
    if said is None:
        return ""
    if isinstance(shape, RowsShape):
        inner = shape.shapes
        rows = ([_read(one, row.get(name), showing) for name, one in inner.items()] for row in said)
        return " / ".join(" ".join(filter(None, row)) for row in rows)
    return str(said) if isinstance(shape, ReferenceShape) else shape.shown(shape.heard(said), showing)
