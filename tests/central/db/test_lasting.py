"""A loop goes on whatever ends it, and whoever asks is told."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.db.faults import DatabaseAwayError
from central.db.lasting import Condition, Pauses, lasting
from central.db.relay import DeafError
from tests.central.office import Clock

RAISED: list[Exception] = [
    DatabaseAwayError(),
    OSError("no route"),
    TimeoutError(),
    PoolTimeoutError(),
    DBAPIError("SELECT 1", None, psycopg.errors.AdminShutdown("terminating"), connection_invalidated=True),
    InterfaceError("SELECT 1", None, psycopg.InterfaceError("the connection is closed")),
    psycopg.OperationalError("server closed the connection"),
    psycopg.InterfaceError("the connection is closed"),
    DeafError("deaf"),
    ExceptionGroup("several", [ValueError()]),
    KeyError("a bug"),
]


class NoPause(Pauses):
    """Pauses that take no time, and are counted."""

    async def __call__(self) -> None:
        self.failures += 1
        await asyncio.sleep(0)


def failing_with(errors: list[Exception], then: Callable[[], None]) -> Callable[[], object]:
    waiting = list(errors)

    async def run() -> None:
        if waiting:
            raise waiting.pop(0)
        then()
        await asyncio.Event().wait()

    return run


@pytest.mark.parametrize("error", RAISED, ids=repr)
async def test_a_loop_is_begun_again_whatever_ended_it(error: Exception) -> None:
    again, condition, pauses = asyncio.Event(), Condition(Clock()), NoPause()
    loop = asyncio.ensure_future(lasting("relay", failing_with([error, error], again.set), condition, pauses))  # type: ignore[arg-type]

    async with asyncio.timeout(30):
        await again.wait()

    assert not loop.done()
    assert pauses.failures == 2
    assert set(condition.failing) == {"relay"}
    loop.cancel()


async def test_a_loop_that_only_ends_is_begun_again_too() -> None:
    runs, enough = list[str](), asyncio.Event()

    async def run() -> None:
        runs.append("run")
        if len(runs) == 3:
            enough.set()

    loop = asyncio.ensure_future(lasting("marker", run, Condition(Clock()), NoPause()))
    async with asyncio.timeout(30):
        await enough.wait()
    loop.cancel()


def test_what_works_again_is_no_longer_named() -> None:
    clock = Clock()
    condition = Condition(clock)
    condition.failed("relay", DeafError("deaf"))
    since = clock()
    clock.advance(minutes=5)
    condition.failed("relay", DatabaseAwayError())

    assert condition.failing["relay"].since == since
    assert condition.failing["relay"].why == "storage.away"

    condition.well("relay")
    assert condition.failing == {}
