"""From the start of the till's process to its first accepted scan, with a large catalogue and a long ledger."""

import statistics
import time
from pathlib import Path

from bench import shop
from bench.figures import Figure
from bench.history import DAY, write_days
from bench.place import Size, fresh_folder
from bench.processes import Program, Scanner, Till
from bench.selling_till import catalogue, prepare

RAW = """\
-- a Python that imports aiohttp, opens both files, and answers one request with what these find
SELECT hash FROM entry ORDER BY rowid DESC LIMIT 1;
SELECT id, names_json, price_scaled FROM item WHERE id IN (SELECT item FROM item_code WHERE code = ?);"""


def run(size: Size) -> list[Figure]:
    """Start the till and the raw program in turn; medians, because a start cannot be repeated often."""
    folder, items, sales = fresh_folder(size.folder("start")), catalogue(size), size.of(100_000, 50)
    prepare(folder / "till", items, then=lambda core: write_days(core, sales))
    ours, raw = [], []
    for number in range(-1, size.of(7, 1)):  # the first one warms up
        first, second = _start_till(folder / "till"), _start_raw(folder, folder / "till")
        if number >= 0:
            ours.append(first)
            raw.append(second)
    middle, engine = statistics.median(ours), statistics.median(raw)
    what = f"start to first accepted scan, {sales} sales, {min(sales, DAY // 2)} since the last Z"
    return [Figure(what, middle * 1000, engine * 1000, engine / middle, "ms", "median ≤ 1000 ms", middle <= 1)]


def _start_till(folder: Path) -> float:
    """Start, scan as soon as there is a scanner, and ask until the sale shows the line."""
    with Till(folder) as till:
        scanner = Scanner(till.scanner)
        scanner.scan(shop.code_of(42))
        till.wait_until_up()
        while not (sale := till.state()["sale"] or {"lines": []})["lines"]:
            time.sleep(0.001)
        seconds = (time.monotonic_ns() - till.started_at) / 1e9
        scanner.close()
        till.act("sale/void", sale=sale["id"], reason="")
    return seconds


def _start_raw(folder: Path, till: Path) -> float:
    begun = time.monotonic_ns()
    with Program("-m", "bench.raw_start", str(till), shop.code_of(42), log=folder / "raw.log") as raw:
        raw.read_line()
        return (time.monotonic_ns() - begun) / 1e9
