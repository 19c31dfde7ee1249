"""What the queue of jobs promises on both engines, whoever is killed, cut off or late."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, select, update

from central.db.clock import database_now
from central.identity.people import COMMAND_LINE, Role
from central.identity.tables import audit
from central.jobs import queue
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.jobs.values import Asked, Claim, JobCancelledError, JobKind, JobLostError, Progress, State
from commerce.errors import ConflictError, ForbiddenError, NotFoundError
from tests.central.effects import kept, note
from tests.central.job_worker import COUNTED, leave_trace
from tests.central.office import actor_with
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from sqlalchemy import Row

    from central.db.engine import Database

LEASE = timedelta(minutes=1)
NONE = timedelta(0)
PATIENCE_S = 60
ANNA = actor_with(Role.MANAGER, "Anna", "c1")
VERA = actor_with(Role.VIEWER, "Vera", "c1")
OTHER = actor_with(Role.ADMIN, "Olga", "c2")


async def asked(database: Database, kind: JobKind = COUNTED, **values: Any) -> str:  # noqa: ANN401 - of Asked
    want = Asked(**{"company": "c1", "actor": ANNA, **values})
    return await database.write(partial(queue.ask_for, kind=kind, asked=want))


async def claimed(database: Database, lease: timedelta = LEASE) -> Claim:
    found = await database.write(partial(queue.claim, kinds=["counted"], lease=lease))
    assert found is not None
    return found


async def row_of(database: Database, job_id: str) -> Row[Any]:
    return await database.read(lambda conn: conn.execute(select(job).where(job.c.id == job_id)).one())


async def worker(url: str, *how: str) -> asyncio.subprocess.Process:
    """A process that is ready to do jobs."""
    command, pipe = (sys.executable, "-m", "tests.central.job_worker", url, *how), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdout=pipe, stdin=pipe)
    await says(process, b"ready")
    return process


async def says(process: asyncio.subprocess.Process, words: bytes) -> None:
    assert process.stdout
    async with asyncio.timeout(PATIENCE_S):
        assert await process.stdout.readline() == words + b"\n"


async def begin(process: asyncio.subprocess.Process) -> None:
    assert process.stdin
    process.stdin.write(b"\n")
    await process.stdin.drain()


def let_leases_run_out(connection: Connection) -> None:
    """As time would."""
    past = database_now(connection) - LEASE
    connection.execute(update(job).where(job.c.state == State.RUNNING).values(free_at=past))


async def test_a_job_is_done_once_by_three_processes_of_which_one_is_killed(
    database: Database, central_url: str
) -> None:
    keys = [f"k{number:02}" for number in range(30)]
    twice = [await asked(database, input={"key": key}, key=key) for key in keys * 2]
    assert twice[:30] == twice[30:]
    killed, *others = [await worker(central_url, *how) for how in (["stops"], [], [])]
    await begin(killed)
    await says(killed, b"in the middle")
    for other in others:
        await begin(other)
    killed.kill()
    assert [await one.wait() for one in (killed, *others)] == [-9, 0, 0]
    held = await database.read(lambda conn: conn.execute(select(job).where(job.c.state == State.RUNNING)).all())
    assert [(row.attempts, row.checkpoint) for row in held] == [(1, {"noted": held[0].key})]

    await database.write(let_leases_run_out)
    assert await Runner(database, {COUNTED: leave_trace}).step()

    states = await database.read(lambda conn: list(conn.execute(select(job.c.state)).scalars()))
    assert states == [State.DONE] * 30
    assert await database.read(partial(kept, name="job")) == keys


async def test_whoever_lost_the_lease_changes_nothing_more(database: Database) -> None:
    job_id = await asked(database)
    late = await claimed(database, NONE)
    taken = await claimed(database)
    assert (late.id, taken.id, taken.attempt) == (job_id, job_id, 2)

    effect = partial(note, name="job", keys=["late"])
    with pytest.raises(JobLostError):
        await database.write(partial(queue.step, held=late, lease=LEASE, work=effect))
    with pytest.raises(JobLostError):
        await database.write(partial(queue.renew, held=late, lease=LEASE))
    assert not await database.write(partial(queue.end, held=late, state=State.FAILED, reason="late"))
    assert not await database.write(partial(queue.put_off, held=late, kind=COUNTED, reason="late"))
    await database.write(partial(queue.give_back, held=late))

    assert await database.read(partial(kept, name="job")) == []
    assert (await row_of(database, job_id)).owner == taken.owner
    assert await database.write(partial(queue.end, held=taken, state=State.DONE, result={"n": 1}))
    found = await row_of(database, job_id)
    assert (found.state, found.result, found.reason, found.owner) == (State.DONE, {"n": 1}, None, None)


async def test_a_lease_that_ran_out_untaken_is_still_good(database: Database) -> None:
    await asked(database)
    held = await claimed(database, NONE)
    await database.write(partial(queue.renew, held=held, lease=LEASE))

    assert await database.write(partial(queue.claim, kinds=["counted"], lease=LEASE)) is None


async def test_a_step_stands_with_its_progress_or_not_at_all(database: Database) -> None:
    job_id = await asked(database)
    held = await claimed(database)

    def fails(connection: Connection) -> None:
        note(connection, "job", ["half"])
        raise ZeroDivisionError

    step = partial(queue.step, held=held, lease=LEASE, progress=Progress(3, 9), checkpoint=[3])
    with pytest.raises(ZeroDivisionError):
        await database.write(partial(step, work=fails))
    before = await row_of(database, job_id)
    await database.write(partial(step, work=partial(note, name="job", keys=["whole"])))
    after = await row_of(database, job_id)

    assert (before.done, before.total, before.checkpoint) == (0, None, None)
    assert (after.done, after.total, after.checkpoint) == (3, 9, [3])
    assert await database.read(partial(kept, name="job")) == ["whole"]


async def test_a_job_whose_processes_die_every_time_has_failed(database: Database) -> None:
    job_id = await asked(database)
    for _ in range(COUNTED.tries):
        await claimed(database, NONE)

    assert await database.write(partial(queue.claim, kinds=["counted"], lease=LEASE)) is None
    found = await row_of(database, job_id)
    assert (found.state, found.reason, found.free_at) == (State.FAILED, "job.tries", None)


async def test_a_job_is_not_taken_before_it_is_due_nor_by_whom_cannot_do_it(database: Database) -> None:
    tomorrow = await database.read(database_now) + timedelta(days=1)
    await asked(database, due=tomorrow)
    await asked(database, JobKind(name="other", title="Other"))

    assert await database.write(partial(queue.claim, kinds=["counted"], lease=LEASE)) is None


async def test_the_job_that_has_been_free_for_longest_comes_first(database: Database) -> None:
    now = await database.read(database_now)
    await asked(database, due=now - timedelta(minutes=1))
    first = await asked(database, due=now - timedelta(minutes=2))

    assert (await claimed(database)).id == first


async def test_the_same_key_of_another_company_is_another_job(database: Database) -> None:
    assert await asked(database, key="k") != await asked(database, key="k", company="c2", actor=OTHER)


async def test_a_job_that_waits_is_cancelled_at_once(database: Database) -> None:
    job_id = await asked(database)
    await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))

    found = await row_of(database, job_id)
    assert (found.state, found.cancel_by) == (State.CANCELLED, "Anna")
    acts = await database.read(lambda conn: conn.execute(select(audit)).all())
    assert [(act.action, act.subject, act.actor_name, act.company) for act in acts] == [
        ("job.cancelled", job_id, "Anna", "c1")
    ]
    assert await database.write(partial(queue.claim, kinds=["counted"], lease=LEASE)) is None
    with pytest.raises(ConflictError, match=r"job\.ended"):
        await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))


async def test_a_job_that_runs_is_cancelled_at_its_next_step(database: Database) -> None:
    job_id = await asked(database)
    held = await claimed(database)
    await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))

    with pytest.raises(JobCancelledError):
        await database.write(partial(queue.step, held=held, lease=LEASE, work=partial(note, name="job", keys=["x"])))
    assert await database.read(partial(kept, name="job")) == []
    assert (await row_of(database, job_id)).state == State.RUNNING


async def test_a_cancelled_job_whose_process_died_is_not_begun_again(database: Database) -> None:
    job_id = await asked(database)
    await claimed(database, NONE)
    await database.write(partial(queue.cancel, actor=ANNA, job_id=job_id))

    assert await database.write(partial(queue.claim, kinds=["counted"], lease=LEASE)) is None
    assert (await row_of(database, job_id)).state == State.CANCELLED


async def test_who_may_cancel_a_job(database: Database) -> None:
    hers = await asked(database, actor=VERA)
    annas = await asked(database)
    with pytest.raises(NotFoundError, match=r"job\.unknown"):
        await database.write(partial(queue.cancel, actor=OTHER, job_id=annas))
    with pytest.raises(ForbiddenError):
        await database.write(partial(queue.cancel, actor=VERA, job_id=annas))

    await database.write(partial(queue.cancel, actor=VERA, job_id=hers))
    await database.write(partial(queue.cancel, actor=COMMAND_LINE, job_id=annas))
    assert {(await row_of(database, one)).state for one in (hers, annas)} == {State.CANCELLED}


async def test_asking_takes_the_right_of_the_kind(database: Database) -> None:
    with pytest.raises(ForbiddenError):
        await asked(database, JobKind(name="r", title="R"), actor=VERA)
