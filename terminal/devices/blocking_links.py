"""Links over libraries that block: serial ports and USB, each in a thread of its own."""

import asyncio
import contextlib
import errno
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from commerce.errors import DeviceUnavailableError
from terminal.devices.device_thread import DeviceThread
from terminal.devices.links import BUSY, UNREACHABLE, LinkError, take_bytes

_SERIAL_CHUNK = 256
_SERIAL_POLL_S = 0.005
_USB_CHUNK = 4096
_USB_BYTES_PER_S = 10_000.0
_POLL_S = 0.05
_GRACE_S = 0.5  # the thread's own time-out comes first; this one is for calls that ignore theirs


class _ThreadLink:
    """A blocking port in a thread; subclasses give the calls that run there."""

    def __init__(self, name: str, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self._thread = DeviceThread(name)
        self._pending = bytearray()
        self._opened = False
        self._sent = 0

    @property
    def is_open(self) -> bool:
        return self._opened

    async def open(self, timeout_s: float) -> None:
        await self.close()
        if self._thread.is_busy and not await self._settled(timeout_s):
            raise DeviceUnavailableError("link.stuck")
        try:
            await self._thread.run(self._open_port, timeout_s)
        except TimeoutError as error:
            self._thread.submit(self._close_port)
            raise DeviceUnavailableError(UNREACHABLE) from error
        except DeviceUnavailableError:
            self._thread.submit(self._close_port)
            raise
        self._opened = True

    async def write_all(self, payload: bytes, timeout_s: float) -> None:
        self._require_open()
        self._sent = 0
        try:
            await self._thread.run(lambda: self._write_port(payload, timeout_s), timeout_s + _GRACE_S)
        except TimeoutError:
            await self.close()
            raise LinkError("link.stalled", sent=self._sent) from None
        except LinkError:
            await self.close()
            raise

    async def read(self, count: int, timeout_s: float, until: bytes | None = None) -> bytes:
        self._require_open()
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while len(self._pending) < count and not (until and until in self._pending):
            if (left := deadline - clock()) <= 0:
                break
            self._pending += await self._read_once(min(left, _POLL_S))
        return take_bytes(self._pending, count, until)

    async def drain(self) -> bytes:
        self._require_open()
        waiting = bytes(self._pending)
        self._pending.clear()
        while more := await self._read_once(0.001):
            waiting += more
        return waiting

    async def close(self) -> None:
        """Close in the thread without waiting: a close can hang for as long as the line is held."""
        self._pending.clear()
        if self._opened:
            self._opened = False
            self._thread.submit(self._close_port)

    async def _settled(self, timeout_s: float) -> bool:
        """Wait for what the thread still has to do, a close before this open."""
        with contextlib.suppress(TimeoutError):
            await self._thread.run(lambda: None, timeout_s)
            return True
        return False

    async def _read_once(self, timeout_s: float) -> bytes:
        try:
            return await self._thread.run(lambda: self._read_port(timeout_s), timeout_s + _GRACE_S)
        except TimeoutError:
            await self.close()
            raise LinkError("link.stalled") from None

    def _require_open(self) -> None:
        if not self._opened:
            raise LinkError("link.closed")

    def _open_port(self) -> None:
        raise NotImplementedError

    def _write_port(self, payload: bytes, timeout_s: float) -> None:
        """Write in the thread, counting in ``_sent`` what may have left; LinkError when it does not go on."""
        raise NotImplementedError

    def _read_port(self, timeout_s: float) -> bytes:
        raise NotImplementedError

    def _close_port(self) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """A serial port, or a ``socket://host:port`` URL of one elsewhere, and how its line is set."""

    url: str
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    xonxoff: bool = False
    rtscts: bool = False
    dsrdtr: bool = False

    @property
    def bytes_per_s(self) -> float:
        """Return what the line carries, start and stop bits taken off."""
        return self.baudrate / (1 + self.bytesize + (self.parity != "N") + self.stopbits)


class SerialLink(_ThreadLink):
    """A serial line through pyserial."""

    def __init__(self, settings: SerialSettings) -> None:
        super().__init__(f"serial {settings.url}", settings.bytes_per_s)
        self._settings = settings
        self._port: Any = None

    def _open_port(self) -> None:
        serial = import_module("serial")
        wanted = self._settings
        try:
            self._port = serial.serial_for_url(
                wanted.url,
                baudrate=wanted.baudrate,
                bytesize=wanted.bytesize,
                parity=wanted.parity,
                stopbits=wanted.stopbits,
                xonxoff=wanted.xonxoff,
                rtscts=wanted.rtscts,
                dsrdtr=wanted.dsrdtr,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            code = BUSY if getattr(error, "errno", None) in (errno.EBUSY, errno.EAGAIN) else UNREACHABLE
            raise DeviceUnavailableError(code, url=wanted.url) from error

    def _write_port(self, payload: bytes, timeout_s: float) -> None:
        timed_out = import_module("serial").SerialTimeoutException
        try:
            self._port.write_timeout = timeout_s
            for start in range(0, len(payload), _SERIAL_CHUNK):
                chunk = payload[start : start + _SERIAL_CHUNK]
                # pyserial does not say how much of a failed write left, so all of it may have.
                self._sent = start + len(chunk)
                self._port.write(chunk)
                self._let_out(timeout_s)
        except timed_out:
            raise LinkError("link.stalled", sent=self._sent) from None
        except (OSError, termios.error) as error:
            raise LinkError("link.lost", sent=self._sent) from error

    def _let_out(self, timeout_s: float) -> None:
        """Wait in the thread until the line has little left: what is urgent must not wait behind a whole receipt."""
        deadline = time.monotonic() + timeout_s
        while getattr(self._port, "out_waiting", 0) > _SERIAL_CHUNK:
            if time.monotonic() > deadline:
                raise LinkError("link.stalled", sent=self._sent)
            time.sleep(_SERIAL_POLL_S)

    def _read_port(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            if first and (waiting := self._port.in_waiting):
                first += self._port.read(waiting)
        except (OSError, termios.error) as error:
            raise LinkError("link.lost") from error
        return first

    def _close_port(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        # pyserial leaves the socket of a socket:// URL open when the other side has gone first.
        network_socket = getattr(port, "_socket", None)
        for close in (port.reset_output_buffer, port.close, getattr(network_socket, "close", _nothing)):
            with contextlib.suppress(OSError, termios.error):
                close()


@dataclass(frozen=True, slots=True)
class UsbSettings:
    """Which USB device, and which of its interfaces; a serial number where several of one model are plugged in."""

    vendor_id: int
    product_id: int
    serial_number: str | None = None
    interface: int = 0


class UsbLink(_ThreadLink):
    """The bulk endpoints of a USB device through pyusb. ``find`` is pyusb's and is replaced only by tests."""

    def __init__(self, settings: UsbSettings, find: Callable[..., Any] | None = None) -> None:
        super().__init__(f"usb {settings.vendor_id:04x}:{settings.product_id:04x}", _USB_BYTES_PER_S)
        self._settings = settings
        self._find = find
        self._device: Any = None
        self._out: Any = None
        self._in: Any = None

    def _open_port(self) -> None:
        core = import_module("usb.core")
        try:
            self._device = self._find_device(self._find or core.find)
            self._claim()
        except core.NoBackendError as error:
            raise DeviceUnavailableError("link.usb_library_missing") from error
        except core.USBError as error:
            code = BUSY if error.errno == errno.EBUSY else UNREACHABLE
            raise DeviceUnavailableError(code, device=self._thread.name) from error

    def _find_device(self, find: Callable[..., Any]) -> object:
        wanted = self._settings
        found = find(find_all=True, idVendor=wanted.vendor_id, idProduct=wanted.product_id)
        for device in found or ():
            if wanted.serial_number in (None, device.serial_number):
                return device
        raise DeviceUnavailableError(UNREACHABLE, device=self._thread.name)

    def _claim(self) -> None:
        """Take the interface from the kernel's usblp and find its endpoints."""
        number = self._settings.interface
        if self._device.is_kernel_driver_active(number):
            self._device.detach_kernel_driver(number)
        import_module("usb.util").claim_interface(self._device, number)
        endpoints = tuple(self._device.get_active_configuration()[(number, 0)])
        self._out = next((each for each in endpoints if not each.bEndpointAddress & 0x80), None)
        self._in = next((each for each in endpoints if each.bEndpointAddress & 0x80), None)
        if self._out is None or self._in is None:
            raise DeviceUnavailableError("link.not_a_device", device=self._thread.name)

    def _write_port(self, payload: bytes, timeout_s: float) -> None:
        core = import_module("usb.core")
        try:
            while self._sent < len(payload):
                done = self._sent
                chunk = payload[done : done + _USB_CHUNK]
                # pyusb does not say how much of a failed transfer left, so all of it may have.
                self._sent = done + len(chunk)
                self._sent = done + int(self._out.write(chunk, int(timeout_s * 1000)))
        except core.USBTimeoutError:
            raise LinkError("link.stalled", sent=self._sent) from None
        except core.USBError as error:
            raise LinkError("link.lost", sent=self._sent) from error

    def _read_port(self, timeout_s: float) -> bytes:
        core = import_module("usb.core")
        try:
            return bytes(self._in.read(self._in.wMaxPacketSize, max(1, int(timeout_s * 1000))))
        except core.USBTimeoutError:
            return b""
        except core.USBError as error:
            raise LinkError("link.lost") from error

    def _close_port(self) -> None:
        usb_error = import_module("usb.core").USBError
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(usb_error):
                import_module("usb.util").dispose_resources(device)


def _nothing() -> None:
    """Stand in for a step that this port does not need."""
