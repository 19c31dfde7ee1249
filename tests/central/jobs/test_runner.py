"""What becomes of a job in a process that does it: done, failed for good, tried again, stopped, left in the middle."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from central.db.clock import database_now
from central.identity.people import Role
from central.jobs import queue, results
from central.jobs.runner import Handler, Runner
from central.jobs.tables import job, job_file
from central.jobs.values import Asked, JobKind, Outcome, Progress, RowResult, State, TryAgainError
from commerce.errors import RuleError, StorageError
from tests.central.effects import kept, note
from tests.central.office import actor_with

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from central.db.engine import Database
    from central.jobs.work import Work

KIND = JobKind(name="k", title="K", tries=3)
ANNA = actor_with(Role.MANAGER, "Anna", "c1")
LOOK_S = 0.01
PATIENCE_S = 30


async def ask(database: Database, kind: JobKind = KIND) -> str:
    return await database.write(partial(queue.ask_for, kind=kind, asked=Asked(company="c1", actor=ANNA)))


async def row_of(database: Database, job_id: str) -> Row[Any]:
    return await database.read(lambda conn: conn.execute(select(job).where(job.c.id == job_id)).one())


def make_due(connection: Connection) -> None:
    """As time would."""
    past = database_now(connection) - timedelta(minutes=1)
    connection.execute(update(job).where(job.c.state == State.WAITING).values(free_at=past))


async def done(database: Database, handler: Handler) -> Row[Any]:
    """Ask for a job, do it, and return how it stands."""
    job_id = await ask(database)
    assert await Runner(database, {KIND: handler}).step()
    return await row_of(database, job_id)


async def test_what_a_handler_returns_is_the_result(database: Database) -> None:
    async def handle(work: Work) -> dict[str, Any]:
        await work.come_to(2, 2)
        return {"link": "/sales"}

    row = await done(database, handle)

    assert (row.state, row.result, row.done, row.total) == (State.DONE, {"link": "/sales"}, 2, 2)
    assert row.asked_at <= row.started_at <= row.ended_at


async def test_an_empty_queue_is_said_to_be_empty(database: Database) -> None:
    async def handle(_: Work) -> None:
        raise AssertionError

    assert not await Runner(database, {KIND: handle}).step()


async def test_a_rule_that_says_no_is_for_good_and_kept_with_its_values(database: Database) -> None:
    async def handle(_: Work) -> None:
        raise RuleError("export.sheet_full", most=7)

    row = await done(database, handle)

    assert (row.state, row.reason, row.reason_values, row.attempts) == (
        State.FAILED, "export.sheet_full", {"most": "7"}, 1
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TryAgainError("mail.away", reason="421"), "mail.away"),
        (StorageError("storage.away"), "storage.away"),
        (ConnectionResetError("gone"), "job.fault"),
        (ZeroDivisionError("a bug"), "job.fault"),
    ],
)
async def test_what_may_pass_is_tried_again_until_there_were_enough_tries(
    database: Database, error: Exception, reason: str
) -> None:
    async def handle(_: Work) -> None:
        raise error

    row = await done(database, handle)
    assert (row.state, row.reason, row.attempts) == (State.WAITING, reason, 1)
    assert row.free_at > await database.read(database_now)

    runner = Runner(database, {KIND: handle})
    for _ in range(KIND.tries - 1):
        await database.write(make_due)
        assert await runner.step()
    row = await row_of(database, row.id)
    assert (row.state, row.reason, row.attempts) == (State.FAILED, reason, KIND.tries)


async def test_what_went_well_in_the_end_says_nothing_of_what_went_wrong(database: Database) -> None:
    attempts = count(1)

    async def handle(_: Work) -> None:
        if next(attempts) == 1:
            raise TryAgainError

    row = await done(database, handle)
    await database.write(make_due)
    await Runner(database, {KIND: handle}).step()

    found = await row_of(database, row.id)
    assert (found.state, found.reason) == (State.DONE, None)


async def test_housekeeping_that_failed_is_listed(database: Database) -> None:
    quiet = JobKind(name="quiet", title="Quiet", listed=False)

    async def handle(_: Work) -> None:
        raise RuleError

    await ask(database, quiet)
    listed = partial(results.list_jobs, actor=ANNA, before=None, limit=9)
    assert await database.read(listed) == []
    await Runner(database, {quiet: handle}).step()

    assert [row.kind for row in await database.read(listed)] == ["quiet"]


class Pausing:
    """A handler that does three steps and waits before each but the first to be told to go on."""

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, work: Work) -> None:
        for number in range(work.checkpoint or 0, 3):
            if number:
                self.reached.set()
                await self.go.wait()
            step = partial(note, name="step", keys=[str(number)])
            await work.step(step, Progress(number + 1, 3), checkpoint=number + 1)


async def test_a_job_left_in_the_middle_by_a_stop_goes_on_from_there(database: Database) -> None:
    job_id, pausing = await ask(database), Pausing()
    running = asyncio.ensure_future(Runner(database, {KIND: pausing}).run())
    await pausing.reached.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    row = await row_of(database, job_id)
    assert (row.state, row.attempts, row.done, row.checkpoint) == (State.WAITING, 0, 1, 1)

    pausing.go.set()
    assert await Runner(database, {KIND: pausing}).step()

    row = await row_of(database, job_id)
    assert (row.state, row.attempts, row.done) == (State.DONE, 1, 3)
    assert await database.read(partial(kept, name="step")) == ["0", "1", "2"]


async def test_a_job_that_is_cancelled_ends_at_its_next_step_and_keeps_what_was_done(database: Database) -> None:
    job_id, pausing = await ask(database), Pausing()
    running = asyncio.ensure_future(Runner(database, {KIND: pausing}).step())
    await pausing.reached.wait()
    await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))
    pausing.go.set()
    assert await running

    row = await row_of(database, job_id)
    assert (row.state, row.cancel_by, row.done) == (State.CANCELLED, "Anna", 1)
    assert await database.read(partial(kept, name="step")) == ["0"]


async def test_a_loop_that_takes_no_step_notices_that_it_is_not_wanted(database: Database) -> None:
    job_id, begun = await ask(database), asyncio.Event()

    async def handle(work: Work) -> None:
        begun.set()
        await asyncio.to_thread(lambda: sum(1 for _ in work.while_wanted(count())))

    running = asyncio.ensure_future(Runner(database, {KIND: handle}, look_s=LOOK_S).step())
    await begun.wait()
    await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))
    assert await asyncio.wait_for(running, PATIENCE_S)

    assert (await row_of(database, job_id)).state == State.CANCELLED


async def test_the_lease_is_kept_while_a_handler_works(database: Database) -> None:
    job_id = await ask(database)

    async def handle(work: Work) -> None:
        before = (await row_of(database, job_id)).free_at
        while (await row_of(database, work.claim.id)).free_at == before:  # until the runner has said that we are here
            pass

    await asyncio.wait_for(Runner(database, {KIND: handle}, look_s=LOOK_S).step(), PATIENCE_S)

    assert (await row_of(database, job_id)).state == State.DONE


async def test_a_process_that_lost_its_lease_leaves_the_job_to_the_other(database: Database) -> None:
    job_id, pausing = await ask(database), Pausing()
    slow = asyncio.ensure_future(Runner(database, {KIND: pausing}).step())
    await pausing.reached.wait()
    past = await database.read(database_now) - timedelta(minutes=1)
    await database.write(lambda conn: conn.execute(update(job).values(free_at=past)).rowcount)
    taken = await database.write(partial(queue.claim, kinds=["k"], lease=timedelta(minutes=1)))
    pausing.go.set()
    assert await slow
    assert taken is not None

    row = await row_of(database, job_id)
    assert (row.state, row.owner, row.done) == (State.RUNNING, taken.owner, 1)


async def test_rows_are_kept_with_what_became_of_them_last(database: Database) -> None:
    async def handle(work: Work) -> None:
        refused = RowResult(2, "Pane", Outcome.REFUSED, "import.price", {"price": "x"})
        await work.note_rows([RowResult(1, "Latte"), refused], Progress(2))
        await work.note_rows([RowResult(1, "Latte", Outcome.WARNED, "w"), RowResult(3, "Riso")])

    row = await done(database, handle)
    rows = await database.read(partial(results.list_rows, job_id=row.id, outcome=None, after=-1, limit=9))
    refused = await database.read(partial(results.list_rows, job_id=row.id, outcome=Outcome.REFUSED, after=0, limit=9))

    assert [(one.number, one.outcome) for one in rows] == [(1, "warned"), (2, "refused"), (3, "done")]
    assert [(one.subject, one.code, one.values) for one in refused] == [("Pane", "import.price", {"price": "x"})]
    assert await database.read(partial(results.count_rows, job_id=row.id, outcome=Outcome.DONE)) == 1


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 5])
async def test_a_file_is_kept_whole_whatever_an_earlier_try_left(database: Database, tmp_path: Path, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    (tmp_path / "made").write_bytes(content)
    (tmp_path / "before").write_bytes(b"x" * (3 * 1024 * 1024))

    async def handle(work: Work) -> None:
        await work.keep_file(tmp_path / "before", "before.csv", "text/plain")
        await work.keep_file(tmp_path / "made", "sales.csv", "text/csv")

    row = await done(database, handle)
    pieces = await database.read(
        lambda conn: list(conn.execute(select(job_file.c.content).order_by(job_file.c.piece)).scalars())
    )

    assert (row.file_name, row.file_type, row.file_bytes) == ("sales.csv", "text/csv", size)
    assert b"".join(map(bytes, pieces)) == content


async def test_what_is_old_is_forgotten_files_first(database: Database, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"x")

    async def handle(work: Work) -> None:
        await work.note_rows([RowResult(1, "Latte")])
        await work.keep_file(tmp_path / "made", "a.csv", "text/csv")

    row, waiting = await done(database, handle), await ask(database)

    async def trimmed(age: timedelta) -> tuple[int, Any, bytes | None]:
        ended = await database.read(database_now) - age
        await database.write(
            lambda conn: conn.execute(update(job).where(job.c.id == row.id).values(ended_at=ended)).rowcount
        )
        removed = await database.write(results.trim_jobs)
        size = await database.read(
            lambda conn: conn.execute(select(job.c.file_bytes).where(job.c.id == row.id)).scalar()
        )
        return removed, size, await database.read(partial(results.read_piece, job_id=row.id, piece=0))

    second = timedelta(seconds=1)
    assert await trimmed(results.FILES_KEPT - timedelta(minutes=1)) == (0, 1, b"x")
    assert await trimmed(results.FILES_KEPT + second) == (1, None, None)
    assert await trimmed(results.KEPT + second) == (1, None, None)
    left = await database.read(lambda conn: list(conn.execute(select(job.c.id)).scalars()))
    assert left == [waiting]
