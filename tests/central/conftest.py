"""The central database on both engines: every test that takes ``central_database`` runs on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.db.engine import Database, open_database
from central.db.migrate import migrate
from central.identity.passwords import choose_cost
from tests.central.office import Office, open_office


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Every test here signs somebody in; a tenth of a second for each password would be a minute of the suite."""
    choose_cost(1, 64, 1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def central_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'central.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def central_database(central_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = open_database(central_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def office(central_database: Database, tmp_path: Path) -> Office:
    """Central's services with one company and shop, and a clock that stands still."""
    return await open_office(central_database, tmp_path)
