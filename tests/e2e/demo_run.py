"""The demo as a person starts it: real processes on free ports, with a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.ids import new_id
from tests.crash.processes import wait_until
from tests.crash.till_api import TillApi
from tests.ports import free_port
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from tests.crash.till_api import Answer

START_S = 90.0
STOP_S = 20.0
TILL = Path(sys.executable).with_name("till")


class DemoRun:
    """One folder and three ports; it can be started, asked to stop and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "demo data"
        self.output = folder / "output"
        self.ports = {"CENTRAL_PORT": free_port(), "TILL1_PORT": free_port(), "TILL2_PORT": free_port()}
        self.central = f"http://127.0.0.1:{self.ports['CENTRAL_PORT']}"
        self.till_url = f"http://127.0.0.1:{self.ports['TILL1_PORT']}"
        self.till = TillApi(self.ports["TILL1_PORT"])
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it without waiting."""
        environment = {**os.environ, **{name: str(port) for name, port in self.ports.items()}}
        environment |= {"DEMO_DATA": str(self.folder), "PYTHONUNBUFFERED": "1"}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.demo"],
                cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        return self._process

    def start(self) -> str:
        """Start it and return what it says once the shop is open."""
        process = self.launch()
        wait_until(lambda: "Ctrl-C stops" in self.said or process.poll() is not None, "the shop to open", START_S)
        assert process.poll() is None, self.said
        self.till.forget()
        return self.said

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send what Ctrl-C sends and return the exit status; 0 when it does not run."""
        self.till.forget()
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(number)
        return self._process.wait(STOP_S)

    @property
    def said(self) -> str:
        """What it has written so far."""
        return self.output.read_text(encoding="utf-8")

    @property
    def till_pid(self) -> int:
        """The process of till 1, as the guide or the newest restart names it."""
        return int(re.findall(r"(?:kill -9 |till 1 runs again, process )(\d+)", self.said)[-1])

    def processes(self) -> list[int]:
        """Processes of this demo that are alive, itself included."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words:
                found.append(int(entry.parent.name))
        return found

    def scan(self, *codes: str) -> subprocess.CompletedProcess[str]:
        """Scan codes at till 1 by its virtual scanner."""
        config = str(self.folder / "till-1.toml")
        command = [str(TILL), "scan", "--config", config, *codes]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def tell_card_reader(self, *words: str) -> None:
        """Say what the card reader of till 1 does next, as the guide says."""
        config = str(self.folder / "till-1.toml")
        subprocess.run([str(TILL), "card-reader", "--config", config, *words], check=True, timeout=30)

    def act(self, path: str, **values: object) -> Answer:
        """Act at till 1 by its API."""
        return self.till.act(path, {"command_id": new_id(), **values})

    def open_session(self) -> None:
        """Sign Anna on and open the session, where that is still to be done."""
        state = self.till.state()
        if state["screen"] == "sign_on":
            anna = next(person["id"] for person in state["operators"] if person["name"] == "Anna")
            assert self.act("sign-on", operator=anna, pin="2580").status == 200
        if self.till.state()["screen"] == "session":
            assert self.act("session/open", opening_cash_cents=10_000).status == 200

    def sell(self, *codes: str) -> dict[str, Any]:
        """Scan codes, pay exact cash, return what the page shows then."""
        self.pay("cash", *codes)
        return dict(self.till.state()["done"])

    def pay(self, kind: str, *codes: str) -> None:
        """Scan codes and pay them."""
        self.open_session()
        assert self.scan(*codes).returncode == 0
        wait_until(lambda: len((self.till.state()["sale"] or {"lines": ()})["lines"]) == len(codes), "the lines")
        sale = self.till.state()["sale"]
        paid = self.act("sale/tenders", sale=sale["id"], type=kind, shown_due_cents=sale["remaining_cents"])
        assert paid.status == 200, paid
