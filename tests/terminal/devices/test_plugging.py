"""Noticing what is plugged in, by udev's messages and by the folder of device nodes."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from terminal.devices.plugging import Plugging, open_udev

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

UEVENT = b"libudev\0" + bytes(32) + b"ACTION=add\0DEVPATH=/devices/x/input/input7\0SUBSYSTEM=%s\0"


@asynccontextmanager
async def watching(folder: Path, listen: Callable[[], socket.socket | None]) -> AsyncIterator[asyncio.Queue[None]]:
    """Watch until the test is over; each change that is noticed is put into the queue."""
    noticed: asyncio.Queue[None] = asyncio.Queue()
    run = asyncio.ensure_future(Plugging(lambda: noticed.put_nowait(None), folder=folder, listen=listen).run())
    await asyncio.sleep(0)
    yield noticed
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def took_notice(noticed: asyncio.Queue[None]) -> bool:
    await asyncio.wait_for(noticed.get(), 10)
    while not noticed.empty():
        noticed.get_nowait()
    return True


async def test_a_new_node_is_noticed_and_so_is_the_right_to_use_it(tmp_path: Path) -> None:
    async with watching(tmp_path, lambda: None) as noticed:
        node = tmp_path / "event5"
        node.touch()
        assert await took_notice(noticed)

        node.chmod(0o660)
        assert await took_notice(noticed)


async def test_links_are_noticed_in_folders_that_come_into_being(tmp_path: Path) -> None:
    folder = tmp_path / "input"
    async with watching(folder, lambda: None) as noticed:
        folder.mkdir()
        assert await took_notice(noticed)
        (folder / "by-id").mkdir()
        assert await took_notice(noticed)

        (folder / "by-id" / "usb-scanner-event-kbd").symlink_to("../event5")
        assert await took_notice(noticed)


async def test_udev_is_heard_about_input_devices_only(tmp_path: Path) -> None:
    ours, udev = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    async with watching(tmp_path, lambda: ours) as noticed:
        udev.send(UEVENT % b"block")
        udev.send(UEVENT % b"input")
        assert await took_notice(noticed)

        udev.send(UEVENT % b"net")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert noticed.empty()
    udev.close()


async def test_listening_to_udev_fails_without_a_word_where_it_may_not() -> None:
    listener = open_udev()

    if listener is not None:
        listener.close()
