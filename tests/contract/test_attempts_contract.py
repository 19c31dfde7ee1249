"""What every store of attempts on PINs does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from terminal.db.connection import Writer
from terminal.db.migrate import migrate
from terminal.services.till_core import StoredAttempts
from tests.fakes.attempts import FakeAttempts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.services.pins import AttemptStore


@pytest.fixture(params=["stored", "fake"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AttemptStore]:
    if request.param == "fake":
        yield FakeAttempts()
        return
    writer = Writer(tmp_path / "ledger.db")
    await writer.start(migrate)
    yield StoredAttempts(writer)
    await writer.stop()


async def test_attempts_are_counted_by_operator_until_they_are_forgotten(store: AttemptStore) -> None:
    counted = [await store.count(who) for who in ("anna", "bruno", "anna", "anna")]
    before = await store.load()
    await store.forget("anna")

    assert counted == [1, 1, 2, 3]
    assert before == {"anna": 3, "bruno": 1}
    assert await store.load() == {"bruno": 1}


async def test_forgetting_what_was_never_counted_does_nothing(store: AttemptStore) -> None:
    await store.forget("anna")

    assert await store.load() == {}
