"""Tills and browsers that leave in the middle of an answer are no bugs of central: nothing louder than a word."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.db.feed import publish_many
from tests.central.head_office import open_head_office

if TYPE_CHECKING:
    from pathlib import Path

    from tests.central.office import Office

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
PING = b"\x89\x80\x00\x00\x00\x00"  # masked, empty
ROWS = 3_000


async def leave_abruptly(port: int, asked: str, then: bytes = b"", *, after_answer: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked.encode() + b"\r\n")
    if after_answer:
        await reader.readuntil(b"\r\n\r\n")
    writer.write(then)
    await writer.drain()
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("after_answer", [False, True])
async def test_who_leaves_a_pull_or_a_live_channel_abruptly_leaves_no_traceback(
    office: Office,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    after_answer: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    till = await office.new_till()
    item: dict[str, object] = {
        "names": {"it": "x" * 2_000},
        "unit": "pc",
        "vat_code": "22",
        "price": None,
        "codes": [],
        "rank": 0,
    }
    rows = [(f"i-{number}", {**item, "sku": str(number)}) for number in range(ROWS)]
    await office.database.write(partial(publish_many, company=office.company, shop=None, kind="item", rows=rows))
    site, runner = await open_head_office(office, tmp_path)
    port = int(site.address.rpartition(":")[2])
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {till.token}\r\n"

    for _ in range(5):
        await leave_abruptly(port, f"GET /sync/v1/changes?feed=catalog HTTP/1.1\r\n{head}", after_answer=after_answer)
        await leave_abruptly(
            port, f"GET /sync/v1/live HTTP/1.1\r\n{head}{UPGRADE}", PING * 50, after_answer=after_answer
        )
        await leave_abruptly(port, f"GET /sync/v1/snapshot HTTP/1.1\r\n{head}", after_answer=after_answer)
    await runner.cleanup()

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert [record for record in caplog.records if record.exc_info] == []
