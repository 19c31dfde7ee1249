"""Turns: acts that are carried out one after the other, in the order in which they were asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Task:
    """One turn."""

    act: Callable[[], Awaitable[Any]]
    future: asyncio.Future[Any]


class Turns:
    """A queue of acts. Whoever asked hears what came of theirs; no failure of one keeps the next from its turn."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Task] = asyncio.Queue()

    async def run(self) -> None:
        """Carry acts out for ever; the runtime starts it."""
        while True:
            task = await self._queue.get()
            try:
                value = await task.act()
            except asyncio.CancelledError:
                task.future.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - the caller is the boundary, the next act must go on
                if not task.future.done():
                    task.future.set_exception(error)
            else:
                if not task.future.done():
                    task.future.set_result(value)

    async def take(self, act: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever the act returns
        """Wait for a turn and return what the act returned."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Task(act, future))
        return await future
