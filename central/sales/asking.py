"""What the address of the list of sales asks for: which sales, in which order, from where on."""

from collections.abc import Mapping
from datetime import date

from central.sales.queries import SORTS, SaleFilter, SalePage, check_place
from central.web.paging import decode_cursor
from commerce.errors import BadInputError


def read_filter(query: Mapping[str, str]) -> SaleFilter:
    """Return which sales; BadInputError ``date.unreadable``."""
    return SaleFilter(
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        shop=query.get("shop") or None,
        till=query.get("till") or None,
        operator=query.get("operator") or None,
        number=query.get("number", "").strip()[:100],
    )


def read_page(query: Mapping[str, str], limit: int) -> SalePage:
    """Return in which order, and from where on; BadInputError ``page.sort`` or ``page.cursor``."""
    sort = query.get("sort", "at")
    if sort not in SORTS:
        raise BadInputError("page.sort", sort=sort[:40])
    after = query.get("after")
    keys = check_place(sort, decode_cursor(after, len(SORTS[sort]) + 2)) if after else ()
    return SalePage(sort, query.get("order", "down") != "up", keys, limit)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError("date.unreadable", value=text[:40]) from error
