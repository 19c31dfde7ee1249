"""From the scanner's bytes to the frame on a page's WebSocket, and search while somebody types and scans."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from bench import raw_scan, shop
from bench.figures import Figure, Round, limit
from bench.place import Size, fresh_folder
from bench.processes import Listener, Program, Scanner, events_length, free_port
from bench.selling_till import LINES, Desk, catalogue, prepare, running_till

RAW = raw_scan.RAW
MOST_BYTES = 4096
_CODE = shop.code_of(1234)


def run(size: Size) -> list[Figure]:
    """Measure in rounds, a stretch of our scans and a stretch of raw ones after each other."""
    folder, items = fresh_folder(size.folder("scan")), catalogue(size)
    prepare(folder / "till", items, lines=LINES)
    rounds = []
    with running_till(folder / "till") as till:
        line = till.state()["sale"]["lines"][-1]
        (folder / "frame.json").write_bytes(orjson.dumps(_change(line)))
        desk = Desk(till, folder)
        with _raw(folder, items) as raw:
            for number in range(-1, size.of(10, 1)):  # the first one warms up
                count = size.of(200, 5)
                one = Round([desk.scan() for _ in range(count)], [raw.scan() for _ in range(count)])
                rounds += [one] if number >= 0 else []
        desk.close()
    times = [limit("scan to frame", rounds, percent, at_most_ms=5) for percent in (50, 99)]
    return [*times, _weight(desk.heaviest, len(orjson.dumps(line)))]


def _change(line: dict[str, Any]) -> dict[str, Any]:
    """Return the least that tells a page of a line."""
    return {"type": "changes", "revision": 1, "sections": {}, "lines": {"removed": [], "set": [line]}}


def _weight(ours: int, raw: int) -> Figure:
    name = f"bytes per scan to the page, {LINES} lines, most"
    return Figure(name, ours, raw, raw / ours, "bytes", f"≤ {MOST_BYTES} bytes", ours <= MOST_BYTES)


class _Raw:
    def __init__(self, folder: Path, port: int) -> None:
        self._scanner = Scanner(folder / "raw.sock")
        self._listener = Listener(port, folder / "raw-listener.log")

    def scan(self) -> float:
        begun = self._scanner.scan(_CODE)
        return (self._listener.next_frame().at_ns - begun) / 1e9

    def close(self) -> None:
        self._scanner.close()
        self._listener.stop()


@contextmanager
def _raw(folder: Path, items: Path) -> Iterator[_Raw]:
    port = free_port()
    arguments = [str(folder), str(items), str(port), _CODE, str(events_length(_CODE))]
    with Program("-m", "bench.raw_scan", *arguments, log=folder / "raw.log") as server:
        server.read_line()
        raw = _Raw(folder, port)
        try:
            yield raw
        finally:
            raw.close()
