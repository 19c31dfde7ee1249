"""An ESC/POS printer on the other end of a real connection: it keeps the bytes, answers, and fails when told to.

As a process of its own (``python -m tests.fakes.printer --port N --log FILE``) it appends every printed byte to FILE,
on disk before it answers, so that what a killed till has printed can be counted.
"""

import argparse
import asyncio
import contextlib
import errno
import os
import queue
import socket
import struct
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import usb.core

REALTIME = b"\x10\x04"
REALTIME_PULSE = b"\x10\x14\x01"
IN_PRINT_ORDER = b"\x1dr"
USB_PACKET = 64
GARBAGE = b"\xff\x80Q\xee"
UNASKED = bytes((0x14, 0x00, 0x00, 0x0F))  # automatic status: its last bytes look like answers to GS r


class Mood(StrEnum):
    """How the printer treats its connection."""

    WELL = "well"
    SLOW = "slow"
    STALL = "stall"  # takes nothing more, and keeps the connection
    HALF_CLOSE = "half_close"  # closes its sending side
    RESET = "reset"
    MUTE = "mute"  # takes everything and never answers
    MUTE_IN_PRINT_ORDER = "mute_in_print_order"  # answers real-time questions only
    GARBAGE = "garbage"
    LATE = "late"  # keeps answers in print order back until one is asked for in another mood
    TALKATIVE = "talkative"  # sends status unasked before each answer


@dataclass
class FakePrinter:
    """The printer itself: bytes in, answers out; ``printed`` is what reached the paper, questions taken out."""

    printed: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)
    mood: Mood = Mood.WELL
    mood_at: int = 0  # the mood begins when so many bytes of a job are printed
    paper_end: bool = False
    paper_near_end: bool = False
    cover_open: bool = False
    error: bool = False
    offline: bool = False
    drawer_high: bool = False
    drawer_opens: bool = True  # False: its lock is broken, and its contact stays as it is
    holds_realtime: bool = False  # keeps answers in real time back until they are released
    held: bytes = b""
    owed: bytes = b""  # answers to questions of an earlier connection, sent with the next answer
    pulsed_at: list[int] = field(default_factory=list)  # how much was printed at each pulse in real time
    paper_out_at: int | None = None
    buffer_size: int = 4096
    keep: Callable[[bytes], None] | None = None
    _waiting: bytearray = field(default_factory=bytearray)
    _half_question: bytes = b""
    _held_back: bytes = b""

    @property
    def stopped(self) -> bool:
        """Whether it prints nothing now."""
        return self.paper_end or self.cover_open or self.error or self.offline

    @property
    def full(self) -> bool:
        """Whether it takes nothing more before it prints again."""
        return self.stopped and len(self._waiting) >= self.buffer_size

    @property
    def active_mood(self) -> Mood:
        """The mood, once it has begun."""
        return self.mood if len(self.printed) >= self.mood_at else Mood.WELL

    def feed(self, data: bytes) -> bytes:
        """Take bytes, answering real-time questions at once, even in the middle of a job."""
        self.received += data
        stream, self._half_question = self._half_question + data, b""
        stream = self._take_pulses(stream)
        answers = b""
        while (at := stream.find(REALTIME)) >= 0 and at + 2 < len(stream):
            self._waiting += stream[:at]
            answers += self._print() + self._say_realtime(stream[at + 2])
            stream = stream[at + 3 :]
        keep = max(_half_at_end(stream, REALTIME), _half_at_end(stream, REALTIME_PULSE))
        self._waiting += stream[: len(stream) - keep]
        self._half_question = stream[len(stream) - keep :]
        return answers + self._print()

    def _take_pulses(self, stream: bytes) -> bytes:
        """Open the drawer at once for each pulse in real time, and return the rest."""
        while (at := stream.find(REALTIME_PULSE)) >= 0 and at + 4 < len(stream):
            self.pulsed_at.append(len(self.printed))
            self.drawer_high = self.drawer_high or self.drawer_opens
            stream = stream[:at] + stream[at + 5 :]
        return stream

    def resume(self) -> bytes:
        """Print on after paper is in and the cover closed; return what it answers then."""
        self.paper_end = self.cover_open = self.error = self.offline = False
        return self._print()

    def _print(self) -> bytes:
        """Print what waits, as far as it goes."""
        answers = b""
        while self._waiting and not self.stopped:
            at = self._waiting.find(IN_PRINT_ORDER)
            if at == 0 and len(self._waiting) >= 3:
                del self._waiting[:3]
                answers += self._say_in_print_order()
                continue
            end = at if at >= 0 else len(self._waiting) - _half_at_end(bytes(self._waiting), IN_PRINT_ORDER)
            if end == 0:
                break
            if b"\x1bp" in self._waiting[:end]:
                self.drawer_high = self.drawer_high or self.drawer_opens
            self._put_on_paper(end)
        return answers

    def _put_on_paper(self, end: int) -> None:
        if self.paper_out_at is not None:
            end = min(end, max(self.paper_out_at - len(self.printed), 0))
        self.printed += self._waiting[:end]
        if self.keep and end:
            self.keep(bytes(self._waiting[:end]))
        del self._waiting[:end]
        if self.paper_out_at is not None and len(self.printed) >= self.paper_out_at:
            self.paper_out_at = None
            self.paper_end = True

    def _say_in_print_order(self) -> bytes:
        answer = bytes((0x0F if self.paper_end else 0x03 if self.paper_near_end else 0x00,))
        late, self._held_back = self._held_back, b""
        match self.active_mood:
            case Mood.MUTE_IN_PRINT_ORDER:
                return late
            case Mood.LATE:
                self._held_back = late + answer
                return b""
        return late + self._say(answer)

    def release(self) -> bytes:
        """Return every answer kept back, of both kinds."""
        self.holds_realtime = False
        late, self.held, self._held_back = self.held + self._held_back, b"", b""
        return late

    def _say_realtime(self, kind: int) -> bytes:
        if self.holds_realtime:
            self.held += self._status_byte(kind)
            return b""
        return self._say(self._status_byte(kind))

    def _say(self, answer: bytes) -> bytes:
        answer, self.owed = self.owed + answer, b""
        match self.active_mood:
            case Mood.MUTE:
                return b""
            case Mood.GARBAGE:
                return GARBAGE
            case Mood.TALKATIVE:
                return UNASKED + answer
        return answer

    def _status_byte(self, kind: int) -> bytes:
        bits = {
            1: 0x04 * self.drawer_high + 0x08 * self.stopped,
            2: 0x04 * self.cover_open + 0x20 * self.paper_end + 0x40 * self.error,
            3: 0x20 * self.error,
            4: 0x0C * (self.paper_near_end or self.paper_end) + 0x60 * self.paper_end,
        }
        return bytes((0x12 | bits.get(kind, 0),))


class FakePrinterServer:
    """The printer on a TCP port of this machine, with a small receive buffer; it serves one connection at a time."""

    def __init__(self, printer: FakePrinter | None = None, port: int = 0) -> None:
        self.printer = printer or FakePrinter()
        self.port = port
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None] | None] = set()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Listen; after a stop, on the same port again."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=2048)

    async def stop(self) -> None:
        """Pull the plug."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.gather(*(talk for talk in self._talks if talk), return_exceptions=True)

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        assert self._server
        await self._server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._talks.add(asyncio.current_task())
        try:
            async with self._turn:
                self.connections += 1
                with contextlib.suppress(ConnectionError):
                    await self._talk(reader, writer)
        finally:
            self._writers.discard(writer)
            self._talks.discard(asyncio.current_task())
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        printer = self.printer
        while not writer.is_closing():
            mood = printer.active_mood
            if mood is Mood.RESET:
                _reset(writer)
                return
            if mood is Mood.STALL or printer.full:
                await asyncio.sleep(0.01)
                continue
            if mood is Mood.SLOW:
                await asyncio.sleep(0.001)
            data = await reader.read(32 if mood is Mood.SLOW else 256)
            if not data:
                return
            answer = printer.feed(data)
            if printer.active_mood is Mood.HALF_CLOSE and writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()
                while await reader.read(256):
                    pass
                return
            if printer.active_mood is not Mood.RESET:
                writer.write(answer)
                await writer.drain()

    def resume(self) -> None:
        """Put paper in, close the cover; what then comes is sent."""
        answer = self.printer.resume()
        for writer in self._writers:
            writer.write(answer)

    def release(self) -> None:
        """Send every answer that was kept back."""
        answer = self.printer.release()
        for writer in self._writers:
            writer.write(answer)


class FakePrinterTty:
    """The printer behind a terminal device, reached by a link whose path stays the same when it is replugged."""

    def __init__(self, path: Path, printer: FakePrinter | None = None) -> None:
        self.path = path
        self.printer = printer or FakePrinter()
        self._master: int | None = None
        self._slave: int | None = None
        self._unsent = b""

    async def start(self) -> None:
        """Plug it in."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._take)

    async def stop(self) -> None:
        """Pull the plug."""
        self._unplug()

    def _unplug(self) -> None:
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None
        self.path.unlink()

    def resume(self) -> None:
        """Put paper in, close the cover; what then comes is sent."""
        self._send(self.printer.resume())

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._master is not None
        if self.printer.active_mood is Mood.STALL or self.printer.full:
            loop.remove_reader(self._master)
            return
        try:
            data = os.read(self._master, 32 if self.printer.active_mood is Mood.SLOW else 256)
        except OSError:
            return
        answer = self.printer.feed(data)
        if self.printer.active_mood in (Mood.RESET, Mood.HALF_CLOSE):
            self._unplug()
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._master is not None and answer:
            os.write(self._master, answer)


class FakePrinterUsb:
    """The printer as a USB device that pyusb would find; its calls come from the link's thread."""

    serial_number = "FAKE1"

    def __init__(self, printer: FakePrinter | None = None) -> None:
        self.printer = printer or FakePrinter()
        self._plugged_in = False
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ctx = SimpleNamespace(managed_claim_interface=_ignore, dispose=_ignore)

    async def start(self) -> None:
        """Plug it in."""
        self._answers = queue.SimpleQueue()
        self._plugged_in = True

    async def stop(self) -> None:
        """Pull the plug."""
        self._plugged_in = False

    def find(self, **_: object) -> list["FakePrinterUsb"]:
        """Stand in for ``usb.core.find``."""
        return [self] if self._plugged_in else []

    def resume(self) -> None:
        """Put paper in, close the cover; what then comes is sent."""
        self._answers.put(self.printer.resume())

    def is_kernel_driver_active(self, interface: int) -> bool:
        return False

    def get_active_configuration(self) -> dict[tuple[int, int], list[SimpleNamespace]]:
        back = SimpleNamespace(bEndpointAddress=0x82, wMaxPacketSize=USB_PACKET, read=self._give)
        return {(0, 0): [SimpleNamespace(bEndpointAddress=0x01, write=self._take), back]}

    def _take(self, payload: bytes, timeout_ms: int) -> int:
        for at in range(0, len(payload), USB_PACKET):
            self._require_plugged_in()
            if self.printer.active_mood is Mood.STALL or self.printer.full:
                threading.Event().wait(timeout_ms / 1000)
                raise usb.core.USBTimeoutError("timed out", errno=errno.ETIMEDOUT)
            answer = self.printer.feed(payload[at : at + USB_PACKET])
            if self.printer.active_mood in (Mood.RESET, Mood.HALF_CLOSE):
                self._plugged_in = False
            elif answer:
                self._answers.put(answer)
        return len(payload)

    def _give(self, size: int, timeout_ms: int) -> bytes:
        self._require_plugged_in()
        try:
            return self._answers.get(timeout=timeout_ms / 1000)
        except queue.Empty:
            raise usb.core.USBTimeoutError("timed out", errno=errno.ETIMEDOUT) from None

    def _require_plugged_in(self) -> None:
        if not self._plugged_in:
            raise usb.core.USBError("no such device", errno=errno.ENODEV)


def _ignore(*_: object) -> None:
    """Claiming and letting go need nothing here."""


def _reset(writer: asyncio.StreamWriter) -> None:
    """Drop the connection the hard way."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _half_at_end(stream: bytes, question: bytes) -> int:
    """Return how many bytes at the end may begin a question whose rest has yet to come."""
    return next((size for size in range(len(question), 0, -1) if stream.endswith(question[:size])), 0)


async def _main() -> None:
    parser = argparse.ArgumentParser(description="An ESC/POS printer on a TCP port of this machine.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--mood", type=Mood, default=Mood.WELL, choices=list(Mood))
    parser.add_argument("--mood-at", type=int, default=0)
    arguments = parser.parse_args()
    log = os.open(arguments.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def keep(printed: bytes) -> None:
        os.write(log, printed)
        os.fsync(log)

    printer = FakePrinter(keep=keep, mood=arguments.mood, mood_at=arguments.mood_at)
    server = FakePrinterServer(printer, arguments.port)
    await server.start()
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
