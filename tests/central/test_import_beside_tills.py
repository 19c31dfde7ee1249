"""A large import holds up no till: every push is acknowledged in its order, and the till then pulls every item."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.central.head_office import seed
from tests.central.import_beside import Seller, pulled_items, run_import, server, snapshot_items, write_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from tests.central.office import Office

ITEMS = 50_000
MILLION = 1_000_000
# A push waits for the transaction that is being written and, on SQLite, for the moment at which it looks again (at most
# every 0.1 s): a few transactions of at most 2,000 rows, however many the import has.
MOST_ROWS_MEANWHILE = 20_000
LARGEST_WRITE = 2_000
MOST_MEMORY_MB = 400


@pytest.fixture
def config(tmp_path: Path, central_url: str) -> Path:
    path = tmp_path / "central.toml"
    general = f'data_dir = "{tmp_path}"\nlog_level = "warning"\n[listen]\nport = 0\n'
    path.write_text(f'{general}[database]\nurl = "{central_url}"\n', encoding="utf-8")
    return path


async def test_an_import_of_fifty_thousand_items_holds_up_no_till(office: Office, config: Path, tmp_path: Path) -> None:
    await import_beside(office, config, tmp_path, ITEMS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_an_import_of_a_million_items_holds_up_no_till(office: Office, config: Path, tmp_path: Path) -> None:
    await import_beside(office, config, tmp_path, MILLION)


async def import_beside(office: Office, config: Path, folder: Path, count: int) -> None:
    await seed(office)
    till = await office.new_till()
    file, done = folder / "items.csv", asyncio.Event()
    write_catalogue(file, count)
    async with server(config) as address, aiohttp.ClientSession(address) as session:
        seller = Seller(till, session, office)
        imported, _ = await asyncio.gather(run_import(config, file, done), seller.sell_until(done))
        everything = await pulled_items(session, till)
        held = await snapshot_items(address, till, folder)

    print(f"{count / imported.seconds:.0f} rows/s, peak {imported.peak_mb} MB, {seller.said()}")
    assert imported.status == 0, imported.err
    assert f"{count} added" in imported.out
    assert "Publishing" in imported.err
    assert seller.acknowledged == list(range(2, len(till.entries) + 1))
    assert len(seller.acknowledged) > count // 5000
    assert max(seller.passed) <= MOST_ROWS_MEANWHILE
    largest = re.search(r"transactions? of at most (\d+) rows", imported.out)
    assert largest
    assert 0 < int(largest[1]) <= LARGEST_WRITE
    assert imported.peak_mb <= MOST_MEMORY_MB
    assert (len(everything), held) == (count + 3, count + 3)  # three of the shop's own
