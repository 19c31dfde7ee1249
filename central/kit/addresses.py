"""The address is the view: filters, order, words and place of a list, read from a query and written back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from central.kit.kinds import Kind
from central.kit.records import Place, View
from central.web.paging import decode_cursor, encode_cursor
from commerce.errors import BadInputError

_MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Address:
    """A view with what people read of it; ``texts`` are its filters as the address has them."""

    view: View
    texts: tuple[tuple[str, str], ...] = ()
    after: Place | None = None
    columns: tuple[str, ...] = ()  # where they are not the kind's own

    def text_of(self, name: str) -> str:
        """Return a filter's text, "" where it is not narrowed."""
        return dict(self.texts).get(name, "")

    def query(self, kind: Kind) -> dict[str, str]:
        """Return the whole as a query, shortest: what is the same for everybody stays out."""
        view, found = self.view, dict(self.texts)
        if view.words:
            found["q"] = view.words
        if view.sort != kind.sorts[0] or view.down:
            found["sort"] = f"-{view.sort}" if view.down else view.sort
        if self.columns:
            found["cols"] = ",".join(self.columns)
        if self.after is not None:
            found["after"] = encode_cursor(*self.after)
        return found

    def without(self, name: str) -> "Address":
        """Return it without a filter, from its beginning."""
        view = replace(self.view, filters=tuple(one for one in self.view.filters if one[0] != name))
        return replace(self, view=view, texts=tuple(one for one in self.texts if one[0] != name), after=None)

    def sorted_by(self, name: str) -> "Address":
        """Return it in another order, from its beginning; the same order again turns it around."""
        down = name == self.view.sort and not self.view.down
        return replace(self, view=replace(self.view, sort=name, down=down), after=None)

    def going_on(self, after: Place) -> "Address":
        """Return its next page."""
        return replace(self, after=after)


def read_address(kind: Kind, query: Mapping[str, str]) -> Address:
    """Return what a query asks for; BadInputError ``list.sort``, ``list.filter`` or ``page.cursor``."""
    order = query.get("sort", "") or kind.sorts[0]
    sort = order.removeprefix("-")
    if sort not in kind.sorts:
        raise BadInputError("list.sort", value=sort[:40])
    texts = tuple((name, text) for name in kind.narrowing if (text := _text(query, name)))
    filters = tuple((name, kind.shapes[name].narrow(text)) for name, text in texts)
    view = View(sort, order.startswith("-"), filters, query.get("q", "").strip()[:_MOST_WORDS])
    return Address(view, texts, _place(kind, sort, query.get("after", "")), _columns(kind, query))


def choosable(kind: Kind) -> tuple[str, ...]:
    """Return every column that a list can show, the usual ones first."""
    return tuple(dict.fromkeys((*kind.columns, *kind.plain, *(one.name for one in kind.computed))))


def path_of(base: str, query: Mapping[str, str]) -> str:
    """Return a path with a query, where there is one."""
    return f"{base}?{urlencode(query)}" if query else base


def _text(query: Mapping[str, str], name: str) -> str:
    """Return a filter's text; a form sends both ends of one in inputs of their own."""
    low, high = (query.get(f"{name}.{end}", "").strip() for end in ("from", "to"))
    both = low if low == high else f"{low}..{high}"
    return query.get(name, "").strip() or both


def _columns(kind: Kind, query: Mapping[str, str]) -> tuple[str, ...]:
    """A saved address outlives a field: what is no column any more is passed over."""
    named = query.get("cols", "").split(",")
    chosen = tuple(name for name in choosable(kind) if name in named or query.get(f"col.{name}"))
    return () if chosen == kind.columns else chosen


def _place(kind: Kind, sort: str, text: str) -> Place | None:
    if not text:
        return None
    key, record = decode_cursor(text, 2)
    if isinstance(key, str) != isinstance(kind.shapes[sort].key(kind.shapes[sort].empty), str):
        raise BadInputError("page.cursor")
    if not isinstance(record, str):
        raise BadInputError("page.cursor")
    return key, record
