"""The main job on real input: receipts of a file through real tills to a real central, cut off half of the time."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.replays import BASKET_COLUMNS, INVOICE_COLUMNS, Replay, replay, run
from tests.shared_data import PROJECT, shared_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RETAIL = "online_retail/online_retail_2010-12_2011-06"
JOURNEY = "complete_journey/transactions_2017_h1"
ODD_TEXTS = ("CAFE\u0301 \u00a3 \U0001f600", "GS\x1dHERE\x1f", "  blanks  ", 'A "quote", a comma', "two\nlines", "")
WITH_CLOCK = ("--replay-from", "2017-01-01T00:00:00Z")
LONG = 2500  # more than one command takes

ODD_INVOICES = [
    ("1", "A", "PLAIN", "6", "2011-05-30 10:00:00", "2.55"),
    ("1", "A", "PLAIN", "6", "2011-05-30 10:00:00", "2.55"),  # a real line, though it repeats the one before
    ("C2", "A", "PLAIN", "-7", "2011-05-30 10:05:00", "2.55"),  # nothing but returns
    ("3", "B", "NOTHING TO PAY", "-10", "2011-05-30 10:06:00", "0"),
    ("4", "B", "GIVEN", "3", "2011-05-30 10:07:00", "1.10"),
    ("4", "B", "TAKEN BACK", "-3", "2011-05-30 10:07:00", "1.10"),  # comes to zero
    ("5", "C", "THREE DECIMALS", "1", "2011-05-30 10:08:00", "0.001"),
    ("5", "C", "HALF UP", "1", "2011-05-30 10:08:00", "0.005"),
    ("5", "C", "HALF AWAY", "-3", "2011-05-30 10:08:00", "0.005"),
    ("6", "D", "FIRST HALF", "1", "2011-05-31 23:59:00", "1.00"),
    ("7", "D", "IN BETWEEN", "1", "2011-06-01 00:00:00", "2.00"),
    ("6", "D", "RESUMED AFTER MIDNIGHT", "1", "2011-06-01 00:00:00", "4.00"),  # its first time makes its date
    ("8", "D", "HALF PAST MIDNIGHT IN SUMMER", "1", "2011-06-01 00:30:00", "8.00"),  # still May in UTC
    ("9", "E", "EARLIER, LATER IN THE FILE", "0.5", "2011-05-29 09:00:00", "16.00"),
    *(("10", "F", text, "1", "2011-06-01 12:00:00", "0.10") for text in ODD_TEXTS),
    *(("11", f"L{number}", f"LINE {number}", "1", "2011-06-02 09:00:00", "0.01") for number in range(LONG)),
    ("12", "M", "VAST", "74215", "2011-06-02 10:00:00", "1.04"),
]
# basket, product, quantity, sales_value, time
ODD_BASKETS = [
    ("101", "501", "12.345", "30.00", "2017-03-11T22:00:00-05:00"),
    ("101", "502", "0", "1.25", "2017-03-11T22:00:00-05:00"),  # money without quantity
    ("102", "503", "-2", "-3.33", "2017-03-11T23:59:59-05:00"),
    ("103", "504", "1", "0.00", "2017-03-12T00:00:01-05:00"),
    ("104", "505", "1", "2.00", "2017-03-12T03:30:00-04:00"),  # the clock has just been put forward
    ("105", "506", "30080", "7.50", "2017-03-31T23:30:00-04:00"),  # April in UTC
]


@dataclass
class Sums:
    """What some receipts come to, worked out from the file without the replay's own code."""

    receipts: set[str] = field(default_factory=set)
    lines: int = 0
    units: Decimal = Decimal(0)
    money: Decimal = Decimal(0)

    def shown(self) -> dict[str, Any]:
        units = f"{self.units:.6f}"
        return {"receipts": len(self.receipts), "lines": self.lines, "net_units": units, "money": f"{self.money:.2f}"}


@dataclass(frozen=True)
class Line:
    """A line of a file as the test reads it."""

    receipt: str
    day: str
    units: Decimal
    exact: Decimal


def write_csv(path: Path, columns: str, rows: Iterable[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def odd_invoices(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    folder = tmp_path_factory.mktemp("invoices")
    rows = [(*row, "17850", "France") for row in ODD_INVOICES]
    return replay(write_csv(folder / "odd.csv", INVOICE_COLUMNS, rows), folder / "kept", "--tills", "3")


@pytest.fixture(scope="module")
def unprojected(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    folder = tmp_path_factory.mktemp("baskets")
    return replay(odd_baskets(folder), folder / "kept", "--tills", "1", "--no-project", "--no-cut")


def odd_baskets(folder: Path) -> Path:
    rows = [("9", "3", basket, product, units, value, "0.00", at) for basket, product, units, value, at in ODD_BASKETS]
    return write_csv(folder / "odd.csv", BASKET_COLUMNS, rows)


@pytest.mark.xdist_group("replay odd invoices")
def test_every_oddity_of_invoices_arrives_exactly(odd_invoices: Replay) -> None:
    result = odd_invoices.result

    assert odd_invoices.status == 0, odd_invoices.complaint
    assert result["file"] == {key: result["central"][key] for key in result["file"]}
    assert (result["central"]["set_aside"], result["central"]["forks"]) == (0, 0)
    # 2 · 15.30 − 17.85 + 0.00 + 0.01 − 0.02 + 1 + 2 + 4 + 8 + 8 + 6 · 0.10 + 2500 · 0.01 + 77,183.60
    assert result["central"]["all"] == {
        "receipts": 12, "lines": len(ODD_INVOICES), "net_units": "76719.500000", "money": "77244.94"
    }  # fmt: skip
    assert result["exact"]["all"] == "77244.941"  # 0.001 + 0.005 − 0.015 before rounding
    dates = result["central"]["document_date"]
    assert {day: figures["receipts"] for day, figures in dates.items()} == {
        "2011-05-29": 1, "2011-05-30": 5, "2011-05-31": 1, "2011-06-01": 3, "2011-06-02": 2
    }  # fmt: skip
    assert dates["2011-05-31"]["money"] == "5.00"


@pytest.mark.xdist_group("replay odd invoices")
def test_each_receipt_went_to_the_till_of_its_hash(odd_invoices: Replay) -> None:
    expected: dict[str, set[str]] = defaultdict(set)
    for row in ODD_INVOICES:
        expected[till_of(row[0], 3)].add(row[0])

    counted = {till: figures["receipts"] for till, figures in odd_invoices.result["central"]["till"].items()}
    assert counted == {till: len(receipts) for till, receipts in expected.items()}


@pytest.mark.xdist_group("replay odd invoices")
def test_each_till_has_a_session_for_each_local_day_and_receipts_in_order_of_time(odd_invoices: Replay) -> None:
    for till in odd_invoices.tills:
        sales, zs = odd_invoices.bodies(till, "sale_completed"), odd_invoices.bodies(till, "session_closed")
        days = [sale["document"]["date"] for sale in sales]

        assert days == sorted(days)
        assert [z["business_day"] for z in zs] == sorted(set(days))
        assert sum(z["sales"] for z in zs) == len(sales)
        assert len(odd_invoices.bodies(till, "session_opened")) == len(zs)


@pytest.mark.xdist_group("replay odd invoices")
def test_lines_stand_in_the_sale_as_the_file_has_them(odd_invoices: Replay) -> None:
    sales = [sale for till in odd_invoices.tills for sale in odd_invoices.bodies(till, "sale_completed")]
    lines = [line for sale in sales for line in sale["lines"]]
    names = [line["names"]["en"] for line in lines if line["code"] == "F"]

    assert names == ["CAF\u00c9 \u00a3 \U0001f600", *ODD_TEXTS[1:-1], "F"]  # composed; the code where there is no text
    assert {line["total_origin"] for line in lines} == {"import"}
    assert {line["vat"]["rate"] for line in lines} == {"22.00"}
    assert max(len(sale["lines"]) for sale in sales) == LONG
    assert {sale["settlement"]["total"] < 0 for sale in sales} == {True, False}


@pytest.mark.xdist_group("replay odd invoices")
def test_the_chains_say_in_their_first_entry_that_they_are_replayed_and_verify(odd_invoices: Replay) -> None:
    for till in odd_invoices.tills:
        [genesis] = odd_invoices.bodies(till, "chain_opened")
        verdict = odd_invoices.verify(till)

        assert genesis["mode"] == "replay"
        assert verdict.returncode == 0, verdict.stdout


@pytest.mark.xdist_group("replay baskets")
@pytest.mark.parametrize(("mode", "options"), [("live", WITH_CLOCK), ("replay", ())])
def test_a_clock_of_the_past_is_for_tills_enrolled_for_replay_and_no_other_is_for_them(
    unprojected: Replay, tmp_path: Path, mode: str, options: tuple[str, ...]
) -> None:
    config = enrol_till(unprojected.folder, tmp_path, mode)

    refused = run("terminal", "run", "--config", str(config), *options)

    assert refused.returncode == 2
    assert "[replay.only]" in refused.stderr
    assert not (tmp_path / "till" / "ledger.db").exists()


@pytest.mark.xdist_group("replay baskets")
def test_a_central_that_is_not_told_keeps_replayed_chains_and_has_no_sales(unprojected: Replay) -> None:
    assert unprojected.status == 1
    assert "all: the file has receipts 5" in unprojected.complaint
    assert "central has nothing" in unprojected.complaint
    assert unprojected.result["central"]["all"]["receipts"] == 0
    assert (unprojected.result["central"]["set_aside"], unprojected.verify("R1").returncode) == (0, 0)


@pytest.mark.xdist_group("replay baskets")
def test_told_later_central_projects_what_it_kept(unprojected: Replay) -> None:
    config = str(unprojected.folder / "central.toml")
    untold = run("central", "project", "--config", config)
    told = run("central", "project", "--config", config, "--mode", "replay")

    assert (untold.returncode, untold.stdout) == (0, "0 entries projected.\n")
    assert told.returncode == 0
    with closing(sqlite3.connect(unprojected.folder / "central" / "central.db")) as database:
        assert database.execute("SELECT count(*), sum(total), sum(lines) FROM sale").fetchone() == (5, 3742, 6)


@pytest.mark.postgres
@pytest.mark.xdist_group("replay postgres")
def test_every_oddity_of_baskets_arrives_exactly_at_a_central_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    done = replay(odd_baskets(tmp_path), tmp_path / "kept", "--database", postgres_url, "--rate", "4")

    assert done.status == 0, done.complaint
    assert done.result["currency"] == "USD"
    assert done.result["central"]["all"] == {
        "receipts": 5, "lines": 6, "net_units": "30092.345000", "money": "37.42"
    }  # fmt: skip
    days = {day: figures["receipts"] for day, figures in done.result["central"]["document_date"].items()}
    assert days == {"2017-03-11": 2, "2017-03-12": 2, "2017-03-31": 1}
    assert list(done.result["central"]["month"]) == ["2017-03"]
    assert done.result["run"]["played_seconds"] >= 0.9  # the fifth receipt of four a second begins after a second


@pytest.mark.parametrize("arguments", [("none.csv",), ("odd.txt",), ("odd.txt", "--tills", "0")])
def test_a_replay_that_cannot_be_made_says_why_and_exits_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "odd.txt").write_text("a,b\n1,2\n")
    refused = run("bench.replay", str(tmp_path / arguments[0]), *arguments[1:])

    assert refused.returncode == 2
    assert refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.xdist_group("replay stopped")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_stopped_stops_its_tills_and_central(tmp_path: Path, number: signal.Signals) -> None:
    rows = [(str(n), "A", "X", "1", "2011-06-01 10:00:00", "1.00", "", "") for n in range(500)]
    file = write_csv(tmp_path / "long.csv", INVOICE_COLUMNS, rows)
    command = [sys.executable, "-m", "bench.replay", str(file), "--rate", "1", "--keep", str(tmp_path / "kept")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        started = _children_once_there_are(process.pid, 3)
        process.send_signal(number)
        process.wait(60)

    assert process.returncode == 1
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


@pytest.mark.xdist_group("replay first journey")
def test_the_first_thousand_baskets_arrive_exactly(tmp_path: Path) -> None:
    path = shared_path("data", f"{JOURNEY}.csv.gz")
    done = replay(path, tmp_path / "kept", "--receipts", "1000")

    _holds(done, _firsts(_journey(path), 1000), 2)


@pytest.mark.xdist_group("replay first retail")
def test_the_first_thousand_invoices_arrive_exactly(tmp_path: Path) -> None:
    path = shared_path("data", f"{RETAIL}.csv.gz")
    done = replay(path, tmp_path / "kept", "--receipts", "1000")

    _holds(done, _firsts(_retail(path), 1000), 2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_all_baskets_arrive_exactly(tmp_path: Path) -> None:
    path, expected = shared_path("data", f"{JOURNEY}.csv.gz"), _expected(JOURNEY)
    done = replay(path, tmp_path / "kept", timeout_s=3500)

    _holds(done, list(_journey(path)), 2)
    central, months = done.result["central"], done.result["central"]["month"]
    assert (central["all"]["receipts"], central["all"]["lines"]) == (expected["baskets"], expected["lines"])
    assert done.result["exact"]["all"] == central["all"]["money"] == expected["sums"]["sales_value"]
    assert {month: figures["money"] for month, figures in months.items()} == expected["sales_by_month"]
    assert {month: figures["receipts"] for month, figures in months.items()} == expected["baskets_by_month"]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_all_invoices_arrive_exactly(tmp_path: Path) -> None:
    path, expected = shared_path("data", f"{RETAIL}.csv.gz"), _expected(RETAIL)
    done = replay(path, tmp_path / "kept", timeout_s=3500)

    _holds(done, list(_retail(path)), 2)
    central, days = done.result["central"], done.result["central"]["document_date"]
    assert (central["all"]["receipts"], central["all"]["lines"]) == (expected["invoices"], expected["lines"])
    assert done.result["exact"]["all"] == expected["net_total"]
    assert central["all"]["money"] == expected["net_total_if_each_line_is_rounded_half_up"]
    assert Decimal(central["all"]["net_units"]) == expected["units_net"]
    assert done.result["exact"]["month"] == {month: values["net"] for month, values in expected["months"].items()}
    assert {day: figures["receipts"] for day, figures in days.items()} == {
        day: values["invoices"] for day, values in expected["days"].items()
    }


def enrol_till(kept: Path, folder: Path, mode: str) -> Path:
    """Add a till to a replay's central by its command line and enrol it; return the till's settings file."""
    with closing(sqlite3.connect(kept / "central" / "central.db")) as database:
        [(shop, count)] = database.execute("SELECT shop.id, count(till.id) FROM shop JOIN till ON till.shop = shop.id")
    central = str(kept / "central.toml")
    named = ["--shop", shop, "--code", f"N{count}", "--name", mode, "--mode", mode]
    added = run("central", "till", "add", *named, "--config", central)
    code = added.stdout.split("enrolment code ")[1].split()[0]
    config = folder / "till.toml"
    command = [sys.executable, "-m", "central", "run", "--config", central]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1] if process.stdout else ""
            config.write_text(f'data_dir = "till"\n[listen]\nport = 0\n[central]\nurl = "{url}"\n')
            enrolled = run("terminal", "enrol", code, "--config", str(config))
        finally:
            process.terminate()
    assert enrolled.returncode == 0, enrolled.stderr
    return config


def till_of(receipt: str, tills: int) -> str:
    """The stated hash: SHA-256 of the receipt's id, its first 8 bytes, modulo the number of tills."""
    return f"R{int(hashlib.sha256(receipt.encode()).hexdigest()[:16], 16) % tills + 1}"


def _holds(done: Replay, lines: list[Line], tills: int) -> None:
    """Compare central's figures with those of the file, and look at chains, entries set aside and the line."""
    assert done.status == 0, done.complaint
    central, cut = done.result["central"], done.result["run"]["line"]
    assert {key: central[key] for key in ("all", "month", "document_date", "till")} == _account(lines, tills)
    assert Decimal(done.result["exact"]["all"]) == sum(line.exact for line in lines)
    assert (central["set_aside"], central["forks"]) == (0, 0)
    assert 0.4 <= cut["cut_share"] <= 0.65
    assert [done.verify(till).returncode for till in done.tills] == [0] * tills


def _account(lines: list[Line], tills: int) -> dict[str, Any]:
    first_day: dict[str, str] = {}
    sums: dict[str, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for line in lines:
        day = first_day.setdefault(line.receipt, line.day)
        keys = {"all": "", "month": day[:7], "document_date": day, "till": till_of(line.receipt, tills)}
        for by, key in keys.items():
            one = sums[by][key]
            one.receipts.add(line.receipt)
            one.lines += 1
            one.units += line.units
            one.money += line.exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    shown: dict[str, Any] = {by: {key: one.shown() for key, one in keyed.items()} for by, keyed in sums.items()}
    return {**shown, "all": shown["all"][""]}


def _firsts(lines: Iterable[Line], count: int) -> list[Line]:
    wanted: dict[str, None] = {}
    taken = []
    for line in lines:
        if len(wanted) < count:
            wanted[line.receipt] = None
        if line.receipt in wanted:
            taken.append(line)
    return taken


def _journey(path: Path) -> Iterable[Line]:
    for row in _rows(path):
        day = datetime.fromisoformat(row["transaction_timestamp"]).date().isoformat()
        yield Line(row["basket_id"], day, Decimal(row["quantity"]), Decimal(row["sales_value"]))


def _retail(path: Path) -> Iterable[Line]:
    for row in _rows(path):
        units = Decimal(row["Quantity"])
        yield Line(row["InvoiceNo"], row["InvoiceDate"][:10], units, units * Decimal(row["UnitPrice"]))


def _rows(path: Path) -> Iterable[Mapping[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _expected(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(shared_path("data", "expected.json").read_text())
    one: dict[str, Any] = whole[name]
    return one


def _children_once_there_are(pid: int, count: int) -> list[int]:
    """Return the processes that a process started, as soon as there are so many that stay (enrolling ones go)."""
    end = time.monotonic() + 60
    seen: list[list[int]] = []
    while len(seen) < 20 or len({tuple(children) for children in seen[-20:]}) > 1 or len(seen[-1]) != count:
        assert time.monotonic() < end, f"waited 60 s for {count} processes"
        seen.append(_children(pid))
        select.select([], [], [], 0.05)
    return seen[-1]


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
