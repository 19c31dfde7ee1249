"""What central sends, taken over into the till's two files; what makes no sense changes nothing and ends nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from commerce.errors import CentralUnreachableError
from commerce.wire import Change
from terminal.sync.pull import CATALOG, OPERATING, Puller
from terminal.sync.registries import TillRegistries
from tests.terminal.shop import COFFEE, SHOP, TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OPERATOR = {
    "name": "Carla",
    "pin_salt": "00" * 16,
    "pin_verifier": "00" * 32,
    "pin_params": {"time_cost": 1, "memory_kib": 64, "parallelism": 1},
}
VAT = {"code": "9", "names": {"it": "IVA"}, "rates": [["2013-10-01", "9.00"]]}
SHOP_ROW = {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it", "en"]}
ITEM = {"sku": "A", "names": {"it": "Latte"}, "unit": "pc", "vat_code": "4", "price": "1.39000000", "codes": ["1"]}
RUBBISH: list[tuple[str, str, dict[str, Any]]] = [
    ("till_settings", SHOP, {}),
    ("till_settings", SHOP, {"version": 9, "series_formula": "{nothing}"}),
    ("till_settings", SHOP, {"version": 9, "cash_step": 0}),
    ("till_settings", SHOP, {"version": 9, "cash_step": "5"}),
    ("till_settings", SHOP, {"version": 9, "cash_step": 0.05}),
    ("till_settings", SHOP, {"version": 9, "embedded_rules": [{"prefix": "x"}]}),
    ("vat_code", "v", {"code": "9"}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "NaN"]]}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "-100.00"]]}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "22.125"]]}),
    ("vat_code", "v", VAT | {"rates": [["yesterday", "22.00"]]}),
    ("tender_type", "t", {"code": "x", "kind": "barter", "names": {}}),
    ("operator", "o", {"name": "Carla"}),
    ("operator", "o", OPERATOR | {"pin_salt": "00"}),
    ("operator", "o", OPERATOR | {"pin_params": {"time_cost": 0, "memory_kib": 64, "parallelism": 1}}),
    ("operator", "o", OPERATOR | {"pin_params": {"time_cost": 1, "memory_kib": 2**40, "parallelism": 1}}),
    ("shop", SHOP, SHOP_ROW | {"zone": "Europe/Atlantis"}),
    ("shop", SHOP, SHOP_ROW | {"languages": []}),
    ("shop", SHOP, SHOP_ROW | {"languages": "it"}),
    ("item", "i", {}),
    ("item", "i", ITEM | {"names": {}}),
    ("item", "i", ITEM | {"names": ["Latte"]}),
    ("item", "i", ITEM | {"names": {"it": 5}}),
    ("item", "i", ITEM | {"price": 1.39}),
    ("item", "i", ITEM | {"price": "cheap"}),
    ("item", "i", ITEM | {"codes": "8001"}),
    ("item", "i", ITEM | {"unit": None}),
    ("item", COFFEE, ITEM | {"vat_code": 4}),
]


@dataclass
class OneBadRow:
    """A central that sends the same bad row whenever it is asked."""

    feed: str
    row: Change
    asked: int = 0

    async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        self.asked += 1
        if feed == self.feed:
            yield [self.row.model_dump()]
        yield {"wire": 1, "cursor": "1.1.1", "more": False}

    async def download_snapshot(self, target: Path) -> None:
        raise CentralUnreachableError()


def registries_of(till: TestTill) -> TillRegistries:
    return TillRegistries(till.register, till.core.catalog, till.core.readers)


@pytest.mark.parametrize(("kind", "row_id", "row"), RUBBISH)
async def test_rubbish_from_central_ends_neither_the_pulling_nor_the_selling(
    tmp_path: Path, kind: str, row_id: str, row: dict[str, Any]
) -> None:
    async with running_till(tmp_path) as till:
        before, feed = till.state.operating, CATALOG if kind == "item" else OPERATING
        puller = Puller(registries_of(till), OneBadRow(feed, Change(kind=kind, id=row_id, version=9, row=row)))

        with pytest.raises(CentralUnreachableError):
            await puller.pull()

        assert till.state.operating == before
        await till.ready()
        assert (await till.sell(COFFEE)).values["document"]


async def test_pulling_goes_on_after_rubbish(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        bad = OneBadRow(OPERATING, Change(kind="vat_code", id="v", version=9, row={"code": "9"}))
        puller = Puller(registries_of(till), bad)
        pulling = asyncio.ensure_future(puller.run())
        async with asyncio.timeout(10):
            while "9" not in till.state.operating.vat_codes and not pulling.done():
                if bad.asked == 2:
                    bad.row = Change(kind="vat_code", id="v", version=10, row=VAT)
                puller.wake()
                await asyncio.sleep(0)

        assert not pulling.done()
        pulling.cancel()
        await asyncio.gather(pulling, return_exceptions=True)
