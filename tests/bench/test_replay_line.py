"""The line between tills and central: whole it passes all on, cut it breaks what is open and refuses the rest."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bench.replay_line import CutTime, Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1024):
            writer.write(data)
    writer.transport.abort()


@asynccontextmanager
async def open_line() -> AsyncIterator[Line]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    line = Line(server.sockets[0].getsockname()[1])
    await line.open()
    yield line
    await line.close()
    server.close()
    await server.wait_closed()
    await _let_go()


async def _let_go() -> None:
    """Give aborted connections the turns of the loop in which they close."""
    for _ in range(3):
        await asyncio.sleep(0)


async def ask(line: Line, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(text)
    try:
        return await reader.read(1024)
    finally:
        writer.transport.abort()


async def test_a_whole_line_passes_on_both_ways() -> None:
    async with open_line() as line:
        assert await ask(line, b"hello") == b"hello"


async def test_a_cut_line_refuses_and_a_mended_one_passes_on_again() -> None:
    async with open_line() as line:
        line.cut()
        with pytest.raises(ConnectionError):
            await ask(line, b"hello")
        line.mend()

        assert await ask(line, b"hello") == b"hello"


async def test_cutting_breaks_what_is_open() -> None:
    async with open_line() as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(b"first")
        assert await reader.read(1024) == b"first"
        line.cut()

        with pytest.raises(ConnectionError):
            await reader.read(1024)
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
