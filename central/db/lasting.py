"""Loops that outlive whatever is raised in them, and what is known of how they are."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from commerce.errors import PosError
from commerce.pauses import pause_ms

_log = structlog.get_logger()
_SETTLED_S = 5.0  # so long without a failure, and a loop is well again
_FIRST_MS, _LONGEST_MS = 500, 15_000


@dataclass(frozen=True, slots=True)
class Failing:
    """What is not well: since when, and the stable code or the class of what it failed with last."""

    since: datetime
    why: str


@dataclass(slots=True)
class Condition:
    """How the parts of this process are; each going and coming back is logged once."""

    now: Callable[[], datetime]
    failing: dict[str, Failing] = field(default_factory=dict)

    def failed(self, name: str, error: Exception) -> None:
        """Note that a part failed."""
        why = error.code if isinstance(error, PosError) else type(error).__name__
        before = self.failing.get(name)
        if before is None or before.why != why:
            unexpected = None if isinstance(error, PosError | OSError) else error
            _log.warning(
                "loop_failed", loop=name, error=str(error), cause=str(error.__cause__ or ""), exc_info=unexpected
            )
        self.failing[name] = Failing(before.since if before else self.now(), why)

    def well(self, name: str) -> None:
        """Note that a part works."""
        if self.failing.pop(name, None):
            _log.warning("loop_works_again", loop=name)


@dataclass(slots=True)
class Pauses:
    """How long a loop waits before it is begun again: longer each time it fails, never the same for two processes."""

    failures: int = 0

    async def __call__(self) -> None:
        """Wait."""
        wait_ms = pause_ms(self.failures, _FIRST_MS, _LONGEST_MS)
        self.failures += 1
        await asyncio.sleep(wait_ms / 1000)


async def lasting(
    name: str, run: Callable[[], Awaitable[object]], condition: Condition, pauses: Pauses | None = None
) -> None:
    """Run a loop for ever: what ends it is noted, and it is begun again.

    One message, one row, one lost connection never stops the server: not even a bug does, which is logged whole.
    """
    pauses = pauses or Pauses()
    while True:
        settled = asyncio.get_running_loop().call_later(_SETTLED_S, _settle, name, condition, pauses)
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - drivers have a class for everything
            condition.failed(name, error)
        finally:
            settled.cancel()
        await pauses()


def _settle(name: str, condition: Condition, pauses: Pauses) -> None:
    condition.well(name)
    pauses.failures = 0
