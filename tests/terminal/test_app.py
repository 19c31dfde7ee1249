"""The whole daemon as a process: how it starts, what it tells systemd, how it stops."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from terminal.app import _make_folders
from tests.crash.processes import wait_until
from tests.ports import free_port
from tests.shared_data import PROJECT
from tests.terminal.test_cli import enrolled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WATCHDOG_USEC = "300000"
BROKEN = """
import sys
from pathlib import Path
from terminal.__main__ import _announce, _run
from terminal.app import TillApp
from terminal.config import read_config
from terminal.services.clock import SystemClock

class BrokenClock(SystemClock):
    started = False
    def now(self):
        if self.started:
            raise RuntimeError("the clock broke")
        return super().now()

def announce(app):
    _announce(settings, app.port)
    sys.stdout.flush()
    clock.started = True

settings, clock = read_config(Path(sys.argv[1])), BrokenClock()
_run(TillApp(settings, clock=clock).run(announce))
"""  # a clock that fails once the till runs: its loop is one of those without which nobody can sell
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Daemon:
    """A till that runs, and the socket on which it tells systemd how it is."""

    process: subprocess.Popen[bytes]
    systemd: socket.socket
    port: int
    log: Path

    def hear(self) -> str:
        """Return the next notification."""
        return self.systemd.recv(200).decode()

    def hear_until(self, message: str) -> list[str]:
        """Return every notification up to one."""
        heard = [self.hear()]
        while heard[-1] != message:
            heard.append(self.hear())
        return heard

    def status_of(self, path: str, **headers: str) -> int:
        """Ask for a page and return the status."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with direct.open(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A till without central and with virtual devices, started as systemd would."""
    enrolled(tmp_path)
    port = free_port()
    (tmp_path / "till.toml").write_text(
        f'data_dir = "till-data"\nlog_level = "warning"\n[listen]\nport = {port}\n'
        '[[devices.scanners]]\nname = "scanner"\ndriver = "virtual"\n'
        '[[devices.printers]]\nname = "receipts"\ndriver = "virtual"\n',
        encoding="utf-8",
    )
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    systemd.settimeout(60)
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": WATCHDOG_USEC}
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "terminal", "run", "--config", str(tmp_path / "till.toml")]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    yield Daemon(process, systemd, port, tmp_path / "log")
    if process.poll() is None:
        process.kill()
        process.wait()
    systemd.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_ready_feeds_the_watchdog_and_ends_with_0_when_told_to(daemon: Daemon, number: signal.Signals) -> None:
    first = daemon.hear()
    served = daemon.status_of("/health")
    daemon.hear_until("WATCHDOG=1")
    daemon.process.send_signal(number)
    daemon.hear_until("STOPPING=1")
    status = daemon.process.wait(30)

    assert first == "READY=1"
    assert served == 200
    assert status == 0
    assert "Traceback" not in daemon.log.read_text()
    assert f"http://127.0.0.1:{daemon.port}/" in daemon.log.read_text()


def test_it_serves_its_page_to_its_own_name_only(daemon: Daemon) -> None:
    daemon.hear_until("READY=1")

    assert daemon.status_of("/") == 200
    assert daemon.status_of("/api/v1/state", Origin="http://evil.example") == 403
    assert daemon.status_of("/api/v1/state", Host="evil.example") in (400, 403, 421)


def test_a_daemon_that_was_killed_leaves_nothing_in_the_way_of_the_next(daemon: Daemon) -> None:
    daemon.hear_until("READY=1")
    daemon.process.kill()
    daemon.process.wait()

    again = subprocess.Popen(daemon.process.args, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: again.poll() is not None or answers(daemon), "the till to answer", 60)
        assert again.poll() is None
    finally:
        again.terminate()
        status = again.wait(30)

    assert status == 0


def test_a_core_loop_that_fails_ends_the_daemon_with_another_status_than_0(tmp_path: Path) -> None:
    enrolled(tmp_path)
    config = tmp_path / "till.toml"
    config.write_text(f'data_dir = "till-data"\n[listen]\nport = {free_port()}\n', encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-c", BROKEN, str(config)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "http://127.0.0.1" in ended.stdout
    assert ended.returncode == 1
    assert "RuntimeError: the clock broke" in ended.stderr


def answers(daemon: Daemon) -> bool:
    """Whether the till serves."""
    try:
        return daemon.status_of("/health") == 200
    except OSError:
        return False


def test_nobody_else_can_read_what_a_till_keeps(daemon: Daemon, tmp_path: Path) -> None:
    daemon.hear_until("READY=1")
    open_to_others = [
        str(path.relative_to(tmp_path))
        for path in [tmp_path / "till-data", *(tmp_path / "till-data").rglob("*")]
        if not path.is_socket() and path.stat().st_mode & 0o077
    ]

    assert daemon.status_of("/health") == 200
    assert open_to_others == []


def test_a_data_directory_that_stands_open_is_closed_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)

    _make_folders(folder)

    assert [stat.S_IMODE(place.stat().st_mode) for place in (folder, folder / "virtual")] == [0o700, 0o700]


def test_more_idle_connections_than_it_takes_do_not_end_a_till(daemon: Daemon) -> None:
    """4,202 of them, then a payment, ended it: whoever only connects takes no file from whoever sells."""
    daemon.hear_until("READY=1")
    url, json = f"http://127.0.0.1:{daemon.port}/api/v1/tokens", {"Content-Type": "application/json"}
    with contextlib.ExitStack() as idle:
        for _ in range(300):
            idle.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=60))
        with direct.open(urllib.request.Request(url, b"{}", json), timeout=60) as answer:
            token = answer.status
        files = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    assert token == 200
    assert files < 200
    assert daemon.process.poll() is None
