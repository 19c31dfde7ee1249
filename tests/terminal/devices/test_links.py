"""Links by themselves: what opening, writing, reading and losing the device look like."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import usb.core
import usb.util

from commerce.errors import DeviceUnavailableError
from terminal.devices.blocking_links import SerialLink, SerialSettings, UsbLink, UsbSettings
from terminal.devices.device_thread import DeviceThread
from terminal.devices.links import DeviceFileLink, Link, LinkError, TcpLink
from tests.fakes.printer import FakePrinterTty
from tests.ports import free_port


class UsbEndpoint:
    """A bulk endpoint that takes or gives what it is told to."""

    def __init__(self, address: int) -> None:
        self.bEndpointAddress = address
        self.wMaxPacketSize = 64
        self.taken = bytearray()
        self.to_give: list[bytes] = []
        self.failures: list[Exception] = []
        self.held = threading.Event()
        self.held.set()

    def write(self, payload: bytes, timeout_ms: int) -> int:
        self.held.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.taken += payload
        return len(payload)

    def read(self, size: int, timeout_ms: int) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        if not self.to_give:
            raise usb.core.USBTimeoutError("timed out", errno=errno.ETIMEDOUT)
        return self.to_give.pop(0)


class UsbDevice:
    """A USB printer that the kernel's driver holds until it is told to let go."""

    serial_number = "X1"

    def __init__(self) -> None:
        self.out, self.back = UsbEndpoint(0x01), UsbEndpoint(0x82)
        self.kernel_has_it = True

    def is_kernel_driver_active(self, interface: int) -> bool:
        return self.kernel_has_it

    def detach_kernel_driver(self, interface: int) -> None:
        self.kernel_has_it = False

    def get_active_configuration(self) -> dict[tuple[int, int], list[UsbEndpoint]]:
        return {(0, 0): [self.out, self.back]}


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> UsbDevice:
    monkeypatch.setattr(usb.util, "claim_interface", lambda device, interface: None)
    monkeypatch.setattr(usb.util, "dispose_resources", lambda device: None)
    return UsbDevice()


def usb_link(device: UsbDevice, serial_number: str | None = None) -> UsbLink:
    return UsbLink(UsbSettings(0x04B8, 0x0E15, serial_number), find=lambda **_: [device])


async def test_usb_moves_bytes_both_ways(device: UsbDevice) -> None:
    link = usb_link(device)
    await link.open(1)
    device.back.to_give = [b"\x12"]

    await link.write_all(b"x" * 10_000, 1)

    assert bytes(device.out.taken) == b"x" * 10_000
    assert not device.kernel_has_it
    assert await link.read(1, 1) == b"\x12"
    assert await link.read(1, 0.05) == b""


async def test_usb_finds_the_one_with_the_right_serial_number(device: UsbDevice) -> None:
    with pytest.raises(DeviceUnavailableError):
        await usb_link(device, serial_number="other").open(1)


async def test_usb_held_by_another_program_is_busy(device: UsbDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(device: object, interface: int) -> None:
        raise usb.core.USBError("busy", errno=errno.EBUSY)

    monkeypatch.setattr(usb.util, "claim_interface", busy)

    with pytest.raises(DeviceUnavailableError) as unavailable:
        await usb_link(device).open(1)

    assert unavailable.value.code == "link.busy"


async def test_usb_without_its_library_says_so() -> None:
    def no_backend(**_: object) -> None:
        raise usb.core.NoBackendError("no backend")

    with pytest.raises(DeviceUnavailableError) as unavailable:
        await UsbLink(UsbSettings(1, 2), find=no_backend).open(1)

    assert unavailable.value.code == "link.usb_library_missing"


async def test_usb_unplugged_while_writing_may_have_taken_some(device: UsbDevice) -> None:
    link = usb_link(device)
    await link.open(1)
    device.out.failures = [usb.core.USBError("gone", errno=errno.ENODEV)]

    with pytest.raises(LinkError) as lost:
        await link.write_all(b"receipt", 1)

    assert (lost.value.code, lost.value.sent) == ("link.lost", len(b"receipt"))
    assert not link.is_open


async def test_usb_that_takes_nothing_more_may_have_taken_some(device: UsbDevice) -> None:
    link = usb_link(device)
    await link.open(1)
    device.out.failures = [usb.core.USBTimeoutError("timed out", errno=errno.ETIMEDOUT)]

    with pytest.raises(LinkError) as stalled:
        await link.write_all(b"receipt", 1)

    assert stalled.value.code == "link.stalled"
    assert stalled.value.sent > 0


async def test_a_call_that_ignores_its_time_out_blocks_its_own_thread_only(device: UsbDevice) -> None:
    link = usb_link(device)
    await link.open(1)
    device.out.held.clear()

    with pytest.raises(LinkError):
        await link.write_all(b"receipt", 0.05)
    with pytest.raises(DeviceUnavailableError) as stuck:
        await link.open(0.05)

    assert stuck.value.code == "link.stuck"
    device.out.held.set()
    await link.open(1)
    assert link.is_open


async def test_a_thread_gives_back_results_and_errors_in_order() -> None:
    thread = DeviceThread("device")
    order: list[int] = []

    first = thread.submit(lambda: order.append(1))
    second = thread.submit(lambda: 1 // 0)

    await asyncio.wrap_future(first)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(second)
    assert await thread.run(lambda: order, 1) == [1]
    assert not thread.is_busy


@pytest.fixture
async def tty(tmp_path: Path) -> AsyncIterator[FakePrinterTty]:
    port = FakePrinterTty(tmp_path / "lp0")
    await port.start()
    yield port
    await port.stop()


def absent_links(folder: Path) -> list[Link]:
    return [
        TcpLink("127.0.0.1", free_port()),
        SerialLink(SerialSettings(str(folder / "absent"))),
        SerialLink(SerialSettings(f"socket://127.0.0.1:{free_port()}")),
        SerialLink(SerialSettings("nonsense://x")),
        DeviceFileLink(folder / "absent"),
        UsbLink(UsbSettings(1, 2), find=lambda **_: []),
    ]


async def test_what_is_not_there_is_unreachable_by_every_link(tmp_path: Path) -> None:
    for link in absent_links(tmp_path):
        with pytest.raises(DeviceUnavailableError) as unavailable:
            await link.open(1)
        assert unavailable.value.code == "link.unreachable"
        assert not link.is_open


async def test_a_closed_link_sends_nothing(tmp_path: Path) -> None:
    for link in absent_links(tmp_path):
        with pytest.raises(LinkError) as closed:
            await link.write_all(b"x", 1)
        assert closed.value.sent == 0
        await link.close()


async def test_an_ordinary_file_is_not_a_device(tmp_path: Path) -> None:
    (tmp_path / "lp0").write_bytes(b"")

    with pytest.raises(DeviceUnavailableError) as refused:
        await DeviceFileLink(tmp_path / "lp0").open(1)

    assert refused.value.code == "link.not_a_device"
    assert (tmp_path / "lp0").read_bytes() == b""


def tty_links(path: Path) -> list[Link]:
    return [DeviceFileLink(path), SerialLink(SerialSettings(str(path)))]


@pytest.mark.parametrize("which", [0, 1])
async def test_reading_ends_at_the_count_at_the_mark_or_with_the_time(tty: FakePrinterTty, which: int) -> None:
    link = tty_links(tty.path)[which]
    await link.open(1)

    await link.write_all(b"\x10\x04\x01\x10\x04\x01\x10\x04\x01", 1)

    assert await link.read(2, 1) == b"\x12\x12"
    assert await link.read(10, 1, until=b"\x12") == b"\x12"
    assert await link.read(10, 0.05) == b""
    await link.close()


@pytest.mark.parametrize("which", [0, 1])
async def test_draining_takes_what_waits(tty: FakePrinterTty, which: int) -> None:
    link = tty_links(tty.path)[which]
    await link.open(1)
    await link.write_all(b"\x10\x04\x01\x10\x04\x01", 1)
    assert await link.read(1, 1) == b"\x12"

    assert await link.drain() == b"\x12"
    await link.close()


async def test_a_serial_port_has_one_owner(tty: FakePrinterTty) -> None:
    first, second = (SerialLink(SerialSettings(str(tty.path))) for _ in range(2))
    await first.open(1)

    with pytest.raises(DeviceUnavailableError) as busy:
        await second.open(1)

    assert busy.value.code == "link.busy"
    await first.close()
