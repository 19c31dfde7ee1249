"""Both daemons start and sell under the restrictions of their units; a start that fails ends with a sentence."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from terminal.devices.card_reader.virtual import VirtualCardReader
from tests.crash.cashier import Cashier
from tests.crash.central_world import CODES, PIN, Central
from tests.crash.invariants import check_central, read_ledger
from tests.crash.processes import Process, eventually, wait_until
from tests.crash.till_api import TillApi
from tests.ports import free_port
from tests.shared_data import PROJECT
from tests.terminal.test_cli import enrolled
from tests.under_unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
data_dir = "{data}"
log_level = "warning"
[listen]
port = {port}
[central]
url = "http://127.0.0.1:{central}"
[[devices.scanners]]
name = "scanner"
driver = "virtual"
[[devices.printers]]
name = "printer"
driver = "virtual"
"""
TILL, CENTRAL = Unit("cassaforte-till"), Unit("cassaforte-central")
STRICT = Unit("cassaforte-till", refused=["sched_setaffinity"])  # a drop-in, a container or an older unit


ATTEMPTS = """
import mmap, os, socket, sys
refused = []
def attempt(name, act):
    try:
        act()
    except OSError:
        refused.append(name)
attempt("core", lambda: os.sched_setaffinity(0, {0}))
attempt("code", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("etc", lambda: open("/etc/cassaforte", "w"))
attempt("proc", lambda: open("/proc/meminfo").read())
attempt("state", lambda: open(sys.argv[1], "w"))
print(",".join(refused))
"""


class Systemd:
    """The socket on which a service says how it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.heard: list[str] = []

    def has_heard(self, word: str) -> bool:
        """Whether the service has said this since it was started."""
        while True:
            try:
                self.heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return word in self.heard

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd(tmp_path / "notify.sock")
    yield listening
    listening.close()


def under(unit: Unit, folder: Path, state: Path, config: Path, systemd: Systemd) -> Process:
    """Return a daemon that will start as its unit starts it."""
    script = unit.prefix(folder / "unit", state, readable=[config], notify=systemd.path)
    return Process(unit.command_line(config), folder / f"{unit.name}.log", program=["bash", str(script)])


@pytest.mark.parametrize("unit", [TILL, STRICT], ids=["as it is", "stricter"])
def test_a_till_under_its_unit_starts_and_sells_to_a_central_under_its_own(
    tmp_path: Path, systemd: Systemd, unit: Unit
) -> None:
    seeded = Central(tmp_path / "central", tills=1)
    claim = seeded.claim()
    server = under(CENTRAL, tmp_path, seeded.folder, seeded.folder / "central.toml", systemd)
    data, port = tmp_path / "till", free_port()
    config = tmp_path / "till.toml"
    config.write_text(CONFIG.format(data=data, port=port, central=seeded.port))
    till = under(unit, tmp_path, data, config, systemd)
    api = TillApi(port)
    try:
        server.start()
        server.wait_for("central listens on")
        enrol = [sys.executable, "-m", "terminal", "enrol", "--config", str(config), claim.code]
        subprocess.run(enrol, cwd=PROJECT, check=True, capture_output=True)
        till.start()
        till.wait_for(r"http://127\.0\.0\.1:\d+/")
        wait_until(lambda: bool(api.state()["operators"]), "operators to come")
        wait_until(lambda: bool(api.get(f"/api/v1/search?q={CODES[-1]}").values.get("items")), "items to come")
        Cashier(api, seeded.seeds.operators[False], PIN, CODES, VirtualCardReader("none", tmp_path / "none")).sell(3)

        found = eventually(lambda: check_central(read_ledger(data / "ledger.db"), seeded.url, claim.till))

        assert found == []
        assert systemd.has_heard("READY=1")
        wait_until(lambda: systemd.has_heard("WATCHDOG=1"), "a daemon to feed its watchdog")
        assert [device["availability"] for device in api.state()["devices"]] == ["ready", "ready"]
    finally:
        api.forget()
        till.stop()
        server.stop()


def test_the_imitated_unit_allows_and_refuses_what_the_real_one_does() -> None:
    allowed = TILL.allowed_calls()

    assert {"openat", "fdatasync", "inotify_add_watch", "getrandom", "sched_setaffinity"} <= allowed
    assert not {"setpriority", "sched_setscheduler", "chown", "mount", "ptrace", "reboot"} & allowed
    assert "sched_setaffinity" not in CENTRAL.allowed_calls() | STRICT.allowed_calls()


def test_the_imitated_unit_is_a_wall(tmp_path: Path) -> None:
    script = STRICT.prefix(tmp_path / "unit", tmp_path / "state")
    command = ["bash", str(script), sys.executable, "-c", ATTEMPTS, str(tmp_path / "state" / "file")]

    shown = subprocess.run(command, check=True, capture_output=True, text=True)

    assert shown.stdout.strip() == "core,code,raw,etc,proc"


BUILDS = """
import asyncio
from central.sales.projection import SalesProjection
from central.tills.building import Builder
async def build():
    builder = Builder(large=0)
    await builder.build(SalesProjection(), [])
    print(builder._worker is not None)
    await builder.close()
asyncio.run(build())
"""


def test_central_has_its_building_process_under_its_unit(tmp_path: Path) -> None:
    script = CENTRAL.prefix(tmp_path / "unit", tmp_path / "state")
    command = ["bash", str(script), sys.executable, "-c", BUILDS]

    shown = subprocess.run(command, check=True, capture_output=True, text=True)

    assert (shown.stdout.strip(), shown.stderr) == ("True", "")


def test_a_till_that_cannot_start_ends_with_a_sentence_and_a_status(tmp_path: Path, systemd: Systemd) -> None:
    """Whatever fails while starting: nothing stays behind that keeps the process from ending."""
    seeded = Central(tmp_path / "central", tills=1)
    claim = seeded.claim()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config, data = tmp_path / "till.toml", tmp_path / "till"
        config.write_text(CONFIG.format(data=data, port=taken.getsockname()[1], central=seeded.port))
        seeded.open()
        try:
            enrol = [sys.executable, "-m", "terminal", "enrol", "--config", str(config), claim.code]
            subprocess.run(enrol, cwd=PROJECT, check=True, capture_output=True)
        finally:
            seeded.stop()
        till = under(TILL, tmp_path, data, config, systemd)
        till.start()

        assert till.wait_until_ended(30), "the till hangs"

    assert till.exit_status == 2
    assert "[listen.in_use]" in till.log.read_text()


BROKEN_START = """
import sys
from pathlib import Path
from terminal import __main__ as command
from terminal.app import TillApp
from terminal.services.clock import SystemClock

class BrokenClock(SystemClock):
    def passed(self):
        raise ZeroDivisionError("no such clock")

sys.argv = ["till"]
command.app = lambda: command._run(TillApp(command.read_config(Path(PLACE)), clock=BrokenClock()).run())
command.main()
"""


def test_a_start_that_fails_for_an_unforeseen_reason_ends_with_a_sentence_too(tmp_path: Path) -> None:
    config, data = tmp_path / "till.toml", tmp_path / "till-data"
    config.write_text(CONFIG.format(data=data, port=0, central=1))
    enrolled(tmp_path)
    program = BROKEN_START.replace("PLACE", repr(str(config)))

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert "no such clock" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("[start.failed]")


def test_central_ends_with_a_sentence_when_its_database_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "central.db").write_bytes(b"no database at all" * 100)
    config = tmp_path / "central.toml"
    config.write_text(
        f"data_dir = '{tmp_path}'\n[listen]\nport = 0\n[database]\nurl = 'sqlite:///{tmp_path}/central.db'\n"
    )
    command = [sys.executable, "-m", "central", "run", "--config", str(config)]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("central: ")
