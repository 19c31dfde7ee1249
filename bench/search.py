"""Search by words while typing in a million items, while a colleague goes on scanning."""

import sqlite3
import threading
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

from bench import shop
from bench.figures import Figure, Round, limit
from bench.place import Size, fresh_folder
from bench.selling_till import LINES, Desk, catalogue, prepare, running_till

RAW = """\
SELECT id, sku, names_json, unit, vat_code, price_scaled, version FROM item WHERE number IN
 (SELECT rowid FROM item_words WHERE item_words MATCH ? ORDER BY rowid LIMIT 500) ORDER BY number;"""
_WORDS_TYPED = 6


def run(size: Size) -> list[Figure]:
    """Type words letter by letter over the till's HTTP API, in rounds with the raw statement; scan all the while."""
    folder, items = fresh_folder(size.folder("search")), catalogue(size)
    prepare(folder / "till", items, lines=LINES)
    rounds, alone, meanwhile = [], [], []
    with running_till(folder / "till") as till:
        desk, raw = Desk(till, folder), _open_raw(items)
        typist = HTTPConnection("127.0.0.1", till.port, timeout=30)
        for number in range(-1, size.of(10, 1)):  # the first one warms up
            typed = keystrokes(number)
            quiet = [desk.scan() for _ in range(size.of(60, 3))]
            ours, scans = _while_scanning(typist, typed, desk)
            one = Round(ours, [_ask_raw(raw, text) for text in typed])
            if number >= 0:
                rounds.append(one)
                alone += quiet
                meanwhile += scans
        typist.close()
        desk.close()
        raw.close()
    undisturbed = limit("scan to frame while searching (raw: without)", [Round(meanwhile, alone)], 99, at_most_ms=5)
    return [limit("search while typing", rounds, 95, at_most_ms=10), undisturbed]


def keystrokes(seed: int) -> list[str]:
    """Return what a search field holds after each letter: words of items, the first letters of a second one."""
    words = shop.vocabulary()
    chosen = [words[(seed + 1) * 131 + number * 17] for number in range(_WORDS_TYPED)]
    typed = [word[:end] for word in chosen for end in range(1, len(word) + 1)]
    pairs = [f"{chosen[n]} {chosen[n + 1][:end]}" for n in range(0, _WORDS_TYPED, 2) for end in (1, 2, 3)]
    return [*typed, *pairs]


def _while_scanning(typist: HTTPConnection, typed: Sequence[str], desk: Desk) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    typing = threading.Thread(target=lambda: ours.extend(_ask(typist, text) for text in typed))
    typing.start()
    scans = []
    while typing.is_alive():
        scans.append(desk.scan())
    typing.join()
    return ours, scans


def _ask(typist: HTTPConnection, text: str) -> float:
    begun = perf_counter()
    typist.request("GET", f"/api/v1/search?q={quote(text)}")
    response = typist.getresponse()
    response.read()
    seconds = perf_counter() - begun
    assert response.status == 200
    return seconds


def _ask_raw(raw: sqlite3.Connection, text: str) -> float:
    begun = perf_counter()
    query = " AND ".join(f'"{word}"*' for word in text.split())
    raw.execute(RAW.rstrip(";"), (query,)).fetchall()
    return perf_counter() - begun


def _open_raw(catalogue_file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{catalogue_file.as_uri()}?mode=ro", uri=True)
