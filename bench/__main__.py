"""``python -m bench``: measure everything, or what is named, and say whether the targets hold."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from rich.console import Console

from bench.place import BUILD, Size
from bench.report import show, write_docs, write_json

if TYPE_CHECKING:
    from bench.figures import Figure

BENCHES = (
    "sale_commit",
    "scan_frame",
    "search",
    "acknowledged",
    "start",
    "ingest",
    "beside_report",
    "files",
    "bombs",
    "memory",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    names: tuple[str, ...]
    quick: bool
    write_docs: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; 0 although a target is missed, because machines differ: the table says so."""
    options, console = read_options(arguments), Console()
    figures: list[Figure] = []
    raws = {}
    size = Size(BUILD / "bench", options.quick)
    for number, name in enumerate(options.names, 1):
        console.print(f"{number}/{len(options.names)} {name} …")
        module = import_module(f"bench.{name}")
        figures += cast("Callable[[Size], list[Figure]]", module.run)(size)
        raws[name] = cast("str", module.RAW)
    show(figures, console)
    write_json(figures)
    if options.write_docs:
        write_docs(figures, raws)
    return 0


def read_options(arguments: Sequence[str] | None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which ones: {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, proves nothing")
    parser.add_argument("--write-docs", action="store_true", help="put the figures into docs/performance.md")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    if given.write_docs and (given.quick or given.names):
        parser.error("--write-docs takes a full run of everything")
    return Options(tuple(given.names) or BENCHES, given.quick, given.write_docs)


if __name__ == "__main__":
    sys.exit(main())
