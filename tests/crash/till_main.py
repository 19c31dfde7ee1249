"""Starts the same till as ``till run``, which obeys a test's orders at the named steps of a sale.

``--mutant`` breaks it on purpose, to show that the crash suite notices: here, and only here, our own code is patched.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.app import TillApp
from terminal.config import TillConfig, read_config
from terminal.db import connection
from terminal.db import effects as effect_rows
from terminal.devices import registry
from terminal.devices.card_reader.virtual import ReaderTurn, VirtualCardReader
from terminal.devices.fiscal_register.fake import FakeFiscalRegister, FiscalFault
from terminal.devices.protocols import CardRequest
from terminal.services import cards
from terminal.services.clock import SystemClock
from terminal.services.steps import Steps
from tests.crash import orders
from tests.crash.orders import Orders

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from commerce.tender import Tender
    from terminal.db.attempts import AttemptRow
    from terminal.db.connection import Transaction
    from terminal.db.effects import NewEffect
    from terminal.devices.protocols import FiscalRegister
    from terminal.devices.registry import DeviceSettings, Options, Surroundings
    from terminal.services.chains import Moment, Write


class ObedientSteps(Steps):
    """Carries orders out at the steps they name."""

    def __init__(self, given: Orders) -> None:
        self._orders = given
        self._connections = _watch_connections()
        self._registers = _watch_fiscal_registers()
        self._seen: dict[str, int] = {}

    def reached(self, name: str) -> None:
        """Die here if that is the order; else see whether there is another one."""
        if order := self._orders.read(orders.KILL):
            step, nth, *together = order.split()
            self._seen[name] = self._seen.get(name, 0) + 1
            if step == name and self._seen[name] >= int(nth):
                _kill(*together)
        else:
            self._seen.clear()
        if name == "sale.built" and (pages := self._orders.take(orders.PAGES)):
            self._connections[-1].execute(f"PRAGMA max_page_count = {int(pages)}")
        if name == "fiscal.started" and (fault := self._orders.take(orders.FISCAL)):
            self._registers[-1].fail_next(FiscalFault(fault))


def _kill(central: str = "", after_ms: str = "0") -> None:
    """Die at once, or after a while with another process at the same moment."""
    if float(after_ms):
        threading.Timer(float(after_ms) / 1000, _kill, [central]).start()
        return
    if central:
        os.kill(int(central), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class ShiftedClock(SystemClock):
    """The machine's clock, set wrong by so many seconds."""

    def __init__(self, given: Orders) -> None:
        super().__init__("the boot of this machine")
        self._orders = given

    def now(self) -> datetime:
        """Return the wrong time."""
        return datetime.now(UTC) + timedelta(seconds=int(self._orders.read(orders.CLOCK) or 0))


def _watch_connections() -> list[sqlite3.Connection]:
    """Return a list into which the ledger's writing connections will come."""
    opened: list[sqlite3.Connection] = []
    really_open = connection._open_for_writing

    def open_for_writing(path: Path, *, durable: bool) -> sqlite3.Connection:
        found = really_open(path, durable=durable)
        if path.name == "ledger.db":
            opened.append(found)
        return found

    connection._open_for_writing = open_for_writing
    return opened


def _watch_fiscal_registers() -> list[FakeFiscalRegister]:
    """Return a list into which the fake fiscal registers will come."""
    built: list[FakeFiscalRegister] = []
    really_build = registry.FISCAL_REGISTERS["fake"]

    def build(settings: DeviceSettings, options: Options, around: Surroundings) -> FiscalRegister:
        register = really_build(settings, options, around)
        assert isinstance(register, FakeFiscalRegister)
        built.append(register)
        return register

    registry.FISCAL_REGISTERS = {"fake": build}
    return built


def _sync_less(synchronous: int) -> Callable[[TillConfig], None]:
    """Lower ``synchronous``, and with it the assertion that would notice at the start."""

    def mutate(_: TillConfig) -> None:
        connection._FULL = synchronous

    return mutate


def _print_first(config: TillConfig) -> None:
    """Put the receipt's number on paper inside the sale's transaction, before its commit."""
    really_add = effect_rows.add_effects
    options = config.devices.printers[0].options

    def add_effects(tx: Transaction, effects: list[NewEffect]) -> None:
        really_add(tx, effects)
        for effect in effects:
            if effect.kind == "print":
                _print_at_once(options["port"], effect.title)

    effect_rows.add_effects = add_effects


def _print_at_once(port: int, number: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as printer:
        printer.sendall(b"\x1b@" + f"Documento {number}\n".encode() + b"\x1dV\x00" + b"\x1dr\x01")
        printer.recv(1)


def _ask_first(config: TillConfig) -> None:
    """Have the card reader take the money inside the transaction that intends it, before its commit."""
    really_intend = cards._intend
    reader = VirtualCardReader("reader", Path(config.devices.card_readers[0].options["directory"]))

    def intend(write: Write, moment: Moment, attempt: AttemptRow, tender: Tender) -> None:
        really_intend(write, moment, attempt, tender)
        reader._keep("pay", CardRequest(attempt.id, attempt.currency, attempt.amount), ReaderTurn.APPROVE)

    cards._intend = intend


MUTANTS: dict[str, Callable[[TillConfig], None]] = {
    "": lambda _: None,
    "synchronous-normal": _sync_less(1),
    "synchronous-off": _sync_less(0),
    "print-first": _print_first,
    "ask-first": _ask_first,
}


def main() -> None:
    """Run the till until it is told to stop, or dies by order."""
    parser = argparse.ArgumentParser(description="A till that dies when it is told to.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--orders", type=Path, required=True)
    parser.add_argument("--mutant", default="", choices=list(MUTANTS))
    arguments = parser.parse_args()
    config, given = read_config(arguments.config), Orders(arguments.orders)
    MUTANTS[arguments.mutant](config)
    asyncio.run(TillApp(config, clock=ShiftedClock(given), steps=ObedientSteps(given)).run())


if __name__ == "__main__":
    main()
