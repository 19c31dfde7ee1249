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
    texts = tuple((name, query[name].strip()) for name in kind.narrowing if query.get(name, "").strip())
    filters = tuple((name, kind.shapes[name].narrow(text)) for name, text in texts)
    view = View(sort, order.startswith("-"), filters, query.get("q", "").strip()[:_MOST_WORDS])
    return Address(view, texts, _place(kind, sort, query.get("after", "")))


def path_of(base: str, query: Mapping[str, str]) -> str:
    """Return a path with a query, where there is one."""
    return f"{base}?{urlencode(query)}" if query else base


def _place(kind: Kind, sort: str, text: str) -> Place | None:
    if not text:
        return None
    key, record = decode_cursor(text, 2)
    if isinstance(key, str) != isinstance(kind.shapes[sort].key(kind.shapes[sort].empty), str):
        raise BadInputError("page.cursor")
    if not isinstance(record, str):
        raise BadInputError("page.cursor")
    return key, record
