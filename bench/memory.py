"""Resident memory of the till while ten thousand sales are made over its API."""

from bench import shop
from bench.figures import Figure
from bench.place import Size, fresh_folder
from bench.processes import Listener, Program, Till
from bench.selling_till import catalogue, prepare, running_till

RAW = "a Python that has imported aiohttp and sqlite3 and opened the same catalogue"
MOST_MIB = 120
_FLAT_MIB = 4
_LINES = 3


def run(size: Size) -> list[Figure]:
    """Sell with a page listening and somebody searching; flat: the last nine tenths add at most 4 MiB."""
    folder, items, sales = fresh_folder(size.folder("memory")), catalogue(size), size.of(10_000, 20)
    prepare(folder / "till", items)
    seen = []
    with running_till(folder / "till") as till, Listener(till.port, folder / "listener.log", till.token()) as page:
        for number in range(sales):
            _sell(till, page, number)
            if number % (sales // 10) == sales // 10 - 1:
                till.get(f"/api/v1/search?q={shop.vocabulary()[number % 1000]}")
                seen.append(till.resident_mib())
    with Program("-m", "bench.raw_memory", str(items), log=folder / "raw.log") as raw:
        raw.read_line()
        least = raw.resident_mib()
    grown = seen[-1] - seen[0]
    total = Figure(
        f"resident memory after {sales} sales", seen[-1], least, least / seen[-1], "MiB", f"≤ {MOST_MIB} MiB",
        seen[-1] <= MOST_MIB,
    )  # fmt: skip
    flat = Figure(
        "resident memory, growth over the last nine tenths", grown, 0, 0, "MiB", f"≤ {_FLAT_MIB} MiB",
        grown <= _FLAT_MIB,
    )  # fmt: skip
    return [total, flat]


def _sell(till: Till, page: Listener, number: int) -> None:
    for place in range(_LINES):
        sold = till.act("sale/codes", code=shop.code_of(1 + (number * _LINES + place) * 7919 % 1900))
        page.wait_for_lines(place + 1)
    due = till.state()["sale"]["remaining_cents"]
    till.act("sale/tenders", sale=sold["sale"], type="cash", shown_due_cents=due)
