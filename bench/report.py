"""Shows what was measured: a table, ``build/bench.json``, and the figures in ``docs/performance.md``."""

import json
import platform
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure
from bench.place import BUILD, PROJECT

JSON_FILE = BUILD / "bench.json"
DOCS_FILE = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: python -m bench --write-docs -->", "<!-- end of figures -->"
HEADINGS = ("what", "ours", "raw", "ratio", "unit", "target", "holds")


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(title="Ours against the raw engine, same run, same machine")
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if place in (1, 2, 3) else "left")
    for figure in figures:
        table.add_row(*cells(figure), style=None if figure.holds else "bold red")
    console.print(table)


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a figure as people read it."""
    ratio = f"{figure.ratio:.2f}" if figure.raw else "–"
    raw = _short(figure.raw) if figure.raw else "–"
    return (figure.name, _short(figure.ours), raw, ratio, figure.unit, figure.target, "yes" if figure.holds else "no")


def write_json(figures: Sequence[Figure], path: Path = JSON_FILE) -> None:
    """Write the list that programs read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [figure.as_json() for figure in figures]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_docs(figures: Sequence[Figure], raws: Mapping[str, str], path: Path = DOCS_FILE) -> None:
    """Put the figures, the machine and the raw statements between the markers of the page."""
    before, found, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"{path.name} has no place for figures: {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n{as_markdown(figures, raws)}{END}{after}", encoding="utf-8")


def as_markdown(figures: Sequence[Figure], raws: Mapping[str, str]) -> str:
    """Return machine, table and raw baselines as Markdown."""
    lines = [f"{machine()}; {datetime.now(UTC):%d %B %Y}.", "", _row(HEADINGS), _row(["---"] * len(HEADINGS))]
    lines += [_row(cells(figure)) for figure in figures]
    for name, raw in raws.items():
        lines += ["", f"Raw baseline of `{name}`:", "", "```sql", raw.strip(), "```"]
    return "\n".join([*lines, ""])


def machine() -> str:
    """Return what was measured on."""
    cpu = re.search(r"model name\s*:\s*(.+)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _read("/proc/meminfo"))
    system = re.search(r'PRETTY_NAME="(.+)"', _read("/etc/os-release"))
    cores = len(re.findall(r"^processor", _read("/proc/cpuinfo"), re.MULTILINE))
    gigabytes = f"{int(memory[1]) / 1024 / 1024:.0f} GiB" if memory else "unknown"
    return (
        f"{cpu[1] if cpu else platform.processor()}, {cores} cores, {gigabytes} of memory, "
        f"{system[1] if system else platform.system()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _row(cells_of_row: Sequence[str]) -> str:
    return f"| {' | '.join(cells_of_row)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
