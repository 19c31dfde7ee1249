"""The driver on a real kernel's input devices, in a virtual machine whose host types."""

from __future__ import annotations

import asyncio
import json
import runpy
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.prerequisites import missing
from tests.shared_data import PROJECT, shared_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GUEST = Path(__file__).with_name("guest.py")
DEVICES = [
    word
    for device in (
        "virtio-gpu-pci,id=dispA",
        "virtio-gpu-pci,id=dispB",
        "qemu-xhci,id=xhci",
        "usb-kbd,id=scanA,bus=xhci.0,port=1,serial=SCAN-A,display=dispA",
        "usb-kbd,id=scanB,bus=xhci.0,port=2,serial=SCAN-B,display=dispB",
    )
    for word in ("-device", device)
]

HELD_UP = ["8001234567895", "2100001005001", "8076809513753"]

pytestmark = [
    pytest.mark.soak,
    # the laboratory leaves its own log and sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Machine(Protocol):
    """What is used of the laboratory's virtual machine."""

    async def expect(self, prefix: str, timeout: float) -> str: ...  # noqa: ASYNC109 as it is there

    async def type(self, text: str, suffix: str | None = ..., *, device: str) -> None: ...

    async def qmp(self, execute: str, **arguments: str) -> object: ...


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    """A booted machine with two scanners."""
    laboratory = runpy.run_path(str(shared_path("tools", "evdev-vm", "vm.py")))
    for program, package in {
        "qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio",
    }.items():  # fmt: skip
        if shutil.which(program) is None:
            missing(program, f"install the package {package}")
    command = f"PYTHONPATH={PROJECT} {sys.executable} {GUEST}"
    modules = "evdev xhci-pci usbhid hid-generic"
    async with laboratory["VM"](command, devices=DEVICES, modules=modules, keep=tmp_path) as booted:
        yield booted


async def heard(machine: Machine, word: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((await machine.expect(word, 120)).removeprefix(word))
    return facts


async def test_two_real_scanners_are_grabbed_read_unplugged_and_read_again(machine: Machine) -> None:
    assert await heard(machine, "AMBIGUOUS") == {"code": "device.ambiguous"}
    assert await heard(machine, "FORBIDDEN") == {"code": "device.no_permission"}
    assert await heard(machine, "BUSY") == {"code": "device.busy"}
    await heard(machine, "READY")

    await machine.type("]C10108/12-x_Y:Z", device="dispA")
    assert await heard(machine, "SCAN") == {"tag": "A", "number": 1, "code": "]C10108/12-x_Y:Z"}

    await asyncio.gather(
        machine.type("1111111111116", device="dispA"), machine.type("2222222222222", device="dispB", suffix="tab")
    )
    both = [await heard(machine, "SCAN") for _ in range(2)]
    assert sorted((scan["tag"], scan["number"], scan["code"]) for scan in both) == [
        ("A", 2, "1111111111116"), ("B", 1, "2222222222222"),
    ]  # fmt: skip

    await machine.type("HOLD", device="dispB")
    assert (await heard(machine, "SCAN"))["code"] == "HOLD"
    for code in HELD_UP:
        await machine.type(code, device="dispA")
    assert [(await heard(machine, "SCAN"))["code"] for _ in HELD_UP] == HELD_UP

    await machine.type("8001", suffix=None, device="dispA")
    await machine.qmp("device_del", id="scanA")
    assert await heard(machine, "GONE") == {"tag": "A", "reason": "device.absent"}

    await asyncio.sleep(1)
    await machine.qmp(
        "device_add", driver="usb-kbd", id="scanA2", bus="xhci.0", port="1", serial="SCAN-A", display="dispA"
    )
    assert await heard(machine, "OPEN") == {"tag": "A"}
    await machine.type("8001234567895", device="dispA")
    assert await heard(machine, "SCAN") == {"tag": "A", "number": 6, "code": "8001234567895"}
