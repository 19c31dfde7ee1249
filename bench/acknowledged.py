"""From a sale's commit on the till to central's word that it is stored and fsynced, on the same machine."""

import asyncio
import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import raw_central
from bench.figures import Figure, Round, limit
from bench.place import Size, fresh_folder
from bench.processes import Program, Till, free_port
from terminal.sync.client import CentralAddress
from terminal.sync.enrol import enrol_till
from tests.crash.central_world import CODES, PIN, Central
from tests.postgres import PostgresServer, find_binaries

RAW = raw_central.RAW
_LINES = 10
_SENT_BYTES = 12_000  # about what the push of a sale of ten lines takes before compression


def run(size: Size) -> list[Figure]:
    """Measure on SQLite, and on PostgreSQL where there is one."""
    folder = fresh_folder(size.folder("acknowledged"))
    figures = _figures("SQLite", _measure(size, folder / "sqlite", None, str(folder / "raw.db")))
    binaries = find_binaries()
    if binaries is None:
        return figures
    server = PostgresServer(binaries)
    try:
        ours, raw = (server.url(server.create_database()) for _ in range(2))
        return figures + _figures("PostgreSQL", _measure(size, folder / "postgres", ours, raw))
    finally:
        server.stop()


def _figures(engine: str, rounds: Sequence[Round]) -> list[Figure]:
    name = f"commit to acknowledgement, {engine}"
    return [limit(name, rounds, 50, at_most_ms=5), limit(name, rounds, 99, at_most_ms=12)]


def _measure(size: Size, folder: Path, url: str | None, raw_where: str) -> list[Round]:
    fresh_folder(folder)
    rounds = []
    with _central(folder / "central", url) as central, _raw(folder, raw_where) as raw:
        address = f"http://127.0.0.1:{central.port}"
        asyncio.run(enrol_till(CentralAddress(address), folder / "till", central.claim().code))
        with Till(folder / "till", central=address, module="bench.timed_till") as till:
            _begin_selling(till)
            for number in range(-1, size.of(8, 1)):  # the first one warms up
                count = size.of(100, 3)
                one = Round([_sell(till) for _ in range(count)], [_push_raw(raw) for _ in range(count)])
                rounds += [one] if number >= 0 else []
    return rounds


@contextmanager
def _central(folder: Path, url: str | None) -> Iterator[Central]:
    central = Central(folder, 1, url)
    central.open()
    try:
        yield central
    finally:
        central.stop()


@contextmanager
def _raw(folder: Path, where: str) -> Iterator[http.client.HTTPConnection]:
    port = free_port()
    with Program("-m", "bench.raw_central", where, str(port), log=folder / "raw.log") as server:
        server.read_line()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        yield connection
        connection.close()


def _begin_selling(till: Till) -> None:
    till.wait_until_up()
    deadline = time.monotonic() + 60
    while not (people := till.state()["operators"]) or not till.get(f"/api/v1/search?q={CODES[-1]}")["items"]:
        assert time.monotonic() < deadline, "central sent nothing to sell"
        time.sleep(0.01)
    till.act("sign-on", operator=people[0]["id"], pin=PIN)
    till.act("session/open", opening_cash_cents=10_000)


def _sell(till: Till) -> float:
    """Sell ten lines with two tenders once all before is sent; return the seconds from commit to acknowledgement."""
    sold = [till.act("sale/codes", code=CODES[place % len(CODES)]) for place in range(_LINES)][-1]
    due = till.state()["sale"]["remaining_cents"]
    half = due // 2 - due // 2 % 5
    till.act("sale/tenders", sale=sold["sale"], type="card", shown_due_cents=due, amount_cents=half)
    while till.state()["network"]["unsent"]:
        time.sleep(0.001)
    till.act("sale/tenders", sale=sold["sale"], type="cash", shown_due_cents=due - half)
    return _time_to_acknowledgement(till)


def _time_to_acknowledgement(till: Till) -> float:
    committed = 0
    while True:
        step, at = till.read_line().split()
        if step == "sale.committed":
            committed = int(at)
        elif committed:
            return (int(at) - committed) / 1e9


def _push_raw(raw: http.client.HTTPConnection) -> float:
    body = bytes(_SENT_BYTES)
    begun = time.perf_counter()
    raw.request("POST", "/push", body)
    raw.getresponse().read()
    return time.perf_counter() - begun
