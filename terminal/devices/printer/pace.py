"""How long a printer may take, by the length of what it is given and the speed of its line and its paper."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrinterTimeouts:
    """How long the printer may take for each step.

    ``write_s`` (to take a piece of the job) and ``answer_s`` (after the last byte) come on top of what the job's length
    needs at the speed of line and paper.
    """

    open_s: float = 3.0
    status_s: float = 1.0
    write_s: float = 20.0
    answer_s: float = 15.0
    quiet_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """The slowest that line and paper move."""

    bytes_per_s: float
    lines_per_s: float

    def seconds_for(self, job: bytes) -> float:
        """Return how long so many bytes and lines of paper may take."""
        return len(job) / self.bytes_per_s + job.count(b"\n") / self.lines_per_s
