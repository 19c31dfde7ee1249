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

ANNA, BRUNO, ANNA_AT_THE_TILL = ("anna", ""), ("bruno", ""), ("anna", "kiosk")


@pytest.fixture(params=["stored", "fake"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AttemptStore]:
    if request.param == "fake":
        yield FakeAttempts()
        return
    writer = Writer(tmp_path / "ledger.db")
    await writer.start(migrate)
    yield StoredAttempts(writer)
    await writer.stop()


async def test_attempts_are_counted_by_operator_and_client_until_they_are_forgotten(store: AttemptStore) -> None:
    counted = [await store.count(who) for who in (ANNA, BRUNO, ANNA, ANNA_AT_THE_TILL, ANNA)]
    before = await store.load()
    await store.forget(ANNA)

    assert counted == [1, 1, 2, 1, 3]
    assert before == {ANNA: 3, BRUNO: 1, ANNA_AT_THE_TILL: 1}
    assert await store.load() == {BRUNO: 1, ANNA_AT_THE_TILL: 1}


async def test_forgetting_what_was_never_counted_does_nothing(store: AttemptStore) -> None:
    await store.forget(ANNA)

    assert await store.load() == {}


async def test_a_client_that_was_right_is_kept_without_attempts(store: AttemptStore) -> None:
    await store.prove(ANNA_AT_THE_TILL)
    await store.count(ANNA_AT_THE_TILL)
    gone = await store.prove(ANNA_AT_THE_TILL)

    assert gone == []
    assert await store.load() == {ANNA_AT_THE_TILL: 0}


async def test_the_clients_that_were_not_right_for_the_longest_make_room(store: AttemptStore) -> None:
    await store.count(ANNA)
    for number in range(8):
        await store.prove(("anna", f"browser {number}"))
    await store.prove(("anna", "browser 0"))
    await store.prove(("bruno", "browser 0"))
    gone = await store.prove(("anna", "another"))

    assert gone == [("anna", "browser 1")]
    assert {who for who, _ in (await store.load()).items() if who[0] == "anna"} == {
        ANNA,
        ("anna", "another"),
        *(("anna", f"browser {number}") for number in (0, *range(2, 8))),
    }
