"""The live channel: central says that there is something new, the till says how it is. Losing it costs latency only."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import aiohttp
import structlog

from commerce.errors import CentralUnreachableError, PosError
from commerce.wire import Heartbeat
from terminal.sync.backoff import Backoff

HEARTBEAT_S = 5

_log = structlog.get_logger("sync.live")


class LiveServer(Protocol):
    """What the channel needs of central."""

    def live(self) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """Open the channel."""
        ...


class LiveChannel:
    """Keeps the channel open; ``on_open`` and ``on_news`` wake the pusher and the puller.

    A channel counts as open once it has lived for a heartbeat: one that is closed as soon as it is opened is tried
    again ever more seldom.
    """

    def __init__(
        self,
        server: LiveServer,
        heartbeat: Callable[[], Heartbeat],
        *,
        on_open: Callable[[], None],
        on_news: Callable[[], None],
        backoff: Backoff | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._server = server
        self._heartbeat = heartbeat
        self._on_open = on_open
        self._on_news = on_news
        self._backoff = backoff or Backoff()
        self._heartbeat_s = heartbeat_s

    async def run(self) -> None:
        """Hold the channel open for ever."""
        while True:
            try:
                await self._hold()
            except Exception as error:  # noqa: BLE001 - losing the channel costs latency only
                if not isinstance(error, PosError) and self._backoff.is_new(error):
                    _log.error("the live channel failed", exc_info=error)
                await self._backoff.pause(error)

    async def _hold(self) -> None:
        async with self._server.live() as socket:
            self._on_open()
            while not socket.closed:
                await self._beat(socket)
        raise CentralUnreachableError("sync.live_closed")

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Say how the till is, then listen until the next time."""
        try:
            await socket.send_str(self._heartbeat().model_dump_json())
            async with asyncio.timeout(self._heartbeat_s):
                while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    self._on_news()
                await socket.close()
        except TimeoutError:
            self._backoff.progress()
