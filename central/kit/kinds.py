"""The declaration of a kind of record, and what is derived from it: shapes, tables, indexes.

A declaration names things; it never decides. One that cannot work fails here, when its module is imported.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, text

from central.db.metadata import Key, Utc
from central.db.metadata import metadata as office_metadata
from central.identity.scope import Area, Permission, Right
from central.kit.shape import DeclarationError, IdShape, RowsShape, Shape, shapes_of
from central.kit.shapes import MOST_KEY, SELF, ReferenceShape, TextShape
from commerce.errors import Problem
from commerce.texts import Counted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.kit.files.doubts import Totals
    from central.kit.proposals import Edit, Proposal, Record

ALIVE = "gone = 0"  # of every index and every question: a parameter would not match a partial index


RESERVED = frozenset({"q", "sort", "after", "limit", "lang", "accept", "csrf", "version", "over", "back", "id", "saved",
                      "add", "company", "gone", "changed_at", "record", "position"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people call a kind: whole sentences, because languages do not compose alike."""

    one: str
    many: str
    new: str
    none: str
    count: Counted  # of ``count``
    added: str  # what somebody did, as the record of changes says it
    changed: str
    deleted: str


@dataclass(frozen=True, slots=True)
class Feed:
    """How tills get a kind: the name of its rows, and what a row holds."""

    kind: str
    row: Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done to many records at once: ``change`` returns the new card."""

    name: str
    label: str
    change: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Computed:
    """A column worked out for one page of records at once, neither sorted nor filtered by."""

    name: str
    label: str
    values: "Callable[[Connection, str, Sequence[Record]], Mapping[str, str]]"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form with its title."""

    title: str
    fields: tuple[str, ...]


def _passes(_conn: "Connection", _edit: "Edit", _proposals: "Sequence[Proposal]") -> None:
    """Refuse nothing beyond the fields' limits."""


def _trusts(_totals: "Totals") -> Iterable[Problem]:
    """Doubt nothing of a whole file."""
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of record. ``title`` is what a record is called; ``codes`` are found exactly or by how they begin;
    ``unique`` are fields that no two living records of a company share; ``probes`` are filters of so many values that
    each has an index of its own; ``check`` refuses, warns or puts better cards, over many proposals at once; ``doubts``
    says what is odd about a whole file before it is loaded.
    """

    name: str
    path: str
    area: Area
    card: type
    words: Words
    title: Callable[[Any], str]
    columns: tuple[str, ...]
    sorts: tuple[str, ...]
    filters: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    check: "Callable[[Connection, Edit, Sequence[Proposal]], None]" = _passes
    doubts: "Callable[[Totals], Iterable[Problem]]" = _trusts
    feed: Feed | None = None
    actions: tuple[Action, ...] = ()
    computed: tuple[Computed, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)  # of this kind's own, by page
    metadata: MetaData = office_metadata

    def __post_init__(self) -> None:
        _check(self)
        for shape in (*self.plain.values(), *(one for rows in self.children.values() for one in rows.shapes.values())):
            if isinstance(shape, ReferenceShape) and shape.to == SELF:
                object.__setattr__(shape, "to", self)
        object.__setattr__(self, "table", _main_table(self))
        object.__setattr__(self, "child_tables", {name: _child_table(self, name) for name in self.children})

    table: Table = field(init=False)
    child_tables: Mapping[str, Table] = field(init=False)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Return the shapes of its card, in order."""
        return shapes_of(self.card)

    @cached_property
    def plain(self) -> dict[str, Shape]:
        """Return those that are columns of its own table."""
        return {name: shape for name, shape in self.shapes.items() if not isinstance(shape, RowsShape)}

    @cached_property
    def children(self) -> dict[str, RowsShape]:
        """Return those that are rows of a table of their own."""
        return {name: shape for name, shape in self.shapes.items() if isinstance(shape, RowsShape)}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the fields that have a key column: what is sorted by, found by its beginning, or unique."""
        by_key = (name for name in (*self.filters, *self.probes) if self.shapes[name].filter_by_key)
        return tuple(dict.fromkeys((*self.sorts, *self.codes, *self.unique, *by_key)))

    @cached_property
    def narrowing(self) -> tuple[str, ...]:
        """Return every field that is filtered by."""
        return tuple(dict.fromkeys((*self.filters, *self.probes)))

    @cached_property
    def probed(self) -> tuple[str, ...]:
        """Return the fields that have an index of their own: whoever deletes a record asks who names it."""
        named = (name for name, shape in self.plain.items() if isinstance(shape, ReferenceShape))
        return tuple(dict.fromkeys((*self.probes, *named)))

    @cached_property
    def references(self) -> "dict[str, Kind]":
        """Return the kinds it names, by path of the field: ``brand``, ``addresses.zone``."""
        found = {name: shape.to for name, shape in self.plain.items() if isinstance(shape, ReferenceShape)}
        for child, shape in self.children.items():
            inner = shape.shapes.items()
            found |= {f"{child}.{name}": one.to for name, one in inner if isinstance(one, ReferenceShape)}
        return found

    @cached_property
    def layout(self) -> tuple[Section, ...]:
        """Return the sections of its form; without any declared, one of everything."""
        return self.sections or (Section("", tuple(self.shapes)),)

    @property
    def see(self) -> Permission:
        """Return what one needs to look at it."""
        return self.area.permission(Right.SEE)

    @property
    def edit(self) -> Permission:
        """Return what one needs to change it."""
        return self.area.permission(Right.EDIT)

    def filter_column(self, name: str) -> str:
        """Return the column that a filter looks at."""
        return key_of(name) if self.shapes[name].filter_by_key else name

    def index_of(self, sort: str) -> str:
        """Return the index that a sort goes by; it carries every filter."""
        return f"ix_{self.name}_by_{sort}"

    def probe_of(self, name: str) -> str:
        """Return the index of a filter that has one of its own."""
        return f"ix_{self.name}_of_{name}"


class Kinds(tuple[Kind, ...]):
    """All kinds of a server; they know who names whom."""

    __slots__ = ()

    def naming(self, target: Kind) -> list[tuple[Kind, str]]:
        """Return which fields of which kinds refer to one."""
        return [(kind, path) for kind in self for path, to in kind.references.items() if to is target]


def key_of(name: str) -> str:
    """Return the column of a field's key."""
    return f"key_{name}"


def _check(kind: Kind) -> None:
    if not (is_dataclass(kind.card) and kind.card.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise DeclarationError(f"{kind.name}: its card is no frozen dataclass")
    computed = {one.name for one in kind.computed}
    named = {
        "columns": [name for name in kind.columns if name not in computed],
        "sorts": kind.sorts, "filters": kind.filters, "probes": kind.probes, "found_by": kind.found_by,
        "codes": kind.codes, "unique": kind.unique,
        "sections": [name for section in kind.sections for name in section.fields],
    }  # fmt: skip
    for what, names in named.items():
        _refuse(kind, f"{what} without a field", [name for name in names if name not in kind.shapes])
    if kind.sections:
        _refuse(kind, "fields in no section", [name for name in kind.shapes if name not in named["sections"]])
    _check_keys(kind)
    for child, shape in kind.children.items():
        inner = {one.name: one.metadata.get("shape") for one in fields(shape.card)}
        if not isinstance(inner.get("id"), IdShape) or any(isinstance(one, RowsShape) for one in inner.values()):
            raise DeclarationError(f"{kind.name}: rows of {child} need an id and have no rows of their own")
        shapes_of(shape.card)


def _check_keys(kind: Kind) -> None:
    _refuse(kind, "names that addresses use for something else", RESERVED & {*kind.shapes})
    if not kind.sorts:
        raise DeclarationError(f"{kind.name}: it is sorted by nothing")
    _refuse(kind, "no key to sort by", [n for n in kind.keys if kind.shapes[n].key_type is None])
    _refuse(kind, "codes that are no text", [n for n in kind.codes if not isinstance(kind.shapes[n], TextShape)])
    _refuse(kind, "unique, but no text", [n for n in kind.unique if not isinstance(kind.shapes[n], TextShape)])
    unsorted = [name for name in kind.codes if name not in (*kind.sorts, *kind.unique)]
    _refuse(kind, "codes without an index: sort by them or make them unique", unsorted)
    long = [name for name in kind.unique if getattr(kind.shapes[name], "most", 0) > MOST_KEY]
    _refuse(kind, f"unique, but longer than {MOST_KEY}", long)
    rows = [name for name in (*kind.narrowing, *kind.columns) if name in kind.children]
    _refuse(kind, "rows are neither columns nor filters", rows)


def _refuse(kind: Kind, what: str, names: Iterable[str]) -> None:
    listed = list(names)
    if listed:
        raise DeclarationError(f"{kind.name}: {what}: {', '.join(listed)}")


def _main_table(kind: Kind) -> Table:
    alive: dict[str, Any] = {"sqlite_where": text(ALIVE), "postgresql_where": text(ALIVE)}
    columns = [Column(name, shape.column_type, nullable=shape.nullable) for name, shape in kind.plain.items()]
    keys = [Column(key_of(name), kind.shapes[name].key_type, nullable=False) for name in kind.keys]
    table = Table(
        kind.name,
        kind.metadata,
        Column("company", Key(), primary_key=True),
        Column("id", Key(), primary_key=True),
        *columns,
        *keys,
        Column("version", BigInteger, nullable=False),
        Column("gone", Integer, nullable=False),
        Column("changed_at", Utc, nullable=False),
    )
    carried = [kind.filter_column(name) for name in kind.narrowing]
    for sort in kind.sorts:
        behind = [name for name in dict.fromkeys(carried) if name != key_of(sort)]
        Index(kind.index_of(sort), *(table.c[name] for name in ("company", key_of(sort), "id", *behind)), **alive)
    for name in kind.probed:
        Index(kind.probe_of(name), *(table.c[one] for one in ("company", kind.filter_column(name), "id")), **alive)
    for name in kind.unique:
        filled = text(f"{ALIVE} AND {key_of(name)} <> ''")
        Index(f"uq_{kind.name}_{name}", table.c.company, table.c[key_of(name)], unique=True,
              sqlite_where=filled, postgresql_where=filled)  # fmt: skip
    return table


def _child_table(kind: Kind, name: str) -> Table:
    inner = kind.children[name].shapes
    made = Table(
        f"{kind.name}_{name}",
        kind.metadata,
        Column("company", Key(), primary_key=True),
        Column("record", Key(), primary_key=True),
        Column("id", Key(), primary_key=True),
        Column("position", Integer, nullable=False),
        *(Column(field_name, shape.column_type, nullable=shape.nullable) for field_name, shape in inner.items()),
    )
    for field_name, shape in inner.items():
        if isinstance(shape, ReferenceShape):
            Index(f"ix_{made.name}_of_{field_name}", made.c.company, made.c[field_name])
    return made
