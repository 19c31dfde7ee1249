"""What the scanner's tests share."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.devices.scanner.decoder import DecoderSettings, KeyDecoder
from terminal.devices.scanner.recordings import Packets
from terminal.devices.scanner.stream import EventSource, descriptor_source
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = PROJECT / "hw-fixtures" / "scanner"


def load_composer() -> dict[str, Any]:
    """Return what the script that composes the fixtures defines."""
    return runpy.run_path(str(FIXTURES / "compose.py"))


def fixture_names() -> list[str]:
    return sorted(str(path.relative_to(FIXTURES).with_suffix("")) for path in FIXTURES.glob("*/*.bin"))


def read_fixture(name: str) -> tuple[bytes, dict[str, Any]]:
    path = FIXTURES / name
    return path.with_suffix(".bin").read_bytes(), json.loads(path.with_suffix(".json").read_text())


def decode(data: bytes, settings: DecoderSettings | None = None) -> list[str]:
    """Return the codes of whole recordings that end in silence."""
    decoder = KeyDecoder(settings)
    return [read.code for read in (*decoder.feed(data), *decoder.flush())]


def packets(*reports: tuple[tuple[int, int], ...], start_us: int = 0) -> bytes:
    """Return the events of reports, each a few keys with their values."""
    written = Packets(start_us)
    for report in reports:
        written.report(report)
    return bytes(written.data)


class FakeTimers:
    """A clock that a test moves; it calls what has fallen due."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._due: list[Due] = []

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Due:
        due = Due(self.now_s + delay_s, callback)
        self._due.append(due)
        return due

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
        for due in [due for due in self._due if due.at_s <= self.now_s]:
            self._due.remove(due)
            if not due.cancelled:
                due.callback()


@dataclass(eq=False)
class Due:
    """A call that a fake clock holds."""

    at_s: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class Pipes:
    """Stands for a socket that a device is plugged into: each connection is a new pipe."""

    def __init__(self) -> None:
        self._writing: int | None = None

    async def connect(self) -> EventSource:
        self.unplug()
        reading, self._writing = os.pipe()
        return descriptor_source(reading)

    def write(self, data: bytes) -> None:
        assert self._writing is not None
        os.write(self._writing, data)

    def unplug(self) -> None:
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None


class FakeDevices:
    """Opens and grabs a device as the kernel lets us: nodes can be absent, forbidden, taken, unplugged."""

    def __init__(self, buffer_bytes: int = 0) -> None:
        self.refuse_open = self.refuse_grab = 0
        self._buffer_bytes = buffer_bytes
        self.opened: list[FakeDevice] = []

    def open(self, path: str) -> FakeDevice:
        if self.refuse_open:
            raise OSError(self.refuse_open, os.strerror(self.refuse_open), path)
        self.opened.append(FakeDevice(path, self.refuse_grab, self._buffer_bytes))
        return self.opened[-1]

    def write(self, data: bytes) -> None:
        self.opened[-1].kernel.sendall(data)

    def unplug(self) -> None:
        for device in self.opened:
            device.kernel.close()


class FakeDevice:
    """One open device; the kernel is the other end of a socket."""

    def __init__(self, path: str, refuse_grab: int, buffer_bytes: int) -> None:
        self.path = path
        self.grabbed = self.closed = False
        self._refuse_grab = refuse_grab
        self.kernel, self._ours = socket.socketpair()
        self._ours.setblocking(False)
        self.kernel.settimeout(5)
        if buffer_bytes:
            self.kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        self.fd = self._ours.fileno()

    def grab(self) -> None:
        if self._refuse_grab:
            raise OSError(self._refuse_grab, os.strerror(self._refuse_grab))
        self.grabbed = True

    def close(self) -> None:
        self.closed = True
        self._ours.close()


async def turn_loop() -> None:
    """Let the loop read what has been written."""
    for _ in range(10):
        await asyncio.sleep(0)
