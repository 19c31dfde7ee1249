"""Whoever leaves before the answer, as the daemon itself listens: their PIN is not checked, their sale goes on."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import orjson

from commerce.ids import new_id
from terminal.ui.keys import TOKENS
from terminal.ui.server import build_server, open_entrance
from tests.fakes.register import FakeRegister
from tests.fakes.ui import FakePaper, FakeSurroundings, ui_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from terminal.services.commands import Command
    from terminal.services.results import Result


class SlowRegister(FakeRegister):
    """A register that takes its time for every command; tells who it was asked by, and who did not stay."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.left: asyncio.Queue[str] = asyncio.Queue()

    async def submit(self, command: Command) -> Result:
        """Wait for ever."""
        self.asked.put_nowait(command.client)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left.put_nowait(command.client)
            raise
        raise AssertionError


@asynccontextmanager
async def listening(register: FakeRegister) -> AsyncIterator[tuple[int, str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        app = build_server(ui_services(register, frozenset({f"127.0.0.1:{port}"}), FakeSurroundings(), FakePaper()))
        token = app[TOKENS].issue("ab" * 16)
        runner = await open_entrance(app, listener, None)
        try:
            yield port, token
        finally:
            await runner.cleanup()


async def test_what_was_asked_by_somebody_who_left_is_given_up() -> None:
    register = SlowRegister()
    async with listening(register) as (port, token), asyncio.timeout(20):
        body = orjson.dumps({"command_id": new_id(), "operator": "anna", "pin": "0000"})
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /api/v1/sign-on HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Till-Token: {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        client = await register.asked.get()
        writer.close()

        assert await register.left.get() == client == "ab" * 16


async def test_a_page_that_leaves_its_live_channel_troubles_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(FakeRegister()) as (port, token), asyncio.timeout(20), aiohttp.ClientSession() as session:
        for _ in range(3):
            socket_ = await session.ws_connect(f"http://127.0.0.1:{port}/api/v1/live?token={token}")
            await socket_.receive()
            transport = socket_._response.connection
            assert transport is not None
            transport.close()
        answer = await session.get(f"http://127.0.0.1:{port}/health")
        assert answer.status == 200

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
