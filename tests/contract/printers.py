"""The printers that the contract is tried on, each with the hand that breaks and mends it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from terminal.devices.blocking_links import SerialLink, SerialSettings, UsbLink, UsbSettings
from terminal.devices.links import DeviceFileLink, Link, TcpLink
from terminal.devices.printer.escpos_printer import EscPosPrinter
from terminal.devices.printer.escpos_render import drawer_pulse
from terminal.devices.printer.pace import PrinterTimeouts
from terminal.devices.printer.profiles import PrinterProfile
from terminal.devices.printer.virtual import VirtualCondition, VirtualPrinter
from tests.fakes.printer import FakePrinter, FakePrinterServer, FakePrinterTty, FakePrinterUsb, Mood

FAST = PrinterProfile(lines_per_s=10_000.0)  # paper that takes no time, so that a silent printer is given up soon
QUICK = PrinterTimeouts(open_s=2.0, status_s=0.25, write_s=0.8, answer_s=0.6, quiet_s=0.02)


class Bench(Protocol):
    """A printer with everything a test needs to know about it."""

    @property
    def printer(self) -> EscPosPrinter | VirtualPrinter:
        """The printer under test."""
        ...

    def printed(self) -> bytes:
        """Return all that is on paper."""
        ...

    def pulses(self) -> int:
        """Return how often the drawer was opened."""
        ...

    def make(self, condition: VirtualCondition) -> None:
        """Bring the printer into a condition other than unplugged."""
        ...

    async def unplug(self) -> None:
        """Pull the plug."""
        ...

    async def plug_in(self) -> None:
        """Put it back, in good order."""
        ...

    def break_at(self, count: int) -> None:
        """Let it be unplugged in the middle of the next job, after so many bytes."""
        ...

    def run_out_at(self, count: int) -> None:
        """Let its paper run out in the middle of the next job."""
        ...


@dataclass
class WiredBench:
    """An EscPosPrinter on a fake at the other end of a real connection."""

    printer: EscPosPrinter
    fake: FakePrinterServer | FakePrinterTty | FakePrinterUsb
    conditions: dict[VirtualCondition, str] = field(
        default_factory=lambda: {
            VirtualCondition.OFFLINE: "offline",
            VirtualCondition.COVER_OPEN: "cover_open",
            VirtualCondition.PAPER_NEAR_END: "paper_near_end",
            VirtualCondition.PAPER_OUT: "paper_end",
            VirtualCondition.ERROR: "error",
        }
    )

    def printed(self) -> bytes:
        return bytes(self.fake.printer.printed).replace(drawer_pulse(), b"")

    def pulses(self) -> int:
        return self.fake.printer.printed.count(drawer_pulse())

    def make(self, condition: VirtualCondition) -> None:
        for name in self.conditions.values():
            setattr(self.fake.printer, name, False)
        if condition in self.conditions:
            setattr(self.fake.printer, self.conditions[condition], True)
        elif condition is VirtualCondition.WELL:
            self.fake.resume()

    async def fake_has(self, count: int) -> None:
        """Wait until so many bytes have come over the line."""
        async with asyncio.timeout(10):
            while len(self.fake.printer.received) < count:  # noqa: ASYNC110 - the fake is a plain object
                await asyncio.sleep(0)

    async def unplug(self) -> None:
        await self.fake.stop()

    async def plug_in(self) -> None:
        await self.fake.stop()
        self.fake.printer = FakePrinter(printed=self.fake.printer.printed)
        await self.fake.start()

    def break_at(self, count: int) -> None:
        self.fake.printer.mood = Mood.RESET
        self.fake.printer.mood_at = len(self.fake.printer.printed) + count

    def run_out_at(self, count: int) -> None:
        self.fake.printer.paper_out_at = len(self.fake.printer.printed) + count


@dataclass
class VirtualBench:
    """The printer without hardware."""

    printer: VirtualPrinter

    def printed(self) -> bytes:
        return b"".join(self.printer.read_job(number) or b"" for number in self.printer.job_numbers())

    def pulses(self) -> int:
        return self.printer.drawer_pulses()

    def make(self, condition: VirtualCondition) -> None:
        self.printer.set_condition(condition)

    async def unplug(self) -> None:
        self.printer.set_condition(VirtualCondition.UNPLUGGED)

    async def plug_in(self) -> None:
        self.printer.set_condition(VirtualCondition.WELL)

    def break_at(self, count: int) -> None:
        self.printer.break_next_job(count)

    def run_out_at(self, count: int) -> None:
        self.printer.break_next_job(count, VirtualCondition.PAPER_OUT)


@asynccontextmanager
async def over_tcp(folder: Path) -> AsyncIterator[Bench]:
    async with _served(lambda server: TcpLink("127.0.0.1", server.port)) as bench:
        yield bench


@asynccontextmanager
async def over_serial_url(folder: Path) -> AsyncIterator[Bench]:
    async with _served(lambda server: SerialLink(SerialSettings(f"socket://127.0.0.1:{server.port}"))) as bench:
        yield bench


@asynccontextmanager
async def over_serial_port(folder: Path) -> AsyncIterator[Bench]:
    async with _plugged(folder, lambda path: SerialLink(SerialSettings(str(path), baudrate=115200))) as bench:
        yield bench


@asynccontextmanager
async def over_device_file(folder: Path) -> AsyncIterator[Bench]:
    async with _plugged(folder, DeviceFileLink) as bench:
        yield bench


@asynccontextmanager
async def over_usb(folder: Path) -> AsyncIterator[Bench]:
    device = FakePrinterUsb()
    await device.start()
    printer = EscPosPrinter(
        "receipts", UsbLink(UsbSettings(0x04B8, 0x0E15), find=device.find), profile=FAST, timeouts=QUICK
    )
    try:
        yield WiredBench(printer, device)
    finally:
        await printer.close()


@asynccontextmanager
async def virtual(folder: Path) -> AsyncIterator[Bench]:
    yield VirtualBench(VirtualPrinter("receipts", folder / "paper"))


@asynccontextmanager
async def _served(link_to: Callable[[FakePrinterServer], Link]) -> AsyncIterator[WiredBench]:
    server = FakePrinterServer()
    await server.start()
    printer = EscPosPrinter("receipts", link_to(server), profile=FAST, timeouts=QUICK)
    try:
        yield WiredBench(printer, server)
    finally:
        await printer.close()
        await server.stop()


@asynccontextmanager
async def _plugged(folder: Path, link_to: Callable[[Path], Link]) -> AsyncIterator[WiredBench]:
    port = FakePrinterTty(folder / "lp0")
    await port.start()
    printer = EscPosPrinter("receipts", link_to(port.path), profile=FAST, timeouts=QUICK)
    try:
        yield WiredBench(printer, port)
    finally:
        await printer.close()
        await port.stop()


WIRED: dict[str, Callable[[Path], AbstractAsyncContextManager[Bench]]] = {
    "tcp": over_tcp,
    "serial_url": over_serial_url,
    "serial_port": over_serial_port,
    "device_file": over_device_file,
    "usb": over_usb,
}
ALL = {**WIRED, "virtual": virtual}
