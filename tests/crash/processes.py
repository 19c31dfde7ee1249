"""Real processes that the crash suite starts, kills by id and starts again."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

START_S = 60.0
STOP_S = 30.0


class Process:
    """One program; its standard output and errors go to ``log``."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        environment: dict[str, str] | None = None,
        *,
        program: Sequence[str] = (sys.executable,),
    ) -> None:
        self._arguments = [*program, *arguments]
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Start it; it is not running."""
        assert not self.is_running
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=PROJECT, env=self._environment
            )

    @property
    def exit_status(self) -> int | None:
        """Its exit status once it has ended; negative for a signal."""
        return self._process.poll() if self._process else None

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; insist when it does not."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it hang."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the newest match in what it wrote since its last start; fails when it ends instead."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            found[:] = re.finditer(pattern, self.log.read_text(errors="replace"))
            return bool(found) or not self.is_running

        wait_until(look, f"{self._arguments} to write {pattern}")
        assert found, f"{self._arguments} ended:\n{self.log.read_text(errors='replace')[-4000:]}"
        return found[-1]

    def wait_until_ended(self, timeout_s: float = STOP_S) -> bool:
        """Return whether it ended by itself in time."""
        assert self._process
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: int) -> None:
        self._signal(number)
        if self._process and not self.wait_until_ended():
            self._process.kill()
            self._process.wait()


class Printer(Process):
    """The fake printer with power of its own: it survives the till, and its paper is a file."""

    def __init__(self, folder: Path, port: int) -> None:
        self.paper = folder / "paper.bin"
        self.port = port
        self._folder = folder
        self._set("well", 0)

    def _set(self, mood: str, mood_at: int) -> None:
        options = ["--port", str(self.port), "--log", str(self.paper), "--mood", mood, "--mood-at", str(mood_at)]
        super().__init__(["-m", "tests.fakes.printer", *options], self._folder / "printer.log")

    def plug_in(self, mood: str = "well", mood_at: int = 0) -> None:
        """Start it, in a mood that begins when so many bytes are on paper."""
        self._set(mood, mood_at)
        self.log.unlink(missing_ok=True)
        self.start()
        self.wait_for("listening on")

    def unplug(self) -> None:
        """Pull its plug."""
        self.kill()


class Line(Process):
    """The bad line between till and central."""

    def __init__(self, folder: Path, upstream: int) -> None:
        options = ["--upstream", str(upstream)]
        super().__init__(["-m", "tests.fakes.proxy", *options], folder / "line.log")
        self.port = 0
        self._control = 0

    def open(self) -> None:
        """Start it."""
        self.start()
        ports = self.wait_for(r"listening on 127\.0\.0\.1:(\d+), obeying on 127\.0\.0\.1:(\d+)")
        self.port, self._control = int(ports[1]), int(ports[2])

    def order(self, what: str) -> str:
        """Set its mood, or ask for ``counts``."""
        with socket.create_connection(("127.0.0.1", self._control), timeout=10) as talk:
            talk.sendall(f"{what}\n".encode())
            return talk.makefile().readline().strip()


def wait_until(holds: Callable[[], bool], what: str, deadline_s: float = 25.0) -> None:
    """Poll until something holds; AssertionError when it never does."""
    end = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        select.select([], [], [], 0.01)


def eventually(check: Callable[[], list[str]], deadline_s: float = 15.0) -> list[str]:
    """Return what a check still finds when it has had its time: for what becomes right a moment later."""
    end = time.monotonic() + deadline_s
    while (found := check()) and time.monotonic() < end:
        select.select([], [], [], 0.05)
    return found
