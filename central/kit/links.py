"""Whom a record names, and who names it: the records and lists that one can walk on to."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from central.identity.people import Actor
from central.kit import records
from central.kit.addresses import path_of
from central.kit.kinds import Kind, Kinds
from central.kit.proposals import Record
from central.kit.shape import RowsShape
from central.kit.titles import references_of, titles_of


@dataclass(frozen=True, slots=True)
class Link:
    """``label`` is the field by which it is named, and ``title`` the record; or the list of those that name it."""

    label: str
    title: str
    path: str


def links_of(conn: Connection, kind: Kind, kinds: Kinds, company: str, record: Record, actor: Actor) -> Iterator[Link]:
    """Yield a record's links, as far as somebody may see what they lead to."""
    titles = titles_of(conn, kind, company, [record.card])
    named = {(to.name, one): (path, to) for path, to, one in references_of(kind, record.card) if actor.may(to.see)}
    for (name, one), (path, to) in named.items():
        yield Link(_label(kind, path), titles.get((name, one), "–"), f"/{to.path}/{one}")
    for other, path in kinds.naming(kind):
        seen = path in other.narrowing and actor.may(other.see)
        if seen and records.naming(conn, other, path, company, record.id):
            yield Link("", other.words.many, path_of(f"/{other.path}", {path: record.id}))


def _label(kind: Kind, path: str) -> str:
    """Return what the field of a path is called: ``brand`` or ``addresses.0.zone``."""
    first, *rest = path.split(".")
    shape = kind.shapes[first]
    return shape.shapes[rest[-1]].label if isinstance(shape, RowsShape) else shape.label
