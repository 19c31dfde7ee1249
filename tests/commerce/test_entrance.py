"""What no handler has to look at: headers that are no text, and peers that leave in the middle of an answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from commerce.door import Door
from commerce.entrance import Entrance
from tests.malformed import status_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Stage:
    """A server whose handler waits until its peer has left."""

    def __init__(self) -> None:
        self.came, self.gone = asyncio.Event(), asyncio.Event()

    async def peer_left(self, request: web.Request) -> None:
        self.came.set()
        async with asyncio.timeout(20):
            await self.gone.wait()
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - says nothing
                await asyncio.sleep(0)

    async def begin(self, request: web.Request) -> web.StreamResponse:
        await self.peer_left(request)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first words")
        return response

    async def go_on(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await self.peer_left(request)
        await response.write(b"more words")
        await response.write_eof()
        return response

    async def talk(self, request: web.Request) -> web.StreamResponse:
        talk = web.WebSocketResponse(autoping=False)
        await talk.prepare(request)
        await self.peer_left(request)
        await talk.pong(b"")
        return talk

    async def broken(self, request: web.Request) -> web.StreamResponse:
        raise ConnectionResetError(f"of something else than who asks: {request.path}")


@contextlib.asynccontextmanager
async def house(handler: Handler) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=20)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await Entrance(runner, listener, None, Door(8)).start()
    yield int(listener.getsockname()[1])
    await runner.cleanup()


async def leave_abruptly(port: int, asked: bytes, stage: Stage) -> None:
    """Ask, wait until it is being answered, and reset the connection."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked + b"\r\n")
    async with asyncio.timeout(20):
        await stage.came.wait()
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    stage.gone.set()


UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b"A" * 22
CASES = [("begin", b""), ("go_on", b""), ("talk", UPGRADE + b"==\r\n")]


@pytest.mark.parametrize(("name", "headers"), CASES)
async def test_who_leaves_abruptly_costs_one_quiet_line(
    name: str, headers: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    caplog.set_level(logging.DEBUG)
    async with house(getattr(stage, name)) as port:
        await leave_abruptly(port, ASK + headers, stage)

    loud = [record for record in caplog.records if record.levelno > logging.DEBUG and record.name != "asyncio"]
    lines = [record.getMessage() for record in caplog.records if record.name == "commerce.entrance"]
    assert loud == []
    assert [line.partition("(")[0] for line in lines] == ["a client left while it was answered: GET / "]
    assert not any(record.exc_info for record in caplog.records)


async def test_a_lost_connection_to_something_else_is_a_bug_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with house(Stage().broken) as port:
        assert await status_of(port, ASK[:-2]) == 500

    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]


@pytest.mark.parametrize("name", [b"Expect", b"X-Any", b"Cookie"])
@pytest.mark.parametrize("value", [b"\xff", b"100-continue\xfe", b"\xc3\x28", b"\xf0\x9f"])
async def test_a_header_that_is_no_text_is_refused(name: bytes, value: bytes) -> None:
    async with house(Stage().broken) as port:
        assert await status_of(port, ASK + name + b": " + value) == 400


async def test_expectations_that_nobody_can_meet_are_refused() -> None:
    async with house(Stage().broken) as port:
        assert await status_of(port, ASK + b"Expect: the unexpected") == 417
