"""The door of a server: how many may be inside, and for how long without a word.

It knows nothing of HTTP but where a header ends. A connection that sends no whole header in time is closed; when the
house is full, whoever was silent longest makes room, those first who never asked for anything.
"""

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

HANDSHAKE_S = 10
FILES_IN_RESERVE = 256  # databases, devices, logs and what is sent to central: never for connections
_HEADER_END = b"\r\n\r\n"


@dataclass(slots=True)
class Door:
    """Counts the guests of one server."""

    most: int
    header_s: int = 10
    quiet_ms: int = 5_000  # who said something so lately is not sent away
    _waiting: dict["Guest", None] = field(default_factory=dict)  # oldest first
    _served: dict["Guest", None] = field(default_factory=dict)  # silent longest first

    def __len__(self) -> int:
        """Return how many are inside."""
        return len(self._waiting) + len(self._served)

    def admit(self, guest: "Guest", now_ms: int) -> bool:
        """Let a guest in, sending another away where the house is full; False when nobody can be sent."""
        if len(self) >= self.most:
            other = next(chain(self._waiting, self._served), None)
            if other is None or (other in self._served and now_ms - other.heard_ms < self.quiet_ms):
                return False
            other.send_away()
        self._waiting[guest] = None
        return True

    def heard(self, guest: "Guest", *, has_asked: bool) -> None:
        """Note that a guest said something."""
        if has_asked:
            self._waiting.pop(guest, None)
            self._served.pop(guest, None)
            self._served[guest] = None

    def left(self, guest: "Guest") -> None:
        """Forget a guest."""
        self._waiting.pop(guest, None)
        self._served.pop(guest, None)


async def open_door(
    door: Door,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    serve: Callable[[], asyncio.Protocol],
    backlog: int,
) -> asyncio.Server:
    """Take connections on a bound socket; each is a guest of the door before it is served."""
    return await asyncio.get_running_loop().create_server(
        lambda: Guest(door, serve),
        sock=listener,
        ssl=tls,
        backlog=backlog,
        ssl_handshake_timeout=HANDSHAKE_S if tls else None,
    )


class Guest(asyncio.Protocol):
    """Stands between a connection and the protocol that serves it."""

    def __init__(self, door: Door, serve: Callable[[], asyncio.Protocol]) -> None:
        self.heard_ms = 0
        self._door = door
        self._serve = serve
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self._has_asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit, or close at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server's always is
        loop = asyncio.get_running_loop()
        self._transport, self.heard_ms = transport, _now_ms()
        if not self._door.admit(self, self.heard_ms):
            transport.abort()
            return
        self._timer = loop.call_later(self._door.header_s, self.send_away)
        self._inner = self._serve()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand it on, and see whether the first header is whole."""
        if self._inner is None:
            return
        self.heard_ms = _now_ms()
        if not self._has_asked:
            self._look_for_header(data)
        self._door.heard(self, has_asked=self._has_asked)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._inner.eof_received() if self._inner else None

    def pause_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it and hand it on."""
        self._door.left(self)
        self._stop_waiting()
        if self._inner:
            self._inner.connection_lost(exc)

    def send_away(self) -> None:
        """Close the connection at once; it is none of the guests any more."""
        self._door.left(self)
        if self._transport:
            self._transport.abort()

    def _look_for_header(self, data: bytes) -> None:
        seen = self._tail + data
        self._tail = seen[-3:]
        if _HEADER_END in seen:
            self._has_asked, self._tail = True, b""
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def room_for_connections(wanted: int) -> int:
    """Return how many connections fit, after raising this process's limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_IN_RESERVE
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(8, min(wanted, soft - FILES_IN_RESERVE))


def _now_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1000)
