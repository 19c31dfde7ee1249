from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.central.effects import make_table
from tests.central.head_office import HeadOffice, Visitor, open_head_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from central.db.engine import Database
    from tests.central.office import Office


@pytest.fixture
async def database(central_database: Database) -> Database:
    """A database with a place for effects, on either engine."""
    await central_database.write(make_table)
    return central_database


@pytest.fixture
async def site(office: Office, tmp_path: Path) -> AsyncIterator[HeadOffice]:
    """A running head office on either engine."""
    head_office, runner = await open_head_office(office, tmp_path)
    yield head_office
    await runner.cleanup()


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
