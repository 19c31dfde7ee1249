"""A central with all declared kinds, those of tests too, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from central.kit.kinds import Kind
from tests.central.kit.declared import TABLES
from tests.central.kit.samples import ALL

if TYPE_CHECKING:
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
