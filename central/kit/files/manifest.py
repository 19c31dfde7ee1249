"""What files bring to a server, for every kind that it serves."""

from datetime import time
from functools import partial

from central.jobs.runner import Handler
from central.jobs.scheduling import Daily, Schedule
from central.jobs.values import JobKind
from central.kit.files.exporting import export, export_of
from central.kit.files.handing import TRIM, trim
from central.kit.files.importing import imports_of, load, try_out
from central.kit.kinds import Kind, Kinds
from central.web.manifest import Manifest


def files_of(kinds: Kinds) -> Manifest:
    """Return the jobs that export and import these kinds."""
    jobs = {job: handler for kind in kinds for job, handler in _jobs(kind, kinds).items()}
    return Manifest(
        name="files", jobs={**jobs, TRIM: trim}, schedules=(Schedule("files.trim", TRIM, Daily(time(2, 45))),)
    )


def _jobs(kind: Kind, kinds: Kinds) -> dict[JobKind, Handler]:
    trial, loads = imports_of(kind)
    return {
        export_of(kind): partial(export, kind=kind),
        trial: partial(try_out, kind=kind, kinds=kinds),
        loads: partial(load, kind=kind, kinds=kinds),
    }
