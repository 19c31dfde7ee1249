"""The line between tills and central, which can be cut: while it is, connections break and new ones are refused."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

_CHUNK = 64 * 1024


@dataclass(slots=True)
class CutTime:
    """How long the line was watched, and how long of that it was cut."""

    started: float = field(default_factory=time.monotonic)
    cut_s: float = 0.0
    cuts: int = 0


class Line:
    """A relay on a port of loopback."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self.is_cut = False
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and let every talk go."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()
        self._break()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def cut(self) -> None:
        """Cut the line: what is under way is lost, wherever it is."""
        self.is_cut = True
        self._break()

    def mend(self) -> None:
        """Join it again."""
        self.is_cut = False

    async def cut_half_of_the_time(self, seconds: float, tally: CutTime) -> None:
        """Cut and mend the line in turn until cancelled, cut first; it is whole in the end."""
        try:
            while True:
                self.cut()
                tally.cuts += 1
                began = time.monotonic()
                try:
                    await asyncio.sleep(seconds)
                finally:
                    tally.cut_s += time.monotonic() - began
                self.mend()
                await asyncio.sleep(seconds)
        finally:
            self.mend()

    def _break(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        if self.is_cut or talk is None:
            writer.transport.abort()
            return
        self._talks.add(talk)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                await self._relay(reader, writer)
        finally:
            writer.transport.abort()
            self._talks.discard(talk)
            self._writers.discard(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(far_writer)
        try:
            if self.is_cut:
                return
            both = (_pass_on(reader, far_writer), _pass_on(far_reader, writer))
            ways = [asyncio.ensure_future(way) for way in both]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
