"""Byte links to devices, all behind one protocol and all with hard time-outs.

Network and device files are driven here without blocking the loop; ``blocking_links`` has those that need a thread.
A link serves one user at a time; its driver sees to that.
"""

import asyncio
import contextlib
import errno
import os
import select
import socket
import stat
import tty
from pathlib import Path
from typing import Any, Protocol

from commerce.errors import DeviceError, DeviceUnavailableError

_READ_SIZE = 4096
_BYTES_PER_S = 10_000.0  # of a network or USB device
_UNSENT = 2048  # bytes waiting on this side of a connection, which what is urgent must wait behind
_LOOK_AGAIN_S = 0.02
UNREACHABLE = "link.unreachable"
BUSY = "link.busy"


class LinkError(DeviceError):
    """An open link failed. ``sent`` is how many bytes of the write may have reached the device (0: surely none)."""

    default_code = "link.lost"

    def __init__(self, reason: str, *, sent: int = 0) -> None:
        super().__init__(reason, sent=sent)
        self.sent = sent


class Link(Protocol):
    """A two-way stream of bytes to one device. ``bytes_per_s`` is the slowest that it surely carries."""

    bytes_per_s: float

    @property
    def is_open(self) -> bool:
        """Whether the link was opened and has not been closed since; the device may be gone all the same."""
        ...

    async def open(self, timeout_s: float) -> None:
        """Connect, or raise DeviceUnavailableError."""
        ...

    async def write_all(self, payload: bytes, timeout_s: float) -> None:
        """Hand over every byte, or raise LinkError with how many may have left; the link is closed then."""
        ...

    async def read(self, count: int, timeout_s: float, until: bytes | None = None) -> bytes:
        """Return up to ``count`` bytes, ending early at ``until`` or with what came in time, which may be nothing.

        LinkError: the device closed the connection or is gone.
        """
        ...

    async def drain(self) -> bytes:
        """Take and return what is waiting, so that an old answer is not taken for the next one."""
        ...

    async def close(self) -> None:
        """Let go of the device; never fails, never waits for it."""
        ...


class _DescriptorLink:
    """A non-blocking file descriptor on the event loop."""

    bytes_per_s = _BYTES_PER_S

    def __init__(self) -> None:
        self._fd: int | None = None
        self._pending = bytearray()

    @property
    def is_open(self) -> bool:
        return self._fd is not None

    async def write_all(self, payload: bytes, timeout_s: float) -> None:
        sent = 0
        try:
            async with asyncio.timeout(timeout_s):
                while sent < len(payload):
                    sent += await self._write_some(payload[sent:])
        except TimeoutError:
            await self.close()
            raise LinkError("link.stalled", sent=sent) from None
        except OSError as error:
            await self.close()
            raise LinkError("link.lost", sent=sent) from error

    async def read(self, count: int, timeout_s: float, until: bytes | None = None) -> bytes:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while len(self._pending) < count and not (until and until in self._pending):
                    self._pending += await self._read_some()
        return take_bytes(self._pending, count, until)

    async def drain(self) -> bytes:
        waiting = bytes(self._pending)
        self._pending.clear()
        while (more := self._read_now()) is not None:
            waiting += more
        return waiting

    async def close(self) -> None:
        self._pending.clear()
        if self._fd is not None:
            fd, self._fd = self._fd, None
            self._close_descriptor(fd)

    def _close_descriptor(self, fd: int) -> None:
        with contextlib.suppress(OSError):
            os.close(fd)

    async def _write_some(self, payload: bytes) -> int:
        fd = self._descriptor()
        while True:
            try:
                return os.write(fd, payload)
            except BlockingIOError:
                await ready(fd, writing=True)

    async def _read_some(self) -> bytes:
        while (found := self._read_now()) is None:
            await ready(self._descriptor(), writing=False)
        return found

    def _read_now(self) -> bytes | None:
        """Return what has come, or None when nothing has; an end of the stream is the device going away."""
        try:
            found = os.read(self._descriptor(), _READ_SIZE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise LinkError("link.lost") from error
        if not found:
            self._ended()
            return None
        return found

    def _ended(self) -> None:
        """Say what an empty read means: here, that the other side has closed."""
        raise LinkError("link.closed")

    def _descriptor(self) -> int:
        if self._fd is None:
            raise LinkError("link.closed")
        return self._fd


class TcpLink(_DescriptorLink):
    """A network device, usually on port 9100, which serves one connection at a time."""

    def __init__(self, host: str, port: int = 9100) -> None:
        super().__init__()
        self._address = (host, port)
        self._socket: socket.socket | None = None

    async def open(self, timeout_s: float) -> None:
        """Connect, or raise DeviceUnavailableError."""
        await self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                infos = await loop.getaddrinfo(*self._address, type=socket.SOCK_STREAM)
                self._socket = await _connected(infos)
        except (OSError, TimeoutError) as error:
            raise DeviceUnavailableError(UNREACHABLE, address="{}:{}".format(*self._address)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._fd = self._socket.fileno()

    def _close_descriptor(self, fd: int) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class DeviceFileLink(_DescriptorLink):
    """A character device such as ``/dev/usb/lp0``."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def open(self, timeout_s: float) -> None:
        """Connect, or raise DeviceUnavailableError; opening without blocking needs no time-out."""
        await self.close()
        try:
            fd = self._open_descriptor()
        except OSError as error:
            code = BUSY if error.errno == errno.EBUSY else UNREACHABLE
            raise DeviceUnavailableError(code, path=str(self._path)) from error
        if not stat.S_ISCHR(os.fstat(fd).st_mode):
            os.close(fd)
            raise DeviceUnavailableError("link.not_a_device", path=str(self._path))
        if os.isatty(fd):
            tty.setraw(fd)
        self._fd = fd

    def _open_descriptor(self) -> int:
        """Open for both ways, or for writing only where the device gives nothing back."""
        how = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            fd = os.open(self._path, os.O_RDWR | how)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EINVAL):
                raise
            fd = os.open(self._path, os.O_WRONLY | how)
        return fd

    def _ended(self) -> None:
        """Take an empty read for an empty USB packet unless the device has hung up."""
        if _hung_up(self._descriptor()):
            raise LinkError("link.closed")


async def _connected(infos: list[Any]) -> socket.socket:
    """Return a socket to the first address that answers."""
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in infos:
        attempt = socket.socket(family, kind, protocol)
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
        attempt.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(attempt, address)
        except OSError as error:
            attempt.close()
            failure = error
        except asyncio.CancelledError:
            attempt.close()
            raise
        else:
            return attempt
    raise failure


async def ready(fd: int, *, writing: bool) -> None:
    """Wait until the descriptor takes or has bytes; one that cannot be watched (a parallel port) is tried soon."""
    loop = asyncio.get_running_loop()
    settled: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    try:
        add(fd, _settle, settled)
    except PermissionError:
        await asyncio.sleep(_LOOK_AGAIN_S)
        return
    try:
        await settled
    finally:
        remove(fd)


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _hung_up(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def take_bytes(pending: bytearray, count: int, until: bytes | None) -> bytes:
    """Cut what a read asked for off the front of what has come."""
    end = pending.find(until) if until else -1
    size = min(count, end + len(until)) if until and end >= 0 else min(count, len(pending))
    taken = bytes(pending[:size])
    del pending[:size]
    return taken
