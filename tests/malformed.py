"""Requests that no browser sends, byte by byte, for both daemons."""

from __future__ import annotations

import asyncio
import random

ODD = [
    b"", b" ", b"[", b"]", b"[::1", b"http://[", b"//[", b"\xff\xfe", b"\xc3\x28", b"a\tb", b"%", b"%00", b"\x7f",
    b"null", b"=;=;=", b"x" * 7000, b"\xf0\x9f\x98\x80", b"http://x:99999999", b"x:y:z", b"1e999", b"a=\"\\", b"Bearer",
    b"Bearer ", b"Bearer \xff", b"Bearer " + b"0" * 64, b"Bearer " + "é".encode() * 32, b"bytes=9-1",
    b"central_session=\xff; central_session", b"central_session=" + b"x" * 5000, b"central_visitor=[1]",
]  # fmt: skip
NAMES = [
    b"Host", b"Origin", b"Authorization", b"Cookie", b"Content-Length", b"Content-Type", b"Content-Encoding",
    b"Accept-Language", b"Accept-Encoding", b"X-CSRF-Token", b"Sec-Fetch-Site", b"X-Forwarded-For", b"Referer",
    b"If-None-Match", b"If-Modified-Since", b"Range", b"Upgrade", b"Transfer-Encoding", b"HX-Request",
    b"Expect", b"Connection", b"Content-Disposition", b"Sec-WebSocket-Key", b"Sec-WebSocket-Version",
    b"Sec-WebSocket-Extensions", b"Sec-WebSocket-Protocol", b"Accept", b"User-Agent", b"Date", b"TE", b"Forwarded",
    b"X-Forwarded-Host", b"X-HTTP-Method-Override", b"If-Range", b"Cookie2", b"\xc3\xa9",
]  # fmt: skip
TARGETS = [
    b"*", b"/[", b"/%", b"/%ff", b"/%00", b"//", b"//[", b"http://[/", b"/items/%2e%2e%2f", b"/static/%00",
    b"/static/../../etc/passwd", b"/static/" + b"a" * 5000, b"/sales?%", b"/sales?since=%ff", b"/sales?=",
    b"/sales?&&=",
    b"/settings/audit?before=" + b"9" * 5000, b"/items?after=%F0", b"/sales/\xff",
    b"/api/v1/sales?limit=" + b"9" * 5000,
    b"/api/v1/sales?limit=1e3", b"/tills/%F0%9F", b"/live?x=[", b"/sign-in?next=//[", b"/sign-in?next=%00",
]  # fmt: skip
FUZZED = [b"/", b"/sign-in", b"/api/v1/state", b"/api/v1/sales", b"/sync/v1/ledger", b"/sync/v1/live", b"/nowhere"]


def odd_heads(seed: int, count: int, host: bytes = b"127.0.0.1") -> list[bytes]:
    """Return requests with random bytes in one header each, the same ones for the same seed."""
    chance = random.Random(seed)
    heads = []
    for _ in range(count):
        name = chance.choice(NAMES)
        value = bytes(chance.choice((chance.randrange(256), chance.randrange(128, 256), 0x20, 0x2C, 0x3B, 0x3D, 0x22))
                      for _ in range(chance.randrange(1, 40)))  # fmt: skip
        value = value.replace(b"\n", b"").replace(b"\r", b"")
        heads.append(request(chance.choice((b"GET", b"POST")), chance.choice(FUZZED), name, value, host))
    return heads


async def status_of(port: int, head: bytes) -> int:
    """Send raw bytes and return the answer's status; a closed connection is no answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(30):
        line = await reader.readline()
        if line.startswith(b"HTTP/1.1 100"):
            await reader.readline()
            line = await reader.readline()
    writer.close()
    return int(line.split()[1])


def request(method: bytes, target: bytes, name: bytes = b"X", value: bytes = b"y", host: bytes = b"127.0.0.1") -> bytes:
    """One request with one odd header."""
    host = b"" if name == b"Host" else b"Host: %b\r\n" % host
    length = b"" if method == b"GET" or name in (b"Content-Length", b"Transfer-Encoding") else b"Content-Length: 0\r\n"
    return b"%b %b HTTP/1.1\r\n%b%b%b: %b" % (method, target, host, length, name, value)
