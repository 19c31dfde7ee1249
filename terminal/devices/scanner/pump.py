"""Keeps a device's buffer in the kernel empty, whatever the event loop is doing.

That buffer holds 64 events, fewer than one EAN-13 makes: a loop held up for some twenty milliseconds would lose a scan.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from contextlib import suppress
from typing import Protocol

from terminal.devices.scanner.stream import READ_BYTES, EventSource

PIPE_BYTES = 1 << 20  # some five hundred scans
STOP_S = 1.0


class Readable(Protocol):
    """A device that a descriptor stands for."""

    fd: int

    def close(self) -> None:
        """Give the device up."""
        ...


def pump(device: Readable, name: str) -> EventSource:
    """Take the device over and return what it sends through a roomy pipe; the pipe ends when the device goes."""
    output, write_end = os.pipe()
    os.set_blocking(output, False)
    with suppress(OSError):  # above the user's limit: the pipe stays at 64 KiB, thirty scans
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    stop = os.eventfd(0)
    thread = threading.Thread(target=_move, args=(device, write_end, stop), name=f"scanner {name}", daemon=True)
    thread.start()

    def close() -> None:
        os.close(output)
        os.eventfd_write(stop, 1)
        thread.join(STOP_S)
        os.close(stop)

    return EventSource(output, close)


def _move(device: Readable, write_end: int, stop: int) -> None:
    """Carry bytes until the device goes, nobody reads them any more, or it is told to stop."""
    waiting = select.poll()
    waiting.register(device.fd, select.POLLIN)
    waiting.register(stop, select.POLLIN)
    try:
        while all(fd != stop for fd, _ in waiting.poll()):
            data = _read(device.fd)
            if data == b"":
                break
            while data:
                data = data[os.write(write_end, data) :]
    except OSError:  # ENODEV: unplugged; EPIPE: closed at the other end
        pass
    finally:
        os.close(write_end)
        with suppress(OSError):
            device.close()


def _read(fd: int) -> bytes | None:
    """Return what has come, b"" at the end, None when it was a false alarm."""
    try:
        return os.read(fd, READ_BYTES)
    except BlockingIOError:
        return None
