"""A process that does jobs until none is free: ``python -m tests.central.job_worker URL [stops]``.

It says when it is ready and begins when it gets a line. Each job leaves a trace of its key; with ``stops`` it says so
and stays in the middle of its first.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

from central.db.engine import open_database
from central.jobs.runner import Runner
from central.jobs.values import JobKind, Progress
from central.sales.area import SEE_SALES
from tests.central.effects import note

if TYPE_CHECKING:
    from central.jobs.work import Work

COUNTED = JobKind(name="counted", title="Counted", permission=SEE_SALES, tries=3)


async def leave_trace(work: Work, *, stops: bool = False) -> None:
    """Do the one thing there is to do, once, however often this is begun."""
    if work.checkpoint is None:
        key = work.input["key"]
        await work.step(partial(note, name="job", keys=[key]), Progress(1, 2), checkpoint={"noted": key})
    if stops:
        print("in the middle", flush=True)
        await asyncio.Event().wait()
    await work.come_to(2, 2)


async def main(url: str, *, stops: bool) -> None:
    """Do jobs until none is free."""
    database = open_database(url)
    runner = Runner(database, {COUNTED: partial(leave_trace, stops=stops)})
    print("ready", flush=True)
    sys.stdin.readline()
    while await runner.step():
        pass
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], stops="stops" in sys.argv))
