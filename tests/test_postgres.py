"""The PostgreSQL that tests stand on is a real one: fresh, and writing to disk as in a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("setting", "value"), [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")]
)
async def test_nothing_of_its_durability_is_switched_off(postgres_url: str, setting: str, value: str) -> None:
    connection = await asyncpg.connect(postgres_url)

    assert await connection.fetchval(f"SHOW {setting}") == value
    await connection.close()


async def test_each_database_is_fresh(postgres_database: Callable[[], str]) -> None:
    first, second = await asyncpg.connect(postgres_database()), await asyncpg.connect(postgres_database())
    await first.execute("CREATE TABLE note (text text)")

    assert await second.fetchval("SELECT to_regclass('note')") is None
    await first.close()
    await second.close()
