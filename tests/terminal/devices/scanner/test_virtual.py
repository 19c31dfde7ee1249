"""The scanner behind a Unix socket."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from commerce.errors import BadInputError, DeviceUnavailableError
from terminal.devices.scanner.decoder import DecoderSettings
from terminal.devices.scanner.recordings import compose_events
from terminal.devices.scanner.virtual import VirtualScanner, send_codes
from tests.terminal.devices.scanner.support import FakeTimers, turn_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scanner.sock"


@pytest.fixture
def shops_own(path: Path) -> Path:
    path.write_text("the shop's own")
    return path


@asynccontextmanager
async def opened(path: Path, settings: DecoderSettings | None = None) -> AsyncIterator[VirtualScanner]:
    scanner = VirtualScanner("virtual", path, settings)
    await scanner.open()
    yield scanner
    await scanner.close()


async def take(scanner: VirtualScanner, count: int) -> list[str]:
    scans = scanner.scans()
    return [(await asyncio.wait_for(anext(scans), 10)).code for _ in range(count)]


async def test_sent_codes_have_been_read_when_sending_returns(path: Path) -> None:
    async with opened(path) as scanner:
        assert await send_codes(path, ["8001234567895", "]C110A\x1d21B", "perché €"]) == 3
        await scanner.close()

        assert await take(scanner, 3) == ["8001234567895", "]C110A\x1d21B", "perché €"]


@pytest.mark.parametrize("ending", ["enter", "kpenter", "tab", "tab_enter"])
async def test_an_italian_scanner_with_any_ending_can_be_played(path: Path, ending: str) -> None:
    async with opened(path, DecoderSettings("it")) as scanner:
        await send_codes(path, ["A-1/b", "]C1"], keymap="it", ending=ending)  # type: ignore[arg-type]

        assert await take(scanner, 2) == ["A-1/b", "]C1"]


async def test_a_thousand_codes_from_two_senders_arrive_whole_and_each_in_order(path: Path) -> None:
    first, second = [f"A{number:06}" for number in range(500)], [f"b{number:06}" for number in range(500)]
    async with opened(path) as scanner:
        await asyncio.gather(send_codes(path, first), send_codes(path, second))
        codes = await take(scanner, 1000)

    assert [code for code in codes if code[0] == "A"] == first
    assert [code for code in codes if code[0] == "b"] == second


async def test_half_a_code_goes_with_its_sender(path: Path) -> None:
    async with opened(path) as scanner:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(compose_events("12", ending="silence") + b"half an event")
        await writer.drain()
        writer.close()
        await turn_loop()
        await send_codes(path, ["34"])

        assert await take(scanner, 1) == ["34"]


async def test_a_code_without_ending_is_read_by_silence(path: Path) -> None:
    timers = FakeTimers()
    scanner = VirtualScanner("virtual", path, call_later=timers.call_later)
    await scanner.open()
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(compose_events("12", ending="silence"))
    await writer.drain()
    await turn_loop()
    timers.advance(1)

    assert await take(scanner, 1) == ["12"]
    writer.close()
    await scanner.close()


async def test_a_code_that_cannot_be_sent_stops_all_of_them(path: Path) -> None:
    async with opened(path) as scanner:
        with pytest.raises(BadInputError):
            await send_codes(path, ["1", "日"])
        await send_codes(path, ["2"])

        assert await take(scanner, 1) == ["2"]


async def test_only_the_tills_own_user_may_send(path: Path) -> None:
    async with opened(path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


async def test_sending_without_a_till_says_that_it_is_absent(path: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"device\.absent"):
        await send_codes(path, ["1"])


async def test_a_socket_left_behind_by_a_killed_till_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with pytest.raises(DeviceUnavailableError, match=r"device\.absent"):
        await send_codes(path, ["1"])

    async with opened(path) as scanner:
        await send_codes(path, ["2"])
        assert await take(scanner, 1) == ["2"]


async def test_a_second_till_does_not_take_the_socket_of_the_first(path: Path) -> None:
    async with opened(path) as scanner:
        with pytest.raises(DeviceUnavailableError, match=r"device\.busy"):
            await VirtualScanner("other", path).open()
        await send_codes(path, ["1"])

        assert await take(scanner, 1) == ["1"]


async def test_a_file_that_is_no_socket_is_not_removed(shops_own: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"device\.busy"):
        await VirtualScanner("virtual", shops_own).open()

    assert os.stat(shops_own).st_size == len("the shop's own")


async def test_a_data_directory_of_any_length_will_do(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("name" * 30)
    folder.mkdir(parents=True)
    async with opened(folder / "scanner.sock") as scanner:
        await send_codes(folder / "scanner.sock", ["1"])

        assert await take(scanner, 1) == ["1"]
    assert os.listdir(folder) == []
