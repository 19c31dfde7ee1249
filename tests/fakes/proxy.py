"""A bad line between till and central: an HTTP proxy whose mood a test sets while it runs.

As a process of its own (``python -m tests.fakes.proxy --port N --upstream N --control N``) it takes its mood by name,
one line on the control port, and answers ``ok``; ``counts`` tells how many requests met each mood, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

HEAD_LIMIT = 64 * 1024
SLOW_S = 0.3
LATE_S = 2.5
REFUSAL = b"no such luck"


class Mood(StrEnum):
    """What happens to a request."""

    WELL = "well"
    GONE = "gone"  # central cannot be reached, and open connections break
    ERROR = "error"  # 500 without asking central
    ERROR_AFTER = "error_after"  # central does it, and the answer is 500
    HALF = "half"  # central does it, and half of its answer arrives
    HALF_REQUEST = "half_request"  # half of the request reaches central
    HALF_CLOSE = "half_close"  # central does it; the client sees the end of the stream instead of an answer
    LOST = "lost"  # central does it, and the connection breaks
    LATE = "late"  # central does it; the answer comes when the client has given up
    SLOW = "slow"
    TWICE = "twice"  # central gets it twice
    STALE = "stale"  # it is lost now, and reaches central again behind the next one
    GARBAGE = "garbage"  # central does it, and the answer is no JSON


@dataclass(frozen=True)
class Message:
    """One request or answer in its very bytes."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        """Return it as it travels."""
        return self.head + self.body

    @property
    def upgrades(self) -> bool:
        """Whether it opens a WebSocket."""
        return b"upgrade: websocket" in self.head.lower()


class BadLine:
    """The proxy on a port of this machine."""

    def __init__(self, upstream: int, port: int = 0) -> None:
        self.port = port
        self.mood = Mood.WELL
        self.counts: Counter[str] = Counter()
        self._upstream = upstream
        self._held: list[Message] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=HEAD_LIMIT)

    async def stop(self) -> None:
        """Close everything."""
        if self._server:
            self._server.close()
        self._break_connections()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def set_mood(self, mood: Mood) -> None:
        """Treat what comes from now on so; open channels break, as they do when a line changes."""
        self.mood = mood
        self._break_connections()

    def _break_connections(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk
        self._talks.add(talk)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while self.mood is not Mood.GONE and (request := await _read(reader, is_answer=False)):
                    await self._treat(request, reader, writer)
        finally:
            self._talks.discard(talk)
            self._writers.discard(writer)
            writer.transport.abort() if self.mood is Mood.GONE else writer.close()

    async def _treat(self, request: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mood = self.mood
        self.counts[mood] += 1
        if mood in (Mood.WELL, Mood.SLOW) and request.upgrades:
            await self._tunnel(request, reader, writer)
            return
        match mood:
            case Mood.ERROR:
                await _send(writer, _answer(500, REFUSAL))
                return
            case Mood.STALE:
                self._held.append(request)
                raise ConnectionAbortedError
            case Mood.HALF_REQUEST:
                await self._ask(Message(request.head, request.body[: len(request.body) // 2]), cut=True)
                raise ConnectionAbortedError
            case Mood.SLOW:
                await asyncio.sleep(SLOW_S)
            case Mood.TWICE:
                await self._ask(request)
        answer = await self._ask(request)
        await self._deliver_held()
        await self._answer(mood, answer, writer)

    async def _answer(self, mood: Mood, answer: Message, writer: asyncio.StreamWriter) -> None:
        match mood:
            case Mood.ERROR_AFTER:
                await _send(writer, _answer(500, REFUSAL))
            case Mood.GARBAGE:
                await _send(writer, _answer(200, b'{"wire": 1, "hea'))
            case Mood.HALF:
                await _send(writer, answer.whole[: len(answer.head) + len(answer.body) // 2])
                raise ConnectionAbortedError
            case Mood.LOST:
                raise ConnectionAbortedError
            case Mood.HALF_CLOSE:
                writer.write_eof()
                await asyncio.sleep(SLOW_S)
                raise ConnectionAbortedError
            case Mood.LATE:
                await asyncio.sleep(LATE_S)
                await _send(writer, answer.whole)
            case _:
                await _send(writer, answer.whole)

    async def _deliver_held(self) -> None:
        held, self._held = self._held, []
        for request in held:
            await self._ask(request)

    async def _ask(self, request: Message, *, cut: bool = False) -> Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream, limit=HEAD_LIMIT)
        try:
            await _send(writer, request.whole)
            if cut:
                return Message(b"", b"")
            answer = await _read(reader, is_answer=True)
            if answer is None:
                raise ConnectionAbortedError
            return answer
        finally:
            writer.close()

    async def _tunnel(self, request: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(far_writer)
        try:
            await _send(far_writer, request.whole)
            ways = [_pass_on(reader, far_writer), _pass_on(far_reader, writer)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()
        raise ConnectionAbortedError


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        await _send(writer, data)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _read(reader: asyncio.StreamReader, *, is_answer: bool) -> Message | None:
    """Return the next message, None when the other side has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields = dict(_field(line) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return Message(head, await _read_chunks(reader))
    if b"content-length" in fields:
        return Message(head, await reader.readexactly(int(fields[b"content-length"])))
    return Message(head, await reader.read() if is_answer else b"")


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip().lower()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
        body += size + chunk
        if chunk == b"\r\n":
            return body


def _answer(status: int, body: bytes) -> bytes:
    reason = b"OK" if status == 200 else b"Internal Server Error"
    head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, reason, len(body)) + body


async def _obey(line: BadLine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while order := (await reader.readline()).decode().strip():
        if order == "counts":
            await _send(writer, json.dumps(line.counts).encode() + b"\n")
        else:
            line.set_mood(Mood(order))
            await _send(writer, b"ok\n")
    writer.close()


async def _main() -> None:
    parser = argparse.ArgumentParser(description="An HTTP proxy on loopback that treats requests badly.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--upstream", type=int, required=True)
    parser.add_argument("--control", type=int, default=0)
    arguments = parser.parse_args()
    line = BadLine(arguments.upstream, arguments.port)
    await line.start()
    control = await asyncio.start_server(lambda r, w: _obey(line, r, w), "127.0.0.1", arguments.control)
    control_port = control.sockets[0].getsockname()[1]
    print(f"listening on 127.0.0.1:{line.port}, obeying on 127.0.0.1:{control_port}", flush=True)
    await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
