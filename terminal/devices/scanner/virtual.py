"""A scanner for a machine without one: event bytes through a Unix socket, read and decoded as a real one's."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commerce.errors import DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.scanner.recordings import Ending, compose_events
from terminal.devices.scanner.stream import (
    ABSENT,
    CLOSED,
    FAILED,
    CallLater,
    EventReader,
    ScanQueue,
    descriptor_source,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from terminal.devices.protocols import Scan
    from terminal.devices.scanner.decoder import DecoderSettings

SILENCE_S = 0.5  # longer than the silence that ends a code
ANSWER_S = 5.0
CODE_APART_US = 10_000_000  # more than the longest code takes at a millisecond a report
LONGEST_ADDRESS = 108  # sun_path


class VirtualScanner:
    """Listens where :func:`send_codes` sends; each connection has a decoder of its own, as each device has."""

    def __init__(
        self,
        name: str,
        socket_path: Path,
        settings: DecoderSettings | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        call_later: CallLater | None = None,
    ) -> None:
        self.name = name
        self._path = socket_path
        self._settings = settings
        self._call_later = call_later
        self._queue = ScanQueue(name, now)
        self._listener: socket.socket | None = None
        self._readers: set[EventReader] = set()

    async def open(self) -> None:
        """Listen, for the till's own user only; ``device.busy`` when another till listens there already."""
        if self._listener:
            return
        try:
            listener = _listen(self._path)
        except OSError as error:
            raise _unavailable(error, self.name) from error
        self._listener = listener
        self._queue.open()
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept)

    async def scans(self) -> AsyncIterator[Scan]:
        """Yield scans until the scanner is closed; then raise DeviceUnavailableError."""
        while True:
            yield await self._queue.take()

    async def close(self) -> None:
        """Stop listening. Scans already read are kept for who iterates next."""
        if self._listener:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)
        for reader in list(self._readers):
            reader.stop()
        self._readers.clear()
        self._queue.end(CLOSED)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gave up before we came
            return
        source = descriptor_source(connection.detach())

        def forget(_reason: str) -> None:
            self._readers.discard(reader)

        queue = self._queue
        reader = EventReader(self.name, source, self._settings, queue.put, queue.put_doubt, forget, self._call_later)
        self._readers.add(reader)


async def send_codes(socket_path: Path, codes: Iterable[str], *, keymap: str = "us", ending: Ending = "enter") -> int:
    """Scan the codes at the till that listens there and return how many; back when the till has read them all.

    BadInputError: a code cannot be sent, and none was. DeviceUnavailableError: nobody listens there.
    OutcomeUnknownError: the till took them without saying that it read them.
    """
    recordings = _compose_all(codes, keymap, ending)
    try:
        with _address(socket_path) as address:
            reader, writer = await asyncio.open_unix_connection(address)
    except OSError as error:
        raise _unavailable(error, str(socket_path)) from error
    try:
        await asyncio.wait_for(_send(reader, writer, recordings, ending), ANSWER_S + SILENCE_S * len(recordings))
    except (OSError, TimeoutError) as error:
        raise OutcomeUnknownError(device=str(socket_path)) from error
    finally:
        writer.close()
    return len(recordings)


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recordings: list[bytes], ending: Ending
) -> None:
    for recording in recordings:
        writer.write(recording)
        await writer.drain()
        if ending == "silence":
            await asyncio.sleep(SILENCE_S)
    writer.write_eof()
    await reader.read()  # the till closes once it has read to the end


def _compose_all(codes: Iterable[str], keymap: str, ending: Ending) -> list[bytes]:
    """Compose before connecting, so that a code that cannot be sent stops all of them."""
    start_us = time.monotonic_ns() // 1000
    return [
        compose_events(code, keymap, ending, start_us + number * CODE_APART_US) for number, code in enumerate(codes)
    ]


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before binding, so that the file never has wider rights
        with _address(path) as address:
            _bind(listener, address, path)
        listener.listen()
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _bind(listener: socket.socket, address: str, path: Path) -> None:
    try:
        listener.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not path.is_socket() or _is_answered(address):
            raise
        path.unlink()  # left behind by a till that was killed
        listener.bind(address)


def _is_answered(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        return caller.connect_ex(address) != errno.ECONNREFUSED


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Yield an address for the path: one that is longer than a socket's may be goes by way of its open folder."""
    if len(os.fsencode(path)) < LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _unavailable(error: OSError, device: str) -> DeviceUnavailableError:
    return DeviceUnavailableError(_CODES.get(error.errno or 0, FAILED), device=device)


_CODES = {
    errno.EADDRINUSE: "device.busy",
    errno.EACCES: "device.no_permission",
    errno.EPERM: "device.no_permission",
    errno.ENOENT: ABSENT,
    errno.ECONNREFUSED: ABSENT,
}
