from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from central.db.engine import open_database
from central.db.migrate import migrate
from tests.central.head_office import HeadOffice, Visitor, open_head_office
from tests.central.office import open_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HeadOffice]:
    """A running head office on SQLite."""
    database = open_database(f"sqlite:///{tmp_path / 'central.db'}")
    await migrate(database)
    head_office, runner = await open_head_office(await open_office(database, tmp_path), tmp_path)
    yield head_office
    await runner.cleanup()
    await database.close()


@pytest.fixture
async def stranger(site: HeadOffice) -> AsyncIterator[Visitor]:
    """A browser that nobody has signed in."""
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(session)


@pytest.fixture
async def anna(stranger: Visitor) -> Visitor:
    """The administrator's browser."""
    await stranger.sign_in()
    return stranger
