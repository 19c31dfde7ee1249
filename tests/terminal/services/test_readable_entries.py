"""Nothing goes on the ledger that its own reader does not take: no session could be closed over it, no till start."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.bodies.form import read
from commerce.bodies.line import LineBody
from commerce.bodies.reading import read_body
from commerce.errors import BadInputError
from commerce.ids import new_id
from commerce.wire import Change
from terminal.services.commands import AddItem, CloseSession
from terminal.services.routes import Routes
from tests.terminal.shop import ANNA, BREAD, COMPANY, LOOSE, SHOP, TestTill, operating_changes, running_till

if TYPE_CHECKING:
    from pathlib import Path

LONG = "x" * 2_000
CARDS: dict[str, dict[str, Any]] = {
    "shop": {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it"], "address": []},
    "company": {"id": COMPANY, "name": "Emporio", "tax_id": "0", "country": "IT", "currency": "EUR"},
}
UNREADABLE: list[tuple[str, dict[str, Any]]] = [
    ("shop", {"name": LONG}),
    ("shop", {"name": 5}),
    ("shop", {"languages": ["a language of thirty letters..."]}),
    ("shop", {"address": [LONG]}),
    ("shop", {"address": ["street"] * 100}),
    ("company", {"name": LONG}),
    ("company", {"tax_id": LONG}),
    ("company", {"country": "x" * 70}),
    ("company", {"currency": "euro"}),
    ("till_settings", {"layout": {"code": "c", "version": 1, "header": [LONG], "footer": []}}),
    ("till_settings", {"layout": {"code": "c", "version": 1, "header": ["a"] * 70, "footer": []}}),
    ("till_settings", {"layout": {"code": "c", "version": -1, "header": [], "footer": []}}),
    ("till_settings", {"pos_type": 3}),
    ("till_settings", {"warehouse": "x" * 70}),
    ("till_settings", {"drawer": "main\n"}),
    ("till_settings", {"version": -1}),
    ("till_settings", {"series_formula": "{number}" + "{number:99}" * 20}),
    ("vat_code", {"rates": [["2013-10-01", "1000.00"]]}),
    ("vat_code", {"natura": 3}),
    ("tender_type", {"names": {"it": LONG}}),
    ("tender_type", {"code": "x" * 70}),
    ("tender_type", {"reader": 5}),
    ("operator", {"name": LONG}),
]


def changed(kind: str, changes: dict[str, Any]) -> Change:
    """Return the first row of a kind with another content."""
    row = next((change for change in operating_changes() if change.kind == kind), None)
    if row is None:
        return Change(kind=kind, id=CARDS[kind]["id"], version=9, row=CARDS[kind] | changes)
    return Change(kind=kind, id=row.id, version=9, row=(row.row or {}) | changes)


async def assert_readable(till: TestTill) -> None:
    for kind, body in await till.core.readers.fetch_all("SELECT kind, body FROM entry"):
        read_body(kind, 1, body)


@pytest.mark.parametrize(("kind", "changes"), UNREADABLE)
async def test_a_row_that_no_entry_can_hold_is_set_aside_and_the_till_sells_closes_and_starts(
    tmp_path: Path, kind: str, changes: dict[str, Any]
) -> None:
    async with running_till(tmp_path) as till:
        await till.core.register.apply_operating([changed(kind, changes)])

        assert [row.kind for row in till.state.operating.rows_aside] == [kind]
        await till.ready()
        await till.sell()
        await assert_readable(till)
    async with running_till(tmp_path, fill=False) as till:
        assert till.state.done is not None
        assert till.state.operator is not None
        assert till.state.operator.id == ANNA
        await till.submit(CloseSession(new_id(), 10_000))


async def test_sums_of_a_vat_code_that_no_entry_can_hold_are_refused_where_sales_and_returns_cancel_out(
    tmp_path: Path,
) -> None:
    loose = Change(kind="item", id="other", version=1, row={"sku": "OTHER", "names": {"it": "Altro"}, "unit": "pc",
                   "vat_code": "4", "price": None, "codes": [], "rank": 0})  # fmt: skip
    price = Decimal(999_999_999)
    async with running_till(tmp_path) as till:
        await till.core.catalog.apply_items([loose], "1.1.2")
        await till.ready()
        await till.submit(AddItem(new_id(), LOOSE, Decimal(1), price))
        await till.submit(AddItem(new_id(), "other", Decimal(-1), price))

        with pytest.raises(BadInputError, match=r"amount\.too_large"):
            await till.submit(AddItem(new_id(), LOOSE, Decimal(1), price))
        await till.pay()

        await assert_readable(till)
        await till.submit(CloseSession(new_id(), 10_000))


async def test_a_sale_that_its_reader_would_not_take_is_not_signed_and_stays_open(tmp_path: Path) -> None:
    routes = Routes(printers={"receipt": "a name of a device that is longer than any entry holds" * 2})
    async with running_till(tmp_path, routes=routes) as till:
        await till.ready()
        await till.scan(BREAD)

        with pytest.raises(BadInputError, match=r"body\.out_of_bounds"):
            await till.pay()

        assert till.state.basket is not None
        assert till.state.basket.lines
        await assert_readable(till)


async def test_a_line_that_no_reader_takes_is_refused_when_it_is_scanned(tmp_path: Path) -> None:
    """The commit reads lines no more: what was read when it was made stands in the sale as those bytes."""
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.scan(BREAD)
        assert till.state.basket
        line = till.state.basket.lines[0]

    assert read(LineBody, orjson.dumps(line.ready_body)).id == line.id
    for broken in (replace(line, unit="x" * 65), replace(line, note="x" * 1001)):
        with pytest.raises(BadInputError, match=r"body\.out_of_bounds"):
            _ = broken.ready_body
    with pytest.raises(BadInputError, match=r"body\.out_of_bounds"):
        line.ready_movement("w" * 65)
