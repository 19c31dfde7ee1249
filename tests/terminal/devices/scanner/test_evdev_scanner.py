"""Finding, opening and grabbing a device."""

from __future__ import annotations

import errno
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from commerce.errors import BadInputError, DeviceUnavailableError
from terminal.devices.scanner.evdev_scanner import EvdevScanner
from terminal.devices.scanner.keys import DIGIT_ROW
from terminal.devices.scanner.recordings import compose_events
from terminal.devices.scanner.selection import DeviceSelector
from tests.terminal.devices.scanner.support import FakeDevices

if TYPE_CHECKING:
    from pathlib import Path

KEYBOARD = f"1000000000007 ff9f207ac14057ff {0xFEFFFFFFFFFFFFFE:x}"
BUTTONS_ONLY = "3e000b00000000 0 0 0"
LINK = "pci-0000:00:14.0-usb-0:{port}:1.{interface}"


def scanner_on(devices: FakeDevices, selector: DeviceSelector | None = None) -> EvdevScanner:
    return EvdevScanner("s", selector or DeviceSelector("/dev/input/event7"), open_device=devices.open)


async def test_the_device_is_grabbed_before_it_is_read() -> None:
    devices = FakeDevices()
    scanner = scanner_on(devices)

    await scanner.open()

    assert (devices.opened[0].path, devices.opened[0].grabbed) == ("/dev/input/event7", True)
    await scanner.close()
    assert devices.opened[0].closed
    devices.unplug()


async def test_scans_made_while_the_loop_is_held_up_are_not_lost() -> None:
    codes = [f"{number:013}" for number in range(20)]
    devices = FakeDevices(buffer_bytes=2048)
    scanner = scanner_on(devices)
    await scanner.open()

    devices.write(b"".join(compose_events(code) for code in codes))  # blocks the loop until all of it is taken

    scans = scanner.scans()
    assert [(await anext(scans)).code for _ in codes] == codes
    await scanner.close()
    devices.unplug()


async def test_closing_gives_the_device_up_at_once_even_with_unread_scans() -> None:
    devices = FakeDevices()
    scanner = scanner_on(devices)
    await scanner.open()
    devices.write(compose_events("1") * 1000)

    await scanner.close()

    assert devices.opened[0].closed
    devices.unplug()


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EACCES, "device.no_permission"), (errno.EPERM, "device.no_permission"), (errno.ENOENT, "device.absent"),
     (errno.ENODEV, "device.absent"), (errno.ENXIO, "device.absent"), (errno.EIO, "device.failed")],
)  # fmt: skip
async def test_why_a_device_cannot_be_opened_is_said(number: int, code: str) -> None:
    devices = FakeDevices()
    devices.refuse_open = number

    with pytest.raises(DeviceUnavailableError) as caught:
        await scanner_on(devices).open()

    assert caught.value.code == code
    assert caught.value.values["path"] == "/dev/input/event7"


async def test_a_device_that_another_program_has_grabbed_is_busy_and_let_go() -> None:
    devices = FakeDevices()
    devices.refuse_grab = errno.EBUSY
    scanner = scanner_on(devices)

    with pytest.raises(DeviceUnavailableError, match=r"device\.busy"):
        await scanner.open()

    assert devices.opened[0].closed
    devices.refuse_grab = 0
    await scanner.open()
    assert devices.opened[1].grabbed
    await scanner.close()
    devices.unplug()


async def test_the_real_driver_says_that_there_is_no_such_device(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"device\.absent"):
        await EvdevScanner("s", DeviceSelector(str(tmp_path / "event7"))).open()


async def test_the_real_driver_refuses_what_is_no_input_device(tmp_path: Path) -> None:
    (tmp_path / "event7").touch()

    with pytest.raises(DeviceUnavailableError, match=r"device\.failed"):
        await EvdevScanner("s", DeviceSelector(str(tmp_path / "event7"))).open()


def test_importing_the_driver_does_not_import_evdev() -> None:
    program = "import sys, terminal.devices.scanner.evdev_scanner; sys.exit('evdev' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class Machine:
    """The kernel's folders as far as finding a device needs them."""

    def __init__(self, root: Path) -> None:
        self.input, self.sys = root / "input", root / "sys"
        (self.input / "by-path").mkdir(parents=True)

    def plug(self, event: str, *, port: int, interface: int = 0, vendor: str = "05f9", keys: str = KEYBOARD) -> str:
        device = self.sys / event / "device"
        for name, text in {
            "id/vendor": vendor, "id/product": "2214", "phys": f"usb-0000:00:14.0-{port}/input{interface}",
            "capabilities/key": keys,
        }.items():  # fmt: skip
            (device / name).parent.mkdir(parents=True, exist_ok=True)
            (device / name).write_text(text + "\n")
        (self.input / event).touch()
        link = LINK.format(port=port, interface=interface)
        (self.input / "by-path" / f"{link}-event-kbd").symlink_to(f"../{event}")
        return str(self.input / event)

    def find(self, *, vendor: int | None = 0x05F9, model: int | None = 0x2214, id_path: str = "") -> str:
        return DeviceSelector(
            vendor=vendor, model=model, id_path=id_path, input_root=self.input, sys_root=self.sys
        ).find("s")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_device_is_found_by_maker_and_model(machine: Machine) -> None:
    machine.plug("event3", port=1, vendor="046d")
    node = machine.plug("event4", port=2)

    assert machine.find() == node


def test_two_of_the_same_model_are_told_apart_by_their_port(machine: Machine) -> None:
    first, second = machine.plug("event4", port=1), machine.plug("event5", port=2)

    assert machine.find(id_path=LINK.format(port=1, interface=0)) == first
    assert machine.find(id_path=LINK.format(port=2, interface=0)) == second


def test_two_of_the_same_model_without_a_port_are_ambiguous(machine: Machine) -> None:
    machine.plug("event4", port=1)
    machine.plug("event5", port=2)

    with pytest.raises(DeviceUnavailableError, match=r"device\.ambiguous"):
        machine.find()


def test_of_two_keyboards_of_one_scanner_the_first_interface_is_taken(machine: Machine) -> None:
    machine.plug("event4", port=1, interface=1)
    node = machine.plug("event15", port=1, interface=0)

    assert machine.find() == node


def test_an_interface_with_media_buttons_only_is_not_taken(machine: Machine) -> None:
    machine.plug("event4", port=1, keys=BUTTONS_ONLY)
    node = machine.plug("event5", port=1, interface=1)

    assert machine.find() == node


def test_a_scanner_that_is_not_plugged_in_is_absent(machine: Machine) -> None:
    machine.plug("event4", port=1, vendor="046d")

    with pytest.raises(DeviceUnavailableError, match=r"device\.absent"):
        machine.find()


def test_a_selection_that_any_keyboard_fits_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"scanner\.not_selected"):
        DeviceSelector(model=0x2214)


def test_a_keyboard_is_known_by_its_digits() -> None:
    lowest_word = int(KEYBOARD.split()[-1], 16)

    assert all(lowest_word >> key & 1 for key in DIGIT_ROW)
