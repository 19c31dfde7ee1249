"""The line between tills and central: whole it passes all on, cut it breaks what is open and refuses the rest."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.replay_line import CutTime, Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def open_line() -> AsyncIterator[Line]:
    """Open a line to a server that says everything back; all of its talks have ended when the block ends."""
    talks: list[asyncio.Task[None]] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1024):
                writer.write(data)
        writer.transport.abort()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.ensure_future(echo(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line = Line(server.sockets[0].getsockname()[1])
    await line.open()
    try:
        yield line
    finally:
        await line.close()
        server.close()
        await asyncio.gather(*talks)
        await asyncio.sleep(0)  # the turn of the loop in which aborted connections close


async def ask(line: Line, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(text)
    try:
        return await read(reader)
    finally:
        writer.transport.abort()


async def read(reader: asyncio.StreamReader) -> bytes:
    """Return what comes next; nothing when the connection has ended, in whichever way."""
    with contextlib.suppress(ConnectionError):
        return await reader.read(1024)
    return b""


async def test_a_whole_line_passes_on_both_ways() -> None:
    async with open_line() as line:
        assert await ask(line, b"hello") == b"hello"


async def test_a_cut_line_refuses_and_a_mended_one_passes_on_again() -> None:
    async with open_line() as line:
        line.cut()
        assert await ask(line, b"hello") == b""
        line.mend()

        assert await ask(line, b"hello") == b"hello"


async def test_cutting_breaks_what_is_open() -> None:
    async with open_line() as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(b"first")
        assert await read(reader) == b"first"
        line.cut()

        assert await read(reader) == b""
        writer.transport.abort()


async def test_the_line_is_cut_first_counted_and_whole_in_the_end() -> None:
    async with open_line() as line:
        tally = CutTime()
        cutting = asyncio.ensure_future(line.cut_half_of_the_time(3600, tally))
        await asyncio.sleep(0)
        assert (line.is_cut, tally.cuts) == (True, 1)
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)

        assert not line.is_cut
        assert tally.cut_s > 0
