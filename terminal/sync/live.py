"""The live channel: central says that there is something new, the till says how it is. Losing it costs latency only."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import aiohttp
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from commerce.errors import CentralUnreachableError, ForbiddenError, SyncError
from commerce.wire import Heartbeat

HEARTBEAT_S = 5
LONGEST_PAUSE_S = 30

_log = structlog.get_logger("sync.live")


class LiveServer(Protocol):
    """What the channel needs of central."""

    def live(self) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """Open the channel."""
        ...


class LiveChannel:
    """Keeps the channel open; ``on_open`` and ``on_news`` wake the pusher and the puller."""

    def __init__(
        self,
        server: LiveServer,
        heartbeat: Callable[[], Heartbeat],
        *,
        on_open: Callable[[], None],
        on_news: Callable[[], None],
    ) -> None:
        self._server = server
        self._heartbeat = heartbeat
        self._on_open = on_open
        self._on_news = on_news

    async def run(self) -> None:
        """Hold the channel open for ever; a core loop of the runtime."""
        while True:
            retrying = AsyncRetrying(
                wait=wait_random_exponential(multiplier=1, max=LONGEST_PAUSE_S),
                retry=retry_if_exception_type((SyncError, ForbiddenError)),
            )
            await retrying(self._hold)

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
            async with asyncio.timeout(HEARTBEAT_S):
                while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    self._on_news()
                await socket.close()
        except TimeoutError:
            return
