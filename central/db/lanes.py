"""Lanes: some threads with a connection each, so that one kind of work never takes the connections of another."""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, get_ident
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.db.faults import DatabaseAwayError, expected, may_run_again
from central.db.signals import take_marks

T = TypeVar("T")
_ATTEMPTS = 5
_PAUSE_S = 0.02
_WAITING = 256


class Lane:
    """Runs jobs on its own threads; one that would wait behind too many others is refused at once.

    The engine's pool has a connection for each thread, so a job never waits for one.
    """

    def __init__(self, name: str, engine: Engine, threads: int, *, waiting: int = _WAITING) -> None:
        self._engine = engine
        self._executor = ThreadPoolExecutor(threads, f"central-{name}")
        self._room = BoundedSemaphore(threads + waiting)
        self._begun: dict[int, float] = {}  # by thread

    async def run(self, job: Callable[[Connection], T]) -> tuple[T, frozenset[str]]:
        """Return a job's result and the signals it marked; a job whose caller leaves before its turn is dropped.

        DatabaseAwayError ``storage.busy`` when too many wait already.
        """
        if not self._room.acquire(blocking=False):
            raise DatabaseAwayError("storage.busy", reason="lane")
        future = self._executor.submit(self._run, job)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def longest_s(self) -> float:
        """Return how long the job that has been going on for longest has been."""
        return time.monotonic() - min(list(self._begun.values()), default=time.monotonic())

    async def close(self) -> None:
        """Wait for running jobs and let go of the connections."""
        await asyncio.to_thread(self._executor.shutdown)
        self._engine.dispose()

    def _run(self, job: Callable[[Connection], T]) -> tuple[T, frozenset[str]]:
        self._begun[get_ident()] = time.monotonic()
        try:
            return run_job(self._engine, job)
        finally:
            del self._begun[get_ident()]

    def _leave(self, _: "Future[Any]") -> None:
        self._room.release()


def run_job(engine: Engine, job: Callable[[Connection], T]) -> tuple[T, frozenset[str]]:
    """Run a job in one transaction, again from the start where nothing of it stands; return result and marks."""
    for number in range(1, _ATTEMPTS + 1):
        attempt = _Attempt(engine)
        try:
            return attempt.run(job)
        except PoolTimeoutError as error:
            raise DatabaseAwayError("storage.busy", reason="pool") from error
        except DBAPIError as error:
            if number == _ATTEMPTS or not may_run_again(error, committing=attempt.committing):
                raise expected(error) from error
        time.sleep(random.uniform(0, _PAUSE_S * number))  # two victims must not meet again
    raise AssertionError("unreachable")


class _Attempt:
    """One transaction, and whether its COMMIT was sent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.committing = False

    def run(self, job: Callable[[Connection], T]) -> tuple[T, frozenset[str]]:
        with self._engine.connect() as connection:
            take_marks(connection)  # those of a job that failed
            connection.begin()
            result, marks = job(connection), take_marks(connection)
            self.committing = True
            connection.commit()
            return result, marks
