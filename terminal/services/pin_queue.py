"""The queue before a check of PINs: one place for each client, in the order in which clients came."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from commerce.errors import ConflictError


@dataclass(eq=False)
class _Place:
    """A client's place. Its newest check takes it from the one before, with what that one has waited."""

    asked: asyncio.Task[Any] | None
    called: asyncio.Event = field(default_factory=asyncio.Event)
    since: float | None = None  # when it was called


class PinQueue:
    """Lets one check begin at a time. However often a client asks, it comes once between two checks of others."""

    def __init__(
        self, sleep: Callable[[float], Awaitable[object]], passed: Callable[[], float], grace_s: float
    ) -> None:
        self._sleep = sleep
        self._passed = passed
        self._grace_s = (
            grace_s  # how long the place of somebody who left is kept: a page asks again when it waited long
        )
        self._places: dict[str, _Place] = {}
        self._is_busy = False

    async def enter(self, client: str, delay_s: Callable[[], float]) -> None:
        """Return when the check may begin: its turn has come and the delay is over. ``leave`` ends the turn.

        ConflictError ``pin.asked_again`` when the same client asked again before.
        """
        task = asyncio.current_task()
        place = self._take_place(client, task)
        began = False
        try:
            await place.called.wait()
            await self._slow_down(place, delay_s())
            began = True
        except asyncio.CancelledError:
            if place.asked is not task and task is not None and task.uncancel() == 0:
                raise ConflictError("pin.asked_again") from None
            raise
        finally:
            if began:
                self._is_busy = True
                del self._places[client]
            elif place.asked is task:
                self._keep_for_a_while(client, place)

    def leave(self) -> None:
        """Let the next one begin."""
        self._is_busy = False
        self._call_next()

    def drop(self, client: str) -> None:
        """Give a client's place up: it asks for something else now."""
        place = self._places.pop(client, None)
        if place is not None:
            _send_away(place, None)
            self._call_next()

    def _take_place(self, client: str, task: asyncio.Task[Any] | None) -> _Place:
        place = self._places.get(client)
        if place is not None:
            _send_away(place, task)
            return place
        place = self._places[client] = _Place(task)
        self._call_next()
        return place

    async def _slow_down(self, place: _Place, delay_s: float) -> None:
        now = self._passed()
        place.since = now if place.since is None else place.since
        if (rest_s := delay_s - (now - place.since)) > 0:
            await self._sleep(rest_s)

    def _keep_for_a_while(self, client: str, place: _Place) -> None:
        place.asked = None

        def let_go() -> None:
            if place.asked is None and self._places.get(client) is place:
                del self._places[client]
                self._call_next()

        asyncio.get_running_loop().call_later(self._grace_s, let_go)

    def _call_next(self) -> None:
        if not self._is_busy and self._places:
            next(iter(self._places.values())).called.set()


def _send_away(place: _Place, successor: asyncio.Task[Any] | None) -> None:
    """Hand a place on; whoever had it is told."""
    before, place.asked = place.asked, successor
    if before is not None:
        before.cancel()
