"""A central with all declared kinds, those of tests too, on both engines."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from central.identity.manifest import IDENTITY
from central.identity.people import Role
from central.identity.service import NewUser, add_user
from central.jobs.manifest import WORK
from central.kit.files.manifest import files_of
from central.kit.kinds import Kind
from central.kit.routes import add_kinds
from central.web import shell
from central.web.keys import CLOCK, DATABASE
from central.web.manifest import declare
from central.web.settings import WebSettings
from commerce.door import Door
from commerce.entrance import Entrance
from tests.central.head_office import PASSWORD, Visitor
from tests.central.kit.declared import TABLES
from tests.central.kit.samples import ALL
from tests.central.kit.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.central.office import Office


@pytest.fixture
async def shelf_office(office: Office) -> Office:
    """Central with the tables of the tests' own kinds."""
    await office.database.write(TABLES.create_all)
    return office


@pytest.fixture(params=ALL, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each declared kind in turn."""
    assert isinstance(request.param, Kind)
    return request.param


@pytest.fixture
async def site(shelf_office: Office, tmp_path: Path) -> AsyncIterator[Site]:
    """A running head office that serves every declared kind."""
    app = web.Application()
    app[DATABASE], app[CLOCK] = shelf_office.database, shelf_office.clock.__call__
    shell.install(app, WebSettings())
    declare(app, (IDENTITY, WORK, files_of(ALL)))
    add_kinds(app, ALL)
    runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
    await runner.setup()
    await Entrance(runner, socket.create_server(("127.0.0.1", 0)), None, Door(100)).start()
    new = NewUser("anna", PASSWORD, Role.ADMIN, "en", "Anna")
    await add_user(shelf_office.database, new, shelf_office.clock())
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}", cookie_jar=jar) as session:
        anna = Visitor(session)
        await anna.sign_in()
        yield Site(shelf_office, anna)
    await runner.cleanup()
