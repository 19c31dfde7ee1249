from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from commerce.errors import StorageError
from terminal.runtime import CoreLoopEndedError, Loop, Notifier, Runtime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

WATCHDOG_USEC = "3000000"


class Systemd:
    """The socket that systemd reads notifications from."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self.path = path

    def heard(self) -> list[str]:
        """Return what was sent since the last time."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


class Pauses:
    """Sleeping without time: each pause lasts until the test lets it end."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._turns: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._turns.get()

    def end_one(self) -> None:
        """End one pause."""
        self._turns.put_nowait(None)

    async def pass_one(self) -> None:
        """End one pause, and wait until its sleeper sleeps again."""
        before = len(self.asked)
        self._turns.put_nowait(None)
        await until(lambda: len(self.asked) > before)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    socket_of_systemd = Systemd(tmp_path / "notify")
    yield socket_of_systemd
    socket_of_systemd.close()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came")


async def for_ever() -> None:
    await asyncio.Event().wait()


async def nothing() -> None:
    """Nothing to close."""


def make(
    *loops: Loop,
    alive: Callable[[], bool] = lambda: True,
    stop: Callable[[], Awaitable[None]] = nothing,
    notifier: Notifier | None = None,
    pauses: Pauses | None = None,
) -> Runtime:
    return Runtime(
        loops or (Loop("writer", for_ever),),
        is_alive=alive,
        stop=stop,
        notifier=notifier or Notifier(None, None),
        sleep=pauses.sleep if pauses else asyncio.sleep,
    )


async def started(runtime: Runtime) -> asyncio.Task[None]:
    """Run it until it is ready."""
    ready = asyncio.Event()
    running = asyncio.create_task(runtime.run(ready.set))
    await ready.wait()
    return running


async def test_systemd_hears_that_it_is_ready_and_that_it_stops(systemd: Systemd) -> None:
    runtime = make(notifier=Notifier(str(systemd.path), None))

    running = await started(runtime)
    at_start = systemd.heard()
    runtime.stop()
    await running

    assert at_start == ["READY=1"]
    assert systemd.heard() == ["STOPPING=1"]


async def test_an_abstract_socket_is_served_too() -> None:
    name = f"cassaforte-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as receiver:
        receiver.bind(f"\0{name}")

        Notifier(f"@{name}", None).send("READY=1")

        assert receiver.recv(100) == b"READY=1"


async def test_a_systemd_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    runtime = make(notifier=Notifier(str(tmp_path / "nobody"), None))

    running = await started(runtime)
    runtime.stop()
    await running

    assert running.done()


async def test_the_watchdog_is_fed_three_times_as_often_as_it_asks(systemd: Systemd, pauses: Pauses) -> None:
    runtime = make(notifier=Notifier(str(systemd.path), WATCHDOG_USEC), pauses=pauses)

    running = await started(runtime)
    await asyncio.sleep(0)
    await pauses.pass_one()
    fed = systemd.heard().count("WATCHDOG=1")
    runtime.stop()
    await running

    assert fed == 2
    assert pauses.asked[:2] == [1.0, 1.0]


async def test_the_watchdog_is_not_fed_while_the_writer_is_stuck(systemd: Systemd, pauses: Pauses) -> None:
    alive = True
    runtime = make(alive=lambda: alive, notifier=Notifier(str(systemd.path), WATCHDOG_USEC), pauses=pauses)
    running = await started(runtime)
    await asyncio.sleep(0)
    assert "WATCHDOG=1" in systemd.heard()

    alive = False
    await pauses.pass_one()
    while_stuck = systemd.heard()
    alive = True
    await pauses.pass_one()
    afterwards = systemd.heard()
    runtime.stop()
    await running

    assert while_stuck == []
    assert afterwards == ["WATCHDOG=1"]


async def test_a_core_loop_that_ends_takes_the_daemon_down_in_order() -> None:
    closed: list[str] = []
    ending = asyncio.Event()

    async def close() -> None:
        closed.append("closed")

    runtime = make(Loop("register", ending.wait), Loop("server", for_ever), stop=close)  # type: ignore[arg-type]
    running = await started(runtime)
    ending.set()

    with pytest.raises(ExceptionGroup) as end:
        await running

    assert isinstance(end.value.exceptions[0], CoreLoopEndedError)
    assert closed == ["closed"]


async def test_a_core_loop_that_fails_takes_the_daemon_down_with_its_fault() -> None:
    async def fail() -> None:
        raise ValueError("a bug")

    with pytest.raises(ExceptionGroup) as end:
        await make(Loop("register", fail), Loop("server", for_ever)).run()

    assert [type(fault) for fault in end.value.exceptions] == [ValueError]


@pytest.mark.parametrize("refusal", [StorageError("storage.full"), OSError(errno.EMFILE, "too many open files")])
async def test_a_core_loop_outlasts_a_disk_that_refuses_to_write(pauses: Pauses, refusal: Exception) -> None:
    attempts, third = iter(range(3)), asyncio.Event()

    async def fail_twice() -> None:
        if next(attempts) < 2:
            raise refusal
        third.set()
        await for_ever()

    runtime = make(Loop("push", fail_twice), pauses=pauses)
    running = await started(runtime)
    await pauses.pass_one()
    pauses.end_one()
    await third.wait()
    runtime.stop()
    await running

    assert pauses.asked == [1.0, 1.0]


async def test_a_device_that_fails_starts_again_alone(pauses: Pauses) -> None:
    starts = 0

    async def fail_twice() -> None:
        nonlocal starts
        starts += 1
        if starts <= 2:
            raise OSError("unplugged")
        await for_ever()

    runtime = make(Loop("register", for_ever), Loop("device scanner", fail_twice, is_core=False), pauses=pauses)
    running = await started(runtime)
    await asyncio.sleep(0)
    await pauses.pass_one()
    second = starts
    pauses._turns.put_nowait(None)
    await until(lambda: starts == 3)
    runtime.stop()
    await running

    assert second == 2
    assert starts == 3
    assert pauses.asked == [1.0, 1.0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_every_loop_and_then_closes_what_is_open(number: signal.Signals) -> None:
    order: list[str] = []

    async def until_cancelled() -> None:
        try:
            await for_ever()
        finally:
            order.append("loop ended")

    async def close() -> None:
        order.append("closed")

    running = await started(make(Loop("writer", until_cancelled), stop=close))
    await asyncio.sleep(0)
    os.kill(os.getpid(), number)
    await running

    assert order == ["loop ended", "closed"]
