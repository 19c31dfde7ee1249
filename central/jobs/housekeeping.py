"""The jobs' own housekeeping, itself a job that comes every night."""

from datetime import time

from central.jobs.results import trim_jobs
from central.jobs.scheduling import Daily, Schedule
from central.jobs.values import JobKind
from central.jobs.work import Work
from commerce.texts import N_

TRIM = JobKind(name="jobs.trim", title=N_("Forgetting old jobs and their files"), listed=False)
NIGHTLY = Schedule("jobs.trim", TRIM, Daily(time(2, 30)))


async def trim(work: Work) -> None:
    """Forget what is older than it is kept, a short transaction at a time."""
    while await work.step(trim_jobs):
        pass
