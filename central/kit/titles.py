"""What the records are called that cards name: one question for each kind, however many cards there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from central.kit import records
from central.kit.kinds import Kind
from central.kit.shape import RowsShape
from central.kit.shapes import ReferenceShape
from central.kit.showing import Titles


def references_of(kind: Kind, card: object) -> Iterator[tuple[str, Kind, str]]:
    """Yield which records a card names: path of the field, kind, id."""
    for name, shape in kind.shapes.items():
        value = getattr(card, name)
        if isinstance(shape, ReferenceShape) and value:
            yield name, shape.to, value
        if isinstance(shape, RowsShape):
            yield from _references_of_rows(name, shape, value)


def titles_of(
    conn: Connection, kind: Kind, company: str, cards: Iterable[object], more: Iterable[tuple[str, str]] = ()
) -> Titles:
    """Return what all records are called that cards name, and ``more`` (kind's name, id)."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, one in (*more, *((to.name, one) for card in cards for _, to, one in references_of(kind, card))):
        wanted[name].add(one)
    kinds = {one.name: one for one in kind.references.values()}
    return {
        (name, one): title
        for name, ids in wanted.items()
        for one, title in records.titles(conn, kinds[name], company, ids).items()
    }


def _references_of_rows(name: str, shape: RowsShape, rows: Sequence[Any]) -> Iterator[tuple[str, Kind, str]]:
    inner = {one: to for one, to in shape.shapes.items() if isinstance(to, ReferenceShape)}
    for number, row in enumerate(rows):
        for field, one in inner.items():
            if getattr(row, field):
                yield f"{name}.{number}.{field}", one.to, getattr(row, field)
