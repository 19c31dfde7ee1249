"""A page of a list as people and programs see it: rows with their cells, headings that sort, filters that stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from central.kit import records
from central.kit.addresses import Address, choosable
from central.kit.kinds import Kind
from central.kit.proposals import Record
from central.kit.shape import Narrow, Shape
from central.kit.shapes import ChoiceShape, ReferenceShape, TickShape
from central.kit.showing import Showing
from central.kit.titles import titles_of
from commerce.texts import N_

_YES_NO = {"yes": N_("yes"), "no": N_("no")}


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: ``query`` sorts by it, None where that cannot be; ``order`` is as ARIA says it."""

    label: str
    align: str
    query: dict[str, str] | None = None
    order: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: the cells in the order of the headings."""

    id: str
    version: int
    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as a chip: its options (value, words) where there are few, what it stands at, as typed and in words;
    ``look_up`` is where titles are offered for what is being typed.
    """

    name: str
    label: str
    widget: str
    options: tuple[tuple[str, str], ...]
    value: str
    shown: str
    without: dict[str, str]
    look_up: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        """Return both ends of a range as typed."""
        low, dots, high = self.value.partition("..")
        return low, high if dots else low


@dataclass(frozen=True, slots=True)
class Choosable:
    """A column that a list can show, and whether it does."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page; ``more`` is the query of the next, None on the last."""

    address: Address
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    filters: tuple[Filter, ...]
    columns: tuple[Choosable, ...]
    more: dict[str, str] | None


def read_records(
    conn: Connection, kind: Kind, company: str, address: Address, size: int
) -> tuple[list[Record], Address | None]:
    """Return a page of records without their rows, and where the next one begins."""
    found = records.page(conn, kind, company, address.view, address.after, size + 1)
    shown = found[:size]
    more = address.going_on(records.place_of(kind, address.view, shown[-1])) if len(found) > size else None
    return shown, more


def read_list(conn: Connection, kind: Kind, company: str, address: Address, language: str, size: int = 50) -> Listing:
    """Return a page for people; a filter by a reference takes its code or title too."""
    address = settle(conn, kind, company, address)
    found, more = read_records(conn, kind, company, address, size)
    named = [(kind.references[name].name, text) for name, text in address.texts if name in kind.references]
    showing = Showing(language, titles_of(conn, kind, company, [one.card for one in found], named))
    computed = {one.name: one.values(conn, company, found) for one in kind.computed}
    columns = address.columns or kind.columns
    return Listing(
        address,
        tuple(_heading(kind, name, address, showing) for name in columns),
        tuple(_line(kind, one, columns, computed, showing) for one in found),
        tuple(_filter(kind, name, address, showing) for name in kind.narrowing),
        tuple(Choosable(name, _label(kind, name, showing), name in columns) for name in choosable(kind)),
        more.query(kind) if more else None,
    )


def with_rows(conn: Connection, kind: Kind, company: str, found: Sequence[Record]) -> list[Record]:
    """Return records of a page with the rows of their own tables."""
    if not kind.children:
        return list(found)
    whole = records.find(conn, kind, company, [one.id for one in found])
    return [whole[one.id] for one in found]


def settle(conn: Connection, kind: Kind, company: str, address: Address) -> Address:
    """Return the address with ids where its filters name records by their codes or titles."""
    for name, text in address.texts:
        to = kind.references.get(name)
        if to is None or records.living(conn, to, company, [text]):
            continue
        fitting = records.meant(conn, to, company, text)
        if len(fitting) == 1:
            address = _with(address, name, fitting[0])
    return address


def _with(address: Address, name: str, value: str) -> Address:
    texts = tuple((one, value if one == name else text) for one, text in address.texts)
    filters = tuple((one, Narrow(value, value) if one == name else narrow) for one, narrow in address.view.filters)
    return replace(address, view=replace(address.view, filters=filters), texts=texts)


def _label(kind: Kind, name: str, showing: Showing) -> str:
    computed = {one.name: one.label for one in kind.computed}
    return showing.words.t(computed[name] if name in computed else kind.shapes[name].label)


def _heading(kind: Kind, name: str, address: Address, showing: Showing) -> Heading:
    label, shape = _label(kind, name, showing), kind.shapes.get(name)
    if shape is None:
        return Heading(label, "")
    query = address.sorted_by(name).query(kind) if name in kind.sorts else None
    order = ("descending" if address.view.down else "ascending") if name == address.view.sort else ""
    return Heading(label, shape.align, query, order)


def _line(
    kind: Kind, record: Record, columns: Sequence[str], computed: Mapping[str, Mapping[str, str]], showing: Showing
) -> Line:
    cells = tuple(
        computed[name].get(record.id, "")
        if name in computed
        else kind.shapes[name].shown(getattr(record.card, name), showing)
        for name in columns
    )
    return Line(record.id, record.version, kind.title(record.card), cells)


def _filter(kind: Kind, name: str, address: Address, showing: Showing) -> Filter:
    shape, value = kind.shapes[name], address.text_of(name)
    narrow = dict(address.view.filters).get(name)
    shown = _in_words(shape, narrow, value, showing) if narrow else ""
    look_up = f"/{shape.to.path}/look-up" if isinstance(shape, ReferenceShape) else ""
    label, options = _label(kind, name, showing), _options(shape, showing)
    return Filter(name, label, shape.widget, options, value, shown, address.without(name).query(kind), look_up)


def _in_words(shape: Shape, narrow: Narrow, value: str, showing: Showing) -> str:
    """Return what a filter keeps, as a person would say it."""
    t = showing.words.t
    if shape.filter_by_key:
        return t("begins with “{text}”", text=value)
    if isinstance(shape, ReferenceShape):
        return showing.titles.get((shape.to.name, value), value)
    if isinstance(shape, TickShape | ChoiceShape):
        return dict(_options(shape, showing)).get(value, value)
    low, high = ("" if end is None else shape.shown(end, showing) for end in (narrow.low, narrow.high))
    if narrow.exact:
        return low
    if low and high:
        return t("{low} to {high}", low=low, high=high)
    return t("from {low}", low=low) if low else t("up to {high}", high=high)


def _options(shape: object, showing: Showing) -> tuple[tuple[str, str], ...]:
    given = _YES_NO if isinstance(shape, TickShape) else shape.options if isinstance(shape, ChoiceShape) else {}
    return tuple((value, showing.words.t(text)) for value, text in given.items())
