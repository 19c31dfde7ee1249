"""Notices that something was plugged in, so that a device which was missing is tried at once.

Two sources, whichever there is: udev's own messages, which come when its rules have run (rights are set and links are
made), and the folder of device nodes, where the machine has no udev or does not let us hear it.
"""

import asyncio
import contextlib
import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path

import structlog

_log = structlog.get_logger("plugging")

INPUT_FOLDER = Path("/dev/input")
_LINK_FOLDERS = ("by-id", "by-path")
_READ_BYTES = 64 * 1024
_KOBJECT_UEVENT, _UDEV_GROUP = 15, 2
_SUBSYSTEM = b"SUBSYSTEM=input\0"
_IN_ATTRIB, _IN_MOVED_TO, _IN_CREATE = 0x004, 0x080, 0x100
_IN_NONBLOCK, _IN_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC


def open_udev() -> socket.socket | None:
    """Listen to udev's messages; None where there is no udev, or we may not."""
    try:
        listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _KOBJECT_UEVENT)
    except OSError:
        return None
    try:
        listener.bind((0, _UDEV_GROUP))
    except OSError:
        listener.close()
        return None
    listener.setblocking(False)
    return listener


class FolderWatch:
    """The kernel's notices (inotify) of new names and changed rights in a folder of device nodes and its links.

    A folder that does not exist yet is waited for in the one above it. OSError: the kernel has none to give.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd = int(self._libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC))
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._watch()

    def take(self) -> bool:
        """Empty the kernel's queue and watch what has come into being; whether there was anything."""
        try:
            heard = bool(os.read(self.fd, _READ_BYTES))
        except BlockingIOError:
            return False
        self._watch()
        return heard

    def close(self) -> None:
        """Watch no more."""
        os.close(self.fd)

    def _watch(self) -> None:
        """Watch everything there is of it; what is watched already stays as it is."""
        folders = [self._folder, *(self._folder / name for name in _LINK_FOLDERS)]
        if not self._folder.is_dir():
            folders = [next((above for above in self._folder.parents if above.is_dir()), Path("/"))]
        for folder in folders:
            self._libc.inotify_add_watch(self.fd, os.fsencode(folder), _IN_CREATE | _IN_MOVED_TO | _IN_ATTRIB)


class Plugging:
    """Calls ``on_change`` each time an input device may have come, or come within our rights."""

    def __init__(
        self,
        on_change: Callable[[], None],
        *,
        folder: Path = INPUT_FOLDER,
        listen: Callable[[], socket.socket | None] = open_udev,
    ) -> None:
        self._on_change = on_change
        self._folder = folder
        self._listen = listen

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            udev = self._listen()
            if udev is not None:
                stack.callback(udev.close)
                loop.add_reader(udev.fileno(), self._hear, udev)
                stack.callback(loop.remove_reader, udev.fileno())
            try:
                watch = FolderWatch(self._folder)
            except OSError as error:
                _log.warning("device nodes are not watched", reason=str(error))
            else:
                stack.callback(watch.close)
                loop.add_reader(watch.fd, self._look, watch)
                stack.callback(loop.remove_reader, watch.fd)
            await asyncio.Event().wait()

    def _hear(self, udev: socket.socket) -> None:
        heard = False
        try:
            while True:
                heard = _SUBSYSTEM in udev.recv(_READ_BYTES) or heard
        except BlockingIOError:
            pass
        except OSError:  # more at once than the kernel keeps: ours may be among what was lost
            heard = True
        if heard:
            self._on_change()

    def _look(self, watch: FolderWatch) -> None:
        if watch.take():
            self._on_change()
