"""Does the jobs: takes one at a time, keeps its lease while its handler works, and notes how it ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from central.db.engine import Database
from central.db.signals import JOB
from central.jobs import queue
from central.jobs.values import Claim, JobCancelledError, JobKind, JobLostError, State, TryAgainError
from central.jobs.work import Work
from commerce.errors import PosError, StorageError

Handler = Callable[[Work], Awaitable[Mapping[str, Any] | None]]
LEASE = timedelta(seconds=60)
LOOK_S = 5.0
_POLL_S = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runner:
    """Does jobs of the kinds it has handlers for; several run beside each other, in one process and in many.

    What a handler returns is the job's result. After a StorageError, an OSError or a TryAgainError it is tried again
    later, and so it is after a bug, which is logged; any other PosError is for good.
    """

    database: Database
    handlers: Mapping[JobKind, Handler]
    lease: timedelta = LEASE
    look_s: float = LOOK_S

    async def run(self) -> None:
        """Do jobs for ever; an empty queue is looked at again when something is put into it, and now and then."""
        with self.database.signals.subscribe(JOB) as subscription:
            while True:
                if not await self.step():
                    await subscription.wait(_POLL_S)

    async def step(self) -> bool:
        """Do the next job, if there is one; tell whether there was."""
        kinds = {kind.name: kind for kind in self.handlers}
        claim = await self.database.write(partial(queue.claim, kinds=[*kinds], lease=self.lease))
        if claim is None:
            return False
        await self._do(kinds[claim.kind], claim)
        return True

    async def _do(self, kind: JobKind, claim: Claim) -> None:
        work, ended = Work(self.database, claim, self.lease), asyncio.Event()
        try:
            both = self._handle(self.handlers[kind], work, ended), self._keep(work, ended)
            result, _ = await asyncio.gather(*both, return_exceptions=True)
        except asyncio.CancelledError:
            work.leave()
            with suppress(StorageError):  # then others wait for the lease to run out
                await self.database.write(partial(queue.give_back, held=claim))
            raise
        await self.database.write(partial(_settle, kind=kind, claim=claim, result=result))

    async def _handle(self, handler: Handler, work: Work, ended: asyncio.Event) -> Mapping[str, Any] | None:
        try:
            return await handler(work)
        finally:
            ended.set()

    async def _keep(self, work: Work, ended: asyncio.Event) -> None:
        """Keep the lease, and look whether the job is still wanted, until the handler has ended."""
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.look_s):
                    await ended.wait()
                    return
            with suppress(StorageError):  # the handler's next step says so too
                await work.renew()


def _settle(connection: Any, kind: JobKind, claim: Claim, result: object) -> None:  # noqa: ANN401 - SQLAlchemy's connection
    """Note what came of a handler, if the job is still this process's."""
    if not isinstance(result, BaseException):
        assert result is None or isinstance(result, Mapping)  # noqa: S101 - what handlers return
        queue.end(connection, claim, State.DONE, result=result)
    elif isinstance(result, JobLostError):
        _log.warning("job_lost", job=claim.id, kind=claim.kind)
    elif isinstance(result, JobCancelledError):
        queue.end(connection, claim, State.CANCELLED)
    else:
        _fail(connection, kind, claim, result)


def _fail(connection: Any, kind: JobKind, claim: Claim, error: BaseException) -> None:  # noqa: ANN401 - see _settle
    if isinstance(error, StorageError | TryAgainError):
        queue.put_off(connection, claim, kind, error.code, error.values)
    elif isinstance(error, PosError):
        queue.end(connection, claim, State.FAILED, error.code, error.values)
    else:
        expected = isinstance(error, OSError)
        _log.warning(
            "job_failed", job=claim.id, kind=claim.kind, exc_info=None if expected else error, error=str(error)
        )
        queue.put_off(connection, claim, kind, "job.fault", {"fault": type(error).__name__})
