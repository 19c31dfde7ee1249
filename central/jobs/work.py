"""What a handler has of the job it does: parts that stand or do not, rows, a file, and word that nobody wants it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from central.db.engine import Database
from central.jobs import queue, results
from central.jobs.values import Claim, JobCancelledError, JobLostError, Progress, RowResult

T = TypeVar("T")
_PIECE = 1024 * 1024


class Work:
    """A job in the hands of this process.

    A handler may be run again from its start, after a kill in the middle too: it goes on from ``checkpoint``, and what
    it does outside ``step`` it must be able to do twice.
    """

    def __init__(self, database: Database, claim: Claim, lease: timedelta) -> None:
        self.database = database
        self.claim = claim
        self._lease = lease
        self._refused: JobLostError | JobCancelledError | None = None
        self._passed = 0

    @property
    def input(self) -> Any:  # noqa: ANN401 - JSON
        """What was asked for."""
        return self.claim.input

    @property
    def checkpoint(self) -> Any:  # noqa: ANN401 - JSON
        """What the last step of an earlier attempt left; None at the beginning."""
        return self.claim.checkpoint

    def while_wanted(self, rows: Iterable[T]) -> Iterator[T]:
        """Yield rows while the job is ours and wanted; raises as ``step`` does. For long loops, in threads too.

        How many have passed is shown as how far the job has come.
        """
        for row in rows:
            if self._refused is not None:
                raise self._refused
            self._passed += 1
            yield row

    async def step(
        self, job: Callable[[Connection], T], progress: Progress | None = None, checkpoint: object = None
    ) -> T:
        """Do a part in one transaction with its progress and the place to go on from, while the job is ours and wanted.

        JobLostError or JobCancelledError end the handler; nothing of the part stands then.
        """
        whole = partial(queue.step, held=self.claim, lease=self._lease, work=job, progress=progress,
                        checkpoint=checkpoint)  # fmt: skip
        try:
            return await self.database.write(whole)
        except (JobLostError, JobCancelledError) as error:
            self._refused = error
            raise

    async def come_to(self, done: int, total: int | None = None) -> None:
        """Say how far the job has come."""
        await self.step(lambda _: None, Progress(done, total))

    async def note_rows(self, rows: Sequence[RowResult], progress: Progress | None = None) -> None:
        """Write down what became of rows."""
        await self.step(partial(results.note_rows, job_id=self.claim.id, rows=rows), progress)

    async def keep_file(self, path: Path, name: str, content_type: str) -> None:
        """Keep a file that was made, for whoever may see the job."""
        job, size = self.claim.id, 0
        with path.open("rb") as source:
            while (content := await asyncio.to_thread(source.read, _PIECE)) or not size:
                await self.step(partial(results.put_piece, job_id=job, piece=size // _PIECE, content=content))
                size += len(content)
                if len(content) < _PIECE:
                    break
        await self.step(partial(results.name_file, job_id=job, name=name, content_type=content_type, size=size))

    async def renew(self) -> None:
        """Keep the lease; a job that is lost or not wanted any more is noted as such."""
        try:
            await self.database.write(partial(queue.renew, held=self.claim, lease=self._lease, passed=self._passed))
        except (JobLostError, JobCancelledError) as error:
            self._refused = error

    def leave(self) -> None:
        """Stop: this process ends."""
        self._refused = self._refused or JobLostError()
