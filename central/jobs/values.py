"""What a job is: its kind, who asked, how it stands, and what a process holds of it while it works."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from central.identity.people import COMMAND_LINE, Actor
from central.identity.scope import Permission
from central.jobs.area import MANAGE_JOBS
from commerce.errors import ConflictError, PosError

ALL_COMPANIES = ""  # stands in ``company`` for what is no single company's


class State(StrEnum):
    """How a job stands; the last three are for ever."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.WAITING, State.RUNNING)


class Outcome(StrEnum):
    """What became of one row."""

    DONE = "done"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A sort of work that runs in the background.

    ``permission`` is what it takes to ask for one, and to see those of others. One that is not ``listed`` is shown only
    when it has failed. After a failure that may pass it is tried again, ``tries`` times in all, after pauses that grow
    from ``first_pause_s`` to ``longest_pause_s``.
    """

    name: str
    title: str
    permission: Permission = MANAGE_JOBS
    listed: bool = True
    tries: int = 5
    first_pause_s: int = 5
    longest_pause_s: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, and by which ``label`` people tell it from others of its kind.

    ``company`` None is for what is no single company's: whoever does it narrows it to what the ``actor`` may see. With
    a ``key`` it is done once, however often it is asked for; ``due`` is before when it is not done.
    """

    company: str | None
    input: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    key: str | None = None
    actor: Actor = COMMAND_LINE
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that a process holds until its lease runs out; ``owner`` is of this process and attempt alone."""

    id: str
    kind: str
    company: str | None
    input: Mapping[str, Any]
    owner: str
    attempt: int
    checkpoint: Any
    actor: str | None
    actor_name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come, of how much where that is known."""

    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: ``code`` and ``values`` make the sentence that says why."""

    number: int
    subject: str
    outcome: Outcome = Outcome.DONE
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class JobLostError(ConflictError):
    """Another process has the job: this one did not say for too long that it was at it. Nothing of the step stands."""

    default_code = "job.lost"


class JobCancelledError(ConflictError):
    """Somebody asked for the job's end. Nothing of the step stands; what was done before does."""

    default_code = "job.cancelled"


class TryAgainError(PosError):
    """It did not work this time and may the next: the job is put off."""

    status = 503
    default_code = "job.again"
