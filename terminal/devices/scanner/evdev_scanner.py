"""A scanner at ``/dev/input``: found, opened and grabbed, so that nobody else on the machine sees what it reads."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import struct
import time
from typing import TYPE_CHECKING, Protocol

from commerce.errors import DeviceUnavailableError
from terminal.devices.scanner.pump import pump
from terminal.devices.scanner.stream import (
    ABSENT,
    FAILED,
    CallLater,
    EventSource,
    EventStreamScanner,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from terminal.devices.scanner.decoder import DecoderSettings
    from terminal.devices.scanner.selection import DeviceSelector

EVIOCSCLOCKID = 0x400445A0


class InputDevice(Protocol):
    """What is used of ``evdev.InputDevice``."""

    fd: int

    def grab(self) -> None:
        """Take the device for ourselves; OSError EBUSY when another has."""
        ...

    def close(self) -> None:
        """Give the device up, the grab with it."""
        ...


class EvdevScanner(EventStreamScanner):
    """Reads a keyboard-wedge scanner through the kernel's event device.

    Opening raises DeviceUnavailableError with ``device.absent``, ``device.busy`` (another program has grabbed it),
    ``device.no_permission``, ``device.ambiguous`` (several devices fit the selection) or ``device.failed``.
    """

    def __init__(
        self,
        name: str,
        selector: DeviceSelector,
        settings: DecoderSettings | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        call_later: CallLater | None = None,
        open_device: Callable[[str], InputDevice] | None = None,
    ) -> None:
        super().__init__(name, self._connect_device, settings, now=now, call_later=call_later)
        self._selector = selector
        self._open_device = open_device or open_input_device

    async def _connect_device(self) -> EventSource:
        return await asyncio.to_thread(self._grab_device)  # evdev's import alone takes a tenth of a second

    def _grab_device(self) -> EventSource:
        path = self._selector.find(self.name)
        try:
            device = self._open_device(path)
        except OSError as error:
            raise self._unavailable(error, path) from error
        try:
            device.grab()
        except OSError as error:
            device.close()
            raise self._unavailable(error, path) from error
        return pump(device, self.name)

    def _unavailable(self, error: OSError, path: str) -> DeviceUnavailableError:
        code = _CODES.get(error.errno or 0, FAILED)
        return DeviceUnavailableError(code, device=self.name, path=path, reason=error.strerror or str(error))


def open_input_device(path: str) -> InputDevice:
    """Open an event device whose times do not jump when the machine's clock is set."""
    import evdev  # only a till with a real scanner pays for it

    device: InputDevice = evdev.InputDevice(path)
    try:
        fcntl.ioctl(device.fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
    except OSError:
        device.close()
        raise
    return device


_CODES = {
    errno.EBUSY: "device.busy",
    errno.EACCES: "device.no_permission",
    errno.EPERM: "device.no_permission",
    errno.ENOENT: ABSENT,
    errno.ENODEV: ABSENT,
    errno.ENXIO: ABSENT,
}
