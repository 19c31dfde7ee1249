"""Runs the daemon: starts every task in one group, feeds the watchdog, stops everything in order.

A device's loop fails alone and is started again; a core loop that ends takes the daemon down, and systemd starts it
anew. A disk that refuses to write ends nothing: the loop tries again, because a new start would meet the same disk.
"""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from commerce.errors import StorageError

_log = structlog.get_logger("runtime")
_RESTART_PAUSE_S = 1.0
# No file handles left, no room, no memory in the kernel: a new start would meet the same.
_PASSES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOBUFS, errno.ENOMEM})
# How long a busy thread (search, printing) may keep the loop waiting; Python's own is ten times that.
_THREAD_TURN_S = 0.0005


@dataclass(frozen=True, slots=True)
class Loop:
    """Something that runs for as long as the daemon."""

    name: str
    run: Callable[[], Awaitable[None]]
    is_core: bool = True


class Notifier:
    """Tells systemd how the daemon is (sd_notify(3)); without systemd it does nothing."""

    def __init__(self, address: str | None, watchdog_usec: str | None) -> None:
        self._address = address
        self.watchdog_s = int(watchdog_usec) / 1_000_000 if watchdog_usec else None

    @classmethod
    def from_environment(cls) -> "Notifier":
        """Take the socket that systemd named."""
        return cls(os.environ.get("NOTIFY_SOCKET"), os.environ.get("WATCHDOG_USEC"))

    def send(self, message: str) -> None:
        """Send one notification; a lost one is not worth the daemon."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.setblocking(False)  # a listener that does not read must not stop the loop
                out.connect(address)
                out.send(message.encode())
        except OSError:
            _log.warning("systemd did not take a notification", message=message)


class CoreLoopEndedError(Exception):
    """A loop ended without which nobody can sell."""


class Runtime:
    """The one place where tasks are started."""

    def __init__(
        self,
        loops: Sequence[Loop],
        *,
        is_alive: Callable[[], bool],
        stop: Callable[[], Awaitable[None]],
        notifier: Notifier | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._loops = loops
        self._is_alive = is_alive
        self._stop = stop
        self._notifier = notifier or Notifier.from_environment()
        self._sleep = sleep
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self, announce: Callable[[], None] = lambda: None) -> None:
        """Run every loop until a signal asks to stop; CoreLoopEndedError when a core loop ends by itself."""
        self._catch_signals()
        sys.setswitchinterval(_THREAD_TURN_S)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._guard(loop), name=loop.name) for loop in self._loops]
                if self._notifier.watchdog_s:
                    tasks.append(group.create_task(self._watchdog(self._notifier.watchdog_s), name="watchdog"))
                self._notifier.send("READY=1")
                announce()
                await self._stopping.wait()
                self._notifier.send("STOPPING=1")
                for task in tasks:
                    task.cancel()
        finally:
            await self._stop()

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    async def _guard(self, loop: Loop) -> None:
        if loop.is_core:
            await self._outlast_the_disk(loop)
            raise CoreLoopEndedError(loop.name)
        while True:
            try:
                await loop.run()
            except Exception:  # noqa: BLE001 - whatever it is, a device must not take the till along
                _log.exception("loop failed and starts again", loop=loop.name)
            await self._sleep(_RESTART_PAUSE_S)

    async def _outlast_the_disk(self, loop: Loop) -> None:
        is_waiting = False
        while True:
            try:
                await loop.run()
            except (StorageError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in _PASSES:
                    raise
                if not is_waiting:
                    _log.error("loop waits for the disk or for files", loop=loop.name, error=str(error))
                is_waiting = True
                await self._sleep(_RESTART_PAUSE_S)
            else:
                return

    async def _watchdog(self, limit_s: float) -> None:
        """Feed the watchdog from the loop itself, and only while the parts say that they are alive."""
        while True:
            if self._is_alive():
                self._notifier.send("WATCHDOG=1")
            else:
                _log.error("a part of the daemon is stuck; the watchdog is not fed")
            await self._sleep(limit_s / 3)
