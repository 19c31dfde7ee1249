"""The central database on both engines: every test that takes ``central_database`` runs on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from central.db.engine import Database, open_database
from central.db.feed_tables import feed_state
from central.db.home import home_of
from central.db.migrate import migrate
from central.identity.passwords import choose_cost
from tests.central.office import Office, open_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Every test here signs somebody in; a tenth of a second for each password would be a minute of the suite."""
    choose_cost(1, 64, 1)


class Templates:
    """Databases that are migrated once for a test worker and copied for each test: migrating takes half a second."""

    def __init__(self, folder: Path) -> None:
        """Make nothing yet."""
        self._folder = folder
        self._names: dict[tuple[str, str], str] = {}
        self._file: Path | None = None

    def sqlite(self, path: Path) -> str:
        """Make a migrated database at a path and return its address."""
        if self._file is None:
            self._file = self._folder / "central.db"
            _migrate(f"sqlite:///{self._file}")
        shutil.copyfile(self._file, path)
        return f"sqlite:///{path}"

    def postgres(self, server: PostgresServer, language: str = "") -> str:
        """Make a migrated database and return its name; it sorts as a language does where the server can."""
        key = (server.url(""), language)
        if key not in self._names:
            self._names[key] = server.create_database(language)
            _migrate(server.url(self._names[key]))
        name = server.copy_database(self._names[key])
        _move_in(server.url(name))
        return name


def _move_in(url: str) -> None:
    """Let a copy count as its own: a feed that was moved elsewhere stops central until a person says how it counts."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(feed_state.update().values(home=home_of(connection)))
    engine.dispose()


def _migrate(url: str) -> None:
    async def migrated() -> None:
        database = open_database(url)
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as beside:  # the loop of this thread is the tests'
        beside.submit(asyncio.run, migrated()).result()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """What migrated databases are copied from."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def central_url(request: pytest.FixtureRequest, tmp_path: Path, templates: Templates) -> Iterator[str]:
    """The address of a migrated database that holds nothing."""
    if request.param == "sqlite":
        yield templates.sqlite(tmp_path / "central.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = templates.postgres(server)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
async def central_database(central_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = open_database(central_url)
    yield database
    await database.close()


@pytest.fixture
async def office(central_database: Database, tmp_path: Path) -> Office:
    """Central's services with one company and shop, and a clock that stands still."""
    return await open_office(central_database, tmp_path)
