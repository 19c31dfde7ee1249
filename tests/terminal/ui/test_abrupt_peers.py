"""Pages that leave in the middle of a view are no bugs of the till."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from tests.fakes.shop import COFFEE

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till


@pytest.mark.parametrize("after_answer", [False, True])
async def test_a_page_that_leaves_abruptly_leaves_no_traceback(
    till: Till,
    caplog: pytest.LogCaptureFixture,
    after_answer: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    upgrade = (
        f"Host: {till.address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for path in (f"/api/v1/live?token={till.token}", "/api/v1/state", "/"):
        for _ in range(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(till.address.rpartition(":")[2]))
            writer.write(f"GET {path} HTTP/1.1\r\n{upgrade}".encode())
            if after_answer:
                await reader.readuntil(b"\r\n\r\n")
            till.register.scan(COFFEE)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
    await till.stop()

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert [record for record in caplog.records if record.exc_info] == []
