"""The programs that are measured, and the ones that listen to them, each in a process of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.place import PROJECT
from commerce.ids import new_id
from terminal.devices.scanner.recordings import compose_events

START_S = 60.0
STOP_S = 20.0
POLL_S = 0.001
JSON = {"Content-Type": "application/json"}


class Program:
    """One program of this environment's Python, told what to do by its arguments; it answers in lines."""

    def __init__(self, *arguments: str, log: Path, environment: dict[str, str] | None = None) -> None:
        self._arguments, self._log = arguments, log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *arguments], cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def read_line(self) -> str:
        """Return the next line it writes; RuntimeError when it ends instead."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._arguments} ended:\n{self._log.read_text(errors='replace')[-3000:]}")
        return line.decode().strip()

    def resident_mib(self) -> float:
        """Return its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) / 1024

    def stop(self) -> None:
        """Ask it to end; insist when it does not."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Till(Program):
    """A till on a folder. Its page is served on ``port``; it has a virtual scanner."""

    def __init__(self, folder: Path, *, central: str = "", module: str = "terminal", port: int | None = None) -> None:
        self.port = port or free_port()
        self.scanner = folder / "scanner.sock"
        config = folder / "till.toml"
        section = f'[central]\nurl = "{central}"\n' if central else ""
        config.write_text(
            f'data_dir = "{folder}"\nlog_level = "warning"\n[listen]\nport = {self.port}\n{section}'
            f'[[devices.scanners]]\nname = "scanner"\ndriver = "virtual"\n'
            f'[devices.scanners.options]\nsocket = "{self.scanner}"\n'
        )
        self._connection: http.client.HTTPConnection | None = None
        self._token = ""
        self.started_at = time.monotonic_ns()
        super().__init__("-m", module, "run", "--config", str(config), log=folder / "till.log")

    def wait_until_up(self) -> None:
        """Return when the page is served."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.get("/health")
            except OSError:
                if self._connection:
                    self._connection.close()
                self._connection = None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.read_line()
                    raise
                time.sleep(POLL_S)
            else:
                return

    def stop(self) -> None:
        """Close the connection and stop the till."""
        if self._connection:
            self._connection.close()
        super().stop()

    def token(self) -> str:
        """Return a token for acts and sockets."""
        self._token = self._token or str(self._ask("POST", "/api/v1/tokens", {})["token"])
        return self._token

    def state(self) -> dict[str, Any]:
        """Return the whole view."""
        return self.get("/api/v1/state")

    def get(self, path: str) -> dict[str, Any]:
        """Ask for something."""
        return self._ask("GET", path)

    def act(self, path: str, **body: object) -> dict[str, Any]:
        """Do something; the next act comes after this one's acknowledgement."""
        return self._ask("POST", f"/api/v1/{path}", {"command_id": new_id(), **body}, {"X-Till-Token": self.token()})

    def _ask(
        self, method: str, path: str, body: dict[str, object] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        sent = None if body is None else json.dumps(body)
        try:
            status, answer = self._exchange(method, path, sent, headers or {})
        except ConnectionError:  # the till let an idle connection go; an act's command id makes a resend harmless
            self._connection = None
            status, answer = self._exchange(method, path, sent, headers or {})
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def _exchange(
        self, method: str, path: str, sent: str | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._connection.request(method, path, sent, {**JSON, **headers})
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())


class Scanner:
    """Sends the event bytes of scans where a till's virtual scanner, or the raw one, listens."""

    def __init__(self, path: Path) -> None:
        self._socket = _connect(path)

    def scan(self, code: str) -> int:
        """Send the bytes of one scan; return when that was (``time.monotonic_ns``)."""
        events = compose_events(code, start_us=time.monotonic_ns() // 1000)
        begun = time.monotonic_ns()
        self._socket.sendall(events)
        return begun

    def close(self) -> None:
        """Unplug it."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Frame:
    """A view, or a change of it, as a page received it."""

    at_ns: int
    size: int  # bytes
    lines: int
    newest: str


class Listener(Program):
    """A WebSocket client in a process of its own: notes when each view or change arrives."""

    def __init__(self, port: int, log: Path, token: str = "") -> None:
        super().__init__("-m", "bench.listener", str(port), token, log=log)
        self.received = 0  # bytes of all frames so far
        self.next_frame()

    def next_frame(self) -> Frame:
        """Return the next view or change it received."""
        at, size, lines, newest = self.read_line().split()
        self.received += int(size)
        return Frame(int(at), int(size), int(lines), newest)

    def wait_for_lines(self, lines: int) -> Frame:
        """Return the first view that shows so many lines."""
        while (frame := self.next_frame()).lines != lines:
            pass
        return frame


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def events_length(code: str) -> int:
    """Return how many bytes the events of a scan have."""
    return len(compose_events(code))


def _connect(path: Path) -> socket.socket:
    deadline = time.monotonic() + START_S
    while True:
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            caller.connect(str(path))
        except OSError:
            caller.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
        else:
            return caller
