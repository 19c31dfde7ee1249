from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.central.effects import make_table

if TYPE_CHECKING:
    from central.db.engine import Database


@pytest.fixture
async def database(central_database: Database) -> Database:
    """A database with a place for effects, on either engine."""
    await central_database.write(make_table)
    return central_database
