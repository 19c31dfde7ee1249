"""Time that only pauses move: it shows how often something is tried in an hour without waiting for one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class EnoughError(Exception):
    """The time of the test is over."""


class DrivenPauses:
    """Pauses at a busy till: every half second ``commit`` is called, which may end a pause."""

    def __init__(self, until_s: float, commit: Callable[[], None] = lambda: None, *, every_s: float = 0.5) -> None:
        self.now = 0.0
        self.asked: list[float] = []
        self._until_s = until_s
        self._commit = commit
        self._every_s = every_s

    def passed(self) -> float:
        """Return the time since the start."""
        return self.now

    async def rest(self, seconds: float, unless: asyncio.Event) -> None:
        """Let the time pass, until the event is set."""
        self.asked.append(seconds)
        end = self.now + seconds
        while self.now < end and not unless.is_set():
            self.now = min(self.now + self._every_s, end)
            if self.now >= self._until_s:
                raise EnoughError
            self._commit()
        await asyncio.sleep(0)
