"""One till with its printer, its fiscal register and its central: crashed, started again and looked at."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from terminal.devices.card_reader.virtual import VirtualCardReader
from tests.crash import orders
from tests.crash.card_checks import check_cards, count_open
from tests.crash.cashier import Cashier
from tests.crash.central_world import CODES, PIN, READER, Central
from tests.crash.fsync_shadow import Shadow
from tests.crash.invariants import (
    Ledger,
    check_central,
    check_fiscal,
    check_ledger,
    check_notes,
    check_paper,
    check_prints,
    count_unsettled,
    read_ledger,
)
from tests.crash.orders import Orders
from tests.crash.printed import Receipt, read_receipts
from tests.crash.processes import Printer, Process, eventually, wait_until
from tests.crash.till_api import TillApi, TillGoneError
from tests.ports import free_port
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """
data_dir = "{data}"
log_level = "warning"
[listen]
port = {port}
[central]
url = "http://127.0.0.1:{central}"
timeout_s = 2
[[devices.printers]]
name = "printer"
driver = "escpos-tcp"
[devices.printers.options]
host = "127.0.0.1"
port = {printer}
answer_s = 2
keep_open = {keep_open}
[[devices.card_readers]]
name = "{reader}"
driver = "virtual"
[devices.card_readers.options]
directory = "{reader_directory}"
"""
FISCAL = """
[devices.fiscal_register]
name = "rt"
driver = "fake"
[devices.fiscal_register.options]
state_file = "{state}"
"""


class World:
    """Everything around one till. ``drop_unsynced``: a crash takes with it what was not fsynced.

    With ``cards`` the cashier takes cards by the reader as well.
    """

    def __init__(
        self,
        folder: Path,
        central: Central,
        *,
        drop_unsynced: bool = False,
        is_fiscal: bool = False,
        mutant: str = "",
        through: int | None = None,
        data: Path | None = None,
        seed: int = 0,
        cards: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.central = folder, central
        self.data = data or folder / "till"
        self.fiscal_state = folder / "fiscal.json"
        self.claim = central.claim(is_fiscal=is_fiscal)
        self.orders = Orders(folder / "orders")
        self.printer = Printer(folder, free_port())
        self.shadow = Shadow(self.data, folder / "image") if drop_unsynced else None
        self.port = free_port()
        self.api = TillApi(self.port)
        self.reader = VirtualCardReader(READER, folder / "reader")
        self.cashier = Cashier(
            self.api, central.seeds.operators[is_fiscal], PIN, CODES, self.reader, seed=seed, takes_cards=cards
        )
        self._mutant = mutant
        self._config = folder / "till.toml"
        self._write_config(through or central.port, is_fiscal=is_fiscal)
        self.till = self._process()
        self.kills = 0
        self._found_at_start: list[str] = []

    @property
    def ledger_path(self) -> Path:
        """The till's ledger."""
        return self.data / "ledger.db"

    def open(self) -> None:
        """Enrol the till and start it with its printer; return when it can sell."""
        self.printer.plug_in()
        enrol = ["-m", "terminal", "enrol", "--config", str(self._config), self.claim.code]
        done = subprocess.run([sys.executable, *enrol], cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.start()
        self.wait_until_it_sells()

    def start(self) -> None:
        """Start the till."""
        self._launch()
        wait_until(self._is_up_or_ended, "the till to answer")
        assert self.till.is_running, self.till.log.read_text()[-4000:]

    def wait_until_it_sells(self) -> None:
        """Return when operators and items have come from central."""
        wait_until(lambda: bool(self.api.state()["operators"]), "operators to come")
        wait_until(lambda: bool(self.api.get(f"/api/v1/search?q={CODES[-1]}").values.get("items")), "items to come")

    def crash_at(self, step: str, *, nth: int = 1, acts: int = 400) -> None:
        """Sell until the till kills itself at a step; AssertionError when the step is never reached."""
        self.orders.give(orders.KILL, f"{step} {nth}")
        assert self.cashier.work_until_gone(acts) or self.till.wait_until_ended(10), f"{step} was never reached"
        self._count_kill()

    def crash_while(self, work: Callable[[], None], step: str | None) -> None:
        """Do something by hand until the till kills itself, at the step if one is named."""
        if step:
            self.orders.give(orders.KILL, f"{step} 1")
        with contextlib.suppress(TillGoneError):
            work()
        assert self.till.wait_until_ended(10), f"{step} was never reached"
        self._count_kill()

    def crash_after(self, seconds: float) -> None:
        """Sell, and kill the till when that time has passed."""
        timer = threading.Timer(seconds, self.till.kill)
        timer.start()
        assert self.cashier.work_until_gone(100_000)
        timer.join()
        self._count_kill()

    def crash_with_central(self, step: str, after_ms: float, acts: int = 400) -> None:
        """Sell until till and central die at the same moment, so long after a step."""
        self.orders.give(orders.KILL, f"{step} 1 {self.central.pid} {after_ms}")
        assert self.cashier.work_until_gone(acts) or self.till.wait_until_ended(10), f"{step} was never reached"
        assert self.central.wait_until_ended(10)
        self._count_kill()

    def crash_while_starting(self, seconds: float) -> None:
        """Start again on what the crash has left, and kill the till before it has got far."""
        self._cut_power()
        self._launch()
        self.till.wait_until_ended(seconds)
        self.till.kill()
        self._count_kill()

    def recover(self) -> None:
        """Start again on what the crash has left, look at it, and let the cashier go on."""
        self._cut_power()
        self.start()
        # Before the cashier's resend: a sale made again may take the number that is on paper, and hide the loss.
        self._found_at_start += check_paper(self.read(), self.receipts())
        self.wait_until_it_sells()
        self.cashier.take_up()

    def settle(self, *, sent: bool = True) -> None:
        """Return when every effect has its outcome and, if wanted, everything is at central."""
        wait_until(lambda: count_open(self.ledger_path) == 0, "the card reader to answer", 20)
        wait_until(lambda: count_unsettled(self.ledger_path) == 0, "effects to be settled", 20)
        if sent:
            self.wait_until_sent()

    def wait_until_sent(self) -> None:
        """Return when central has acknowledged everything."""
        wait_until(lambda: self._unsent() == 0, "central to have everything", 40)

    def violations_now(self) -> list[str]:
        """Return what does not hold of what must hold at any moment."""
        acts = self.reader.acts()
        ledger, receipts = self.read(), self.receipts()
        found = [
            *check_cards(ledger, acts),
            *check_ledger(ledger),
            *check_notes(ledger, self.cashier.notes),
            *check_paper(ledger, receipts),
        ]
        return [*found, *check_fiscal(ledger, self.fiscal_state), *self.cashier.violations, *self._found_at_start]

    def violations(self) -> list[str]:
        """Return what does not hold once everything is settled and sent."""
        found = [*self.violations_now(), *check_prints(self.read(), self.receipts())]
        # Central answers before it projects, and the count of what is unsent follows a commit.
        return found + eventually(lambda: check_central(self.read(), self.central.url, self.claim.till))

    def read(self) -> Ledger:
        """Read the ledger."""
        return read_ledger(self.ledger_path)

    def receipts(self) -> list[Receipt]:
        """Return what is on the printer's paper."""
        return read_receipts(self.printer.paper)

    def close(self) -> None:
        """Stop everything."""
        self.api.forget()
        self.till.stop()
        self.printer.stop()

    def _launch(self) -> None:
        self.till.kill()
        if self.shadow:
            self.shadow.begin()
        self.till.start()
        self.api.forget()

    def _cut_power(self) -> None:
        if self.shadow:
            self.shadow.cut_power()

    def _unsent(self) -> int:
        network = self.api.state()["network"]
        return int(network["unsent"]) if network["state"] == "online" else -1

    def _is_up_or_ended(self) -> bool:
        if not self.till.is_running:
            return True
        try:
            self.api.wait_until_up(0)
        except TillGoneError:
            return False
        return True

    def _count_kill(self) -> None:
        self.kills += 1
        self.orders.take_back(orders.KILL)

    def _process(self) -> Process:
        options = ["--config", str(self._config), "--orders", str(self.orders.folder), "--mutant", self._mutant]
        environment = self.shadow.environment() if self.shadow else {}
        return Process(["-m", "tests.crash.till_main", *options], self.folder / "till.log", environment)

    def _write_config(self, central_port: int, *, is_fiscal: bool) -> None:
        text = CONFIG.format(
            data=self.data,
            port=self.port,
            central=central_port,
            printer=self.printer.port,
            reader=READER,
            reader_directory=self.folder / "reader",
            keep_open="false" if self._mutant == "print-first" else "true",
        )
        fiscal = FISCAL.format(state=self.fiscal_state) if is_fiscal else ""
        self._config.write_text(text + fiscal)
