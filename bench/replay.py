"""Plays real receipts through real tills to a real central and compares what arrived with what the file holds.

    python -m bench.replay FILE [--tills N] [--rate R] [--receipts N] [--no-cut] [--keep DIR] [--database URL]
        [--no-project]

See docs/replay.md. It ends with JSON on standard output: exit 0 when both sides agree in every figure, 1 with the first
difference named, 2 when the replay itself could not be made.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.replay_account import account_json, exact_text, first_difference
from bench.replay_book import ReceiptBook, till_code
from bench.replay_files import ReceiptFile, ReplayError
from bench.replay_line import CutTime
from bench.replay_player import Pacer, Player, TillApi
from bench.replay_world import Wanted, World, open_world
from commerce.errors import PosError

CUT_S = 2.0
_PATIENCE_S = 90.0  # without anything arriving
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for on the command line."""

    file: Path
    folder: Path
    tills: int = 2
    per_second: float | None = None
    receipts: int | None = None
    cut: bool = True
    database: str | None = None
    project: bool = True


def main() -> None:
    """Replay, print, and say by the exit status whether both sides agree."""
    given = _arguments()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="cassaforte-replay-"))
    options = Options(
        given.file, folder, given.tills, given.per_second, given.receipts, given.cut, given.database, given.project
    )
    if given.keep and folder.exists() and any(folder.iterdir()):
        print(f"replay: {folder} is not empty: keep the replay's data in a folder of its own.", file=sys.stderr)
        sys.exit(2)
    try:
        result = asyncio.run(_replay_until_told(options))
    except (ReplayError, PosError, aiohttp.ClientError, TimeoutError) as error:
        print(f"replay: {error or type(error).__name__}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("replay: stopped.")
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result, indent=1))
    if not result["agree"]:
        sys.exit(f"replay: {result['first_difference']}")


async def _replay_until_told(options: Options) -> dict[str, Any]:
    """Replay; asked to stop, stop tills and central too."""
    if task := asyncio.current_task():
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would otherwise ignore SIGINT
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await replay(options, Console(stderr=True))


async def replay(options: Options, console: Console) -> dict[str, Any]:
    """Replay a file and return both sides with the verdict."""
    file = ReceiptFile(options.file)
    options.folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        progress = stack.enter_context(_progress(console))
        book = stack.enter_context(ReceiptBook(options.folder / "receipts.db", options.tills, options.receipts))
        reading = progress.add_task("Reading the file", total=file.size, line="")
        book.fill(file, lambda read: progress.update(reading, completed=read))
        start = book.first_at or datetime(2000, 1, 1, tzinfo=UTC)
        wanted = Wanted(options.folder, file.format, options.tills, start, options.database, options.project)
        world = await open_world(wanted, stack)
        run = await _play(options, world, book, progress)
        return await _compare(world, book, run)


async def _play(options: Options, world: World, book: ReceiptBook, progress: Progress) -> dict[str, Any]:
    """Play every receipt, the line cut half of the time, and wait until everything has arrived."""
    async with AsyncExitStack() as stack:
        pacer, playing = Pacer(options.per_second), progress.add_task("Playing receipts", total=book.count, line="")
        played = _counter(world, progress, playing)
        apis = [await TillApi.open(till_code(i), url, stack) for i, url in enumerate(world.till_urls)]
        players = [Player(api, book.receipts(i), pacer, played) for i, api in enumerate(apis)]
        await asyncio.gather(*(player.begin() for player in players))
        tally, began = CutTime(), time.monotonic()
        await _with_cuts(options, world, players, tally)
        played_s = time.monotonic() - began
        await asyncio.gather(*(player.end() for player in players))
        await _until_arrived(world, apis, book, progress)
        arrived_s = time.monotonic() - began
    share = tally.cut_s / played_s if played_s else 0.0
    return {
        "played_seconds": round(played_s, 1),
        "arrived_seconds": round(arrived_s, 1),
        "receipts_per_second": round(book.count / played_s, 1) if played_s else 0,
        "sessions": {api.name: player.sessions for api, player in zip(apis, players, strict=True)},
        "line": {"cuts": tally.cuts, "cut_seconds": round(tally.cut_s, 1), "cut_share": round(share, 2)},
    }


async def _with_cuts(options: Options, world: World, players: list[Player], tally: CutTime) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            cutting = group.create_task(world.line.cut_half_of_the_time(CUT_S, tally)) if options.cut else None
            await asyncio.gather(*(player.play() for player in players))
            if cutting:
                cutting.cancel()
    except ExceptionGroup as failed:
        raise ReplayError(world.ended() or str(failed.exceptions[0])) from failed


async def _until_arrived(world: World, apis: list[TillApi], book: ReceiptBook, progress: Progress) -> None:
    """Wait until no till has anything unsent and central has projected what it should, as long as something moves."""
    expected = book.count if world.wanted.projected else 0
    arriving = progress.add_task("Arriving at central", total=book.count, line="")
    seen: tuple[int, int] = (-1, -1)
    moved = time.monotonic()
    while True:
        unsent = sum([(await api.state())["network"]["unsent"] for api in apis])
        now = (unsent, await world.count_receipts())
        progress.update(arriving, completed=now[1], line=f"unsent {unsent}")
        if now == seen and unsent == 0 and now[1] >= expected:
            return
        if now != seen:
            seen, moved = now, time.monotonic()
        if (ended := world.ended()) or time.monotonic() - moved > _PATIENCE_S:
            print(f"replay: {ended or f'nothing arrives any more; {unsent} entries are unsent'}", file=sys.stderr)
            return
        await asyncio.sleep(_POLL_S)


async def _compare(world: World, book: ReceiptBook, run: dict[str, Any]) -> dict[str, Any]:
    currency = world.wanted.format.currency
    file, central = book.account(), await world.account()
    set_aside, forks = await world.count_trouble()
    difference = first_difference(file, central, currency)
    if difference is None and (set_aside or forks):
        difference = f"central set {set_aside} entries aside and saw {forks} forks"
    months = {month: exact_text(money) for month, money in sorted(book.exact_by_month.items())}
    return {
        "agree": difference is None,
        "first_difference": difference,
        "format": world.wanted.format.name,
        "currency": currency,
        "file": account_json(file, currency),
        "central": account_json(central, currency) | {"set_aside": set_aside, "forks": forks},
        "exact": {"all": exact_text(book.exact), "month": months},
        "run": {"tills": book.tills, **run},
    }


def _counter(world: World, progress: Progress, task: Any) -> Callable[[], None]:  # noqa: ANN401 - rich's own id
    def played() -> None:
        progress.update(task, advance=1, line="line cut" if world.line.is_cut else "line up")

    return played


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[line]}"))
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)


def _arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench.replay", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("file", type=Path, help="receipts (.csv or .csv.gz), of complete_journey or online_retail")
    options.add_argument("--tills", type=_positive, default=2, help="how many tills (2)")
    rate = "receipts a second over all tills (as fast as it can)"
    options.add_argument("--rate", dest="per_second", metavar="R", type=float, help=rate)
    options.add_argument("--receipts", type=_positive, help="only so many, the first of the file")
    cut = "cut the line to central half of the time (yes)"
    options.add_argument("--cut", action=argparse.BooleanOptionalAction, default=True, help=cut)
    options.add_argument("--keep", type=Path, help="an empty folder where central and tills keep their data afterwards")
    projecting = "tell central to project replay chains (yes); not told, it keeps them and has no sales"
    options.add_argument("--project", action=argparse.BooleanOptionalAction, default=True, help=projecting)
    options.add_argument("--database", help="central's database, postgresql://… (SQLite in its folder)")
    return options.parse_args()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    main()
