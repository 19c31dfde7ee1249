"""Runs inside a virtual machine with real input devices: reads two scanners and tells the host what it sees."""

from __future__ import annotations

import asyncio
import json
import os
import time
import tty
from pathlib import Path

import evdev

from commerce.errors import DeviceUnavailableError
from terminal.devices.scanner.decoder import DecoderSettings
from terminal.devices.scanner.evdev_scanner import EvdevScanner
from terminal.devices.scanner.selection import DeviceSelector

VENDOR, MODEL = 0x0627, 0x0001  # QEMU's keyboard
SETTINGS = DecoderSettings(silence_ms=None)  # an emulated machine pauses at will
LINKS = Path("/dev/input/by-path")


class Host:
    """The serial line to the host."""

    def __init__(self) -> None:
        self._line = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)

    def say(self, word: str, **facts: object) -> None:
        os.write(self._line, f"{word} {json.dumps(facts)}\n".encode())


def port_selector(port: int) -> DeviceSelector:
    (link,) = (link.name for link in LINKS.glob(f"*-usb-0:{port}:1.0-event-kbd"))
    return DeviceSelector(vendor=VENDOR, model=MODEL, id_path=link.removesuffix("-event-kbd"))


async def refusal(selector: DeviceSelector) -> str:
    scanner = EvdevScanner("other", selector)
    try:
        await scanner.open()
    except DeviceUnavailableError as error:
        return error.code
    await scanner.close()
    return ""


async def read(host: Host, scanner: EvdevScanner) -> None:
    """Read for ever, opening again after an unplug as the runner does."""
    while True:
        try:
            await scanner.open()
            host.say("OPEN", tag=scanner.name)
            async for scan in scanner.scans():
                host.say("SCAN", tag=scan.device, number=scan.number, code=scan.code)
                if scan.code == "HOLD":
                    time.sleep(3)  # noqa: ASYNC251 the loop is to be held up
        except DeviceUnavailableError as error:
            host.say("GONE", tag=scanner.name, reason=error.code)
            await scanner.close()
            await asyncio.sleep(0.5)


async def refusal_without_rights(selector: DeviceSelector) -> str:
    """Try as a user who is in no group; the interpreter itself may lie where only root can start it."""
    evdev.list_devices()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        return await refusal(selector)
    finally:
        os.seteuid(0)
        os.setegid(0)


async def main() -> None:
    host = Host()
    selectors = {"A": port_selector(1), "B": port_selector(2)}
    host.say("AMBIGUOUS", code=await refusal(DeviceSelector(vendor=VENDOR, model=MODEL)))
    host.say("FORBIDDEN", code=await refusal_without_rights(DeviceSelector(selectors["A"].find("A"))))
    async with asyncio.TaskGroup() as tasks:
        for tag, selector in selectors.items():
            tasks.create_task(read(host, EvdevScanner(tag, selector, SETTINGS)))
        await asyncio.sleep(2)
        host.say("BUSY", code=await refusal(selectors["A"]))
        host.say("READY")


if __name__ == "__main__":
    asyncio.run(main())
