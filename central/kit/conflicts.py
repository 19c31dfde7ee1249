"""Two people changed one record: who saved meanwhile, and both values side by side for whoever was second."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.identity import audit
from central.kit.kinds import Kind
from central.kit.proposals import Record
from central.kit.shape import RowsShape, Shape
from central.kit.showing import Showing
from central.kit.titles import titles_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what stands now, and what was typed."""

    field: str
    standing: str
    typed: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """``version`` is what stands now: saving over it is possible with that one only, so not blindly a second time."""

    version: int
    who: str
    at: datetime | None
    differences: tuple[Difference, ...]


def conflict_of(conn: Connection, kind: Kind, company: str, standing: Record, typed: object, language: str) -> Conflict:
    """Return what to show of a record that somebody else saved meanwhile."""
    showing = Showing(language, titles_of(conn, kind, company, [standing.card, typed]))
    last = next(iter(audit.acts_on(conn, company, kind.name, standing.id, 1)), None)
    found = tuple(_differences(kind, standing.card, typed, showing))
    return Conflict(standing.version, last.who if last else "", last.at if last else None, found)


def settled(kind: Kind, standing: Any, typed: Any, sent: Mapping[str, str]) -> Any:  # noqa: ANN401 - of the kind
    """Return what was typed, but as it stands whatever somebody chose so beside it."""
    kept = [name for name in kind.shapes if sent.get(f"take.{name}") == "standing"]
    return replace(typed, **{name: getattr(standing, name) for name in kept})


def _differences(kind: Kind, standing: object, typed: object, showing: Showing) -> Iterator[Difference]:
    for name, shape in kind.shapes.items():
        now, mine = getattr(standing, name), getattr(typed, name)
        if now != mine:
            yield Difference(name, shown(shape, now, showing), shown(shape, mine, showing))


def shown(shape: Shape, value: object, showing: Showing) -> str:
    """Return a field's value as people read it; rows one below the other."""
    if not isinstance(shape, RowsShape):
        return shape.shown(value, showing)
    rows = value if isinstance(value, tuple) else ()
    return "\n".join(
        " ".join(filter(None, (one.shown(getattr(row, name), showing) for name, one in shape.shapes.items())))
        for row in rows
    )
