"""Making rows of sets of entries: small ones in a thread, large ones in a process of its own.

To read a body takes the interpreter for a tenth of a millisecond, and whoever stores or draws a page waits for it; a
till that sends a week of sales, or a rebuild, would take half of everything. The process is a short cut: where it
cannot be had, or ends, the thread does its work.
"""

import asyncio
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from central.tills.build_worker import receive, send
from central.tills.values import RawEntry
from commerce.pauses import pause_ms
from commerce.processes import program

Built = tuple[Any, Mapping[int, str]]
LARGE = 50
_LONGEST_S = 60.0
_IDLE_S = 120.0
_FIRST_MS, _LONGEST_MS = 1_000, 60_000
_log = structlog.get_logger()


class Buildable(Protocol):
    """What makes rows of entries; the same in every process."""

    def build(self, entries: Sequence[RawEntry]) -> Built:
        """Return the rows of a set, and for each entry (by index) that has none, why."""


@dataclass(slots=True)
class Builder:
    """Builds sets, one large one at a time; ``large`` is how many entries make one."""

    large: int = LARGE
    _worker: "subprocess.Popen[bytes] | None" = None
    _used_at: float = 0.0
    _failures: int = 0
    _not_before: float = 0.0
    _alone: threading.Lock = field(default_factory=threading.Lock)

    async def build(self, projection: Buildable, entries: Sequence[RawEntry]) -> Built:
        """Return what the projection makes of entries; raises what it raises."""
        if len(entries) >= self.large and time.monotonic() >= self._not_before:
            built = await asyncio.to_thread(self._build_apart, projection, entries)
            if built is not None:
                return built
        return await asyncio.to_thread(projection.build, entries)

    async def rest(self) -> None:
        """Let the process go that nobody has needed for some time."""
        if self._worker is not None and time.monotonic() - self._used_at > _IDLE_S:
            await self.close()

    async def close(self) -> None:
        """Let the process go, whatever it is at: whoever waits for its answer waits no longer."""
        if self._worker is not None:
            self._worker.kill()
        await asyncio.to_thread(self._end)

    def _build_apart(self, projection: Buildable, entries: Sequence[RawEntry]) -> Built | None:
        """Return what the process made of entries; None where it did not, for whatever reason."""
        with self._alone:
            watch = None
            try:
                worker = self._worker = self._worker or _start()
                watch = threading.Timer(_LONGEST_S, worker.kill)
                watch.start()
                send(worker.stdin, (projection, [_plain(entry) for entry in entries]))  # type: ignore[arg-type]
                done, built = receive(worker.stdout)  # type: ignore[arg-type,misc]
            except Exception as error:  # noqa: BLE001 - no process, no pickle, no answer: the thread does it
                _log.warning("sets_are_built_here", reason=repr(error)[:200])
                self._kill()
                self._pause()
                return None
            finally:
                self._used_at = time.monotonic()
                if watch is not None:
                    watch.cancel()
            self._failures = 0
            return built if done else None  # type: ignore[has-type]

    def _pause(self) -> None:
        """Where no process can be had, starting one for each set would cost more than it saves: once more is free."""
        if self._failures:
            self._not_before = time.monotonic() + pause_ms(self._failures - 1, _FIRST_MS, _LONGEST_MS) / 1000
        self._failures += 1

    def _end(self) -> None:
        with self._alone:
            self._kill()

    def _kill(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        for stream in (worker.stdin, worker.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        worker.wait()


def _plain(entry: RawEntry) -> tuple[object, ...]:
    return (entry.till, entry.chain, entry.seq, entry.hash, entry.kind, entry.header, entry.body)


def _start() -> "subprocess.Popen[bytes]":
    command = program("central.tills.build_worker")
    # A group of its own: Ctrl-C is for central, which lets it go.
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)  # noqa: S603 - ours
