"""A central with all declared kinds, those of tests too, on both engines."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from collections.abc import AsyncIterator, Iterator

    from tests.central.conftest import Templates
    from tests.central.office import Office
    from tests.postgres import PostgresServer


FEW = frozenset({"reason", "customer", "shelf", "book"})  # a flat kind, one with rows and rules, and the tests' own
OF_ENGINES = frozenset({"test_records.py", "test_paging.py", "test_search.py"})  # what SQL does differs by engine
OF_FEW = frozenset(
    {"test_importing.py", "test_import_pages.py", "test_exporting.py", "test_lists.py", "test_api_contract.py"}
)
OF_EACH = ("test_what_went_out_changes_nothing_when_it_comes_in", "test_what_a_form_saves_the_api_says")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to ``make soak`` what a few kinds stand for: pages of every kind on PostgreSQL, what the kit alone does."""
    for item in items:
        if item.path.parent == Path(__file__).parent and _is_long(item):
            item.add_marker(pytest.mark.soak)


def _is_long(item: pytest.Item) -> bool:
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    kind = params.get("kind")
    if kind is None or kind.name in FEW:
        return False
    if item.path.name in OF_FEW and not item.name.startswith(OF_EACH):
        return True
    return params.get("central_url") == "postgresql" and item.path.name not in OF_ENGINES


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def central_url(request: pytest.FixtureRequest, tmp_path: Path, templates: Templates) -> Iterator[str]:
    """The address of a migrated database; PostgreSQL's sorts as Italian does, which no list of ours may notice."""
    if request.param == "sqlite":
        yield templates.sqlite(tmp_path / "central.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = templates.postgres(server, "it-IT")
    yield server.url(name)
    server.drop_database(name)


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
