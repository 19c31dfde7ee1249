"""How long to wait before the next attempt: longer after every failure, spread by chance, and as central asks.

Only progress starts the pauses anew: an answer that led to nothing is none, or a central that greets well and then
fails would be asked without a pause.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from commerce.pauses import pause_ms

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
LONGEST_ASKED_S = 3600.0  # whoever asks for more is not believed

# (seconds, what ends the pause before its time) -> when it is over
Rest = Callable[[float, asyncio.Event], Awaitable[None]]


async def rest(seconds: float, unless: asyncio.Event) -> None:
    """Wait until the time has passed or the event is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(
            seconds
        ):  # wait_for loses a cancellation that comes with the event, and a stop hangs
            await unless.wait()


class Backoff:
    """The pauses of one kind of attempt. ``wake`` cuts a pause short, unless central asked for it."""

    def __init__(
        self,
        *,
        first_s: float = FIRST_PAUSE_S,
        longest_s: float = LONGEST_PAUSE_S,
        rest: Rest = rest,
        chance: Callable[[int], int] = random.randrange,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._rest = rest
        self._chance = chance
        self._failures = 0
        self._last = ""
        self._woken = asyncio.Event()
        self._never = asyncio.Event()

    def progress(self) -> None:
        """Something was achieved: the next failure is a first one."""
        self._failures, self._last = 0, ""

    def is_new(self, error: BaseException) -> bool:
        """Tell whether a failure is another one than the last: a fault is logged in full once, not for ever."""
        last, self._last = self._last, repr(error)
        return last != self._last

    def wake(self) -> None:
        """End the pause that is going on."""
        self._woken.set()

    async def pause(self, error: BaseException) -> None:
        """Wait after a failure."""
        seconds, asked = self.next_pause_s(error), asked_pause_s(error) > 0
        self._woken.clear()
        await self._rest(seconds, self._never if asked else self._woken)

    def next_pause_s(self, error: BaseException) -> float:
        """Count a failure and return how long to wait: half of the pause is certain, the other half is chance."""
        own_ms = pause_ms(self._failures, int(self._first_s * 1000), int(self._longest_s * 1000), self._chance)
        self._failures += 1
        return max(own_ms / 1000, asked_pause_s(error))


def asked_pause_s(error: BaseException) -> float:
    """Return how long central asked to wait (``Retry-After``), 0 when it did not."""
    asked = getattr(error, "values", {}).get("wait_s", 0)
    return min(max(float(asked), 0.0), LONGEST_ASKED_S) if isinstance(asked, int | float) else 0.0
