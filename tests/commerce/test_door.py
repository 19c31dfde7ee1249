"""Real sockets on both daemons' entrances: who says nothing goes, who is full makes room, files are kept in reserve."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

import central.web.entrance
import terminal.ui.server
from commerce.door import FILES_IN_RESERVE, Door, Guest, room_for_connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EntranceType = type[central.web.entrance.Entrance] | type[terminal.ui.server.Entrance]
ENTRANCES: list[EntranceType] = [central.web.entrance.Entrance, terminal.ui.server.Entrance]
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@contextlib.asynccontextmanager
async def house(entrance: EntranceType, door: Door) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await entrance(runner, listener, None, door).start()
    yield int(listener.getsockname()[1])
    await runner.cleanup()


@contextlib.asynccontextmanager
async def caller(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def is_answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        writer.write(ASK)
        return (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
    return False


async def is_closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            return await reader.read(100) == b""
    return True


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_connection_without_a_whole_header_is_closed_in_time(entrance: EntranceType, sent: bytes) -> None:
    door = Door(8, header_s=0)
    async with house(entrance, door) as port, caller(port) as (reader, writer):
        writer.write(sent)

        assert await is_closed(reader)
        assert len(door) == 0


@pytest.mark.parametrize("entrance", ENTRANCES)
async def test_a_header_that_comes_byte_by_byte_is_still_a_header(entrance: EntranceType) -> None:
    async with house(entrance, Door(8)) as port, caller(port) as (reader, writer):
        for byte in ASK:
            writer.write(bytes([byte]))
            await writer.drain()

        assert (await reader.read(100)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("entrance", ENTRANCES)
async def test_a_full_house_sends_away_who_never_asked_and_serves_who_does(entrance: EntranceType) -> None:
    door = Door(4)
    async with house(entrance, door) as port, contextlib.AsyncExitStack() as stack:
        regular = await stack.enter_async_context(caller(port))
        assert await is_answered(*regular)
        crowd = [await stack.enter_async_context(caller(port)) for _ in range(50)]
        newcomer = await stack.enter_async_context(caller(port))

        assert await is_answered(*newcomer)
        assert await is_answered(*regular)
        assert len(door) <= 4
        assert await is_closed(crowd[0][0])


@pytest.mark.parametrize("entrance", ENTRANCES)
async def test_a_house_full_of_regulars_closes_at_once_to_one_more(entrance: EntranceType) -> None:
    door = Door(2, quiet_ms=3_600_000)
    async with house(entrance, door) as port, contextlib.AsyncExitStack() as stack:
        regulars = [await stack.enter_async_context(caller(port)) for _ in range(2)]
        assert [await is_answered(*one) for one in regulars] == [True, True]

        assert await is_closed((await stack.enter_async_context(caller(port)))[0])
        assert [await is_answered(*one) for one in regulars] == [True, True]


async def test_a_regular_who_was_silent_longest_makes_room() -> None:
    door = Door(2, quiet_ms=0)
    async with house(ENTRANCES[0], door) as port, contextlib.AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(caller(port)) for _ in range(2)]
        assert await is_answered(*first)
        assert await is_answered(*second)
        assert await is_answered(*first)

        third = await stack.enter_async_context(caller(port))

        assert await is_answered(*third)
        assert await is_closed(second[0])
        assert await is_answered(*first)


def test_files_are_kept_in_reserve_whatever_the_limit_is() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        room = room_for_connections(2**40)
        assert room <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - FILES_IN_RESERVE
        assert room_for_connections(64) == 64
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_guest_that_was_never_let_in_hears_nothing() -> None:
    guest = Guest(Door(0), asyncio.Protocol)

    guest.data_received(ASK)
    guest.connection_lost(None)

    assert guest.eof_received() is None
