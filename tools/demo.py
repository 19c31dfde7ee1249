"""``make demo``: central and two tills of one shop on this machine, with an invented catalogue, until Ctrl-C."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path

from commerce.errors import PosError
from commerce.texts import translator
from commerce.texts.errors import error_text
from tools.demo_items import ean8, label_code
from tools.demo_place import Place, bin_path
from tools.demo_programs import NotReadyError, Program, programs_of, stop_all, supervise
from tools.demo_shop import OPERATORS, PASSWORD, USER, set_up_shop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """Why the demo cannot go on, in a plain sentence."""


def main() -> None:
    """Set up what is missing, run everything, stop everything."""
    place = _place()
    try:
        asyncio.run(_demo(place))
    except (DemoError, NotReadyError) as error:
        sys.exit(f"demo: {error}")
    except PosError as error:
        sys.exit(f"demo: {error_text(translator('en'), error)}")
    except OSError as error:
        sys.exit(f"demo: cannot use {error.filename or place.folder}: {error.strerror}.")
    except KeyboardInterrupt:
        sys.exit("\ndemo: broken off during set-up; the next start begins it anew.")


async def _demo(place: Place) -> None:
    if taken := place.taken_port():
        port, variable = taken
        raise DemoError(
            f"port {port} is in use, by another demo or another program. Stop that, or choose another port: "
            f"`make demo {variable}={port + 10}`."
        )
    is_new = not place.is_open
    place.prepare()
    print(f"{'Making the demo shop' if is_new else 'Opening the demo shop again'} in {place.folder} …", flush=True)
    codes = await set_up_shop(place.central_config) if is_new else []
    programs, stop = programs_of(place), asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        if await _unless(stop, _start(place, programs, codes)):
            _print_guide(place, programs, is_new)
            await supervise(programs, stop)
    finally:
        await _stop(programs)


async def _unless(stop: asyncio.Event, starting: Coroutine[object, object, None]) -> bool:
    """Start unless told to stop meanwhile; tell whether everything runs."""
    start, stopped = asyncio.ensure_future(starting), asyncio.ensure_future(stop.wait())
    await asyncio.wait((start, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if start.done():
        start.result()
        return True
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    return False


async def _start(place: Place, programs: list[Program], codes: list[str]) -> None:
    central, *tills = programs
    await _start_one(central)
    for number, code in enumerate(codes, start=1):
        await _enrol(place, number, code)
    if codes:
        place.mark_open()
    for till in tills:
        await _start_one(till)


async def _start_one(program: Program) -> None:
    began = time.monotonic()
    print(f"  starting {program.name:<8} on port {program.port} …", end="", flush=True)
    await program.start()
    print(f" answers after {time.monotonic() - began:.1f} s", flush=True)


async def _enrol(place: Place, number: int, code: str) -> None:
    print(f"  enrolling till {number} with its one-time code …", end="", flush=True)
    command = [str(bin_path("till")), "enrol", code, "--config", str(place.till_config(number))]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise DemoError(f"till {number} could not be enrolled: {said.decode(errors='replace').strip()}")
    print(" done", flush=True)


async def _stop(programs: list[Program]) -> None:
    began = time.monotonic()
    print("\nStopping the tills, then central …", flush=True)
    await stop_all(programs)
    print(f"All stopped in {time.monotonic() - began:.1f} s. The next `make demo` finds what was sold.", flush=True)


def _print_guide(place: Place, programs: list[Program], is_new: bool) -> None:
    one, two = (f"http://127.0.0.1:{port}/" for port in place.till_ports)
    pids = {program.name: program.pid for program in programs}
    scan = f".venv/bin/till scan --config {_short(place.till_config(1))}"
    reader = f".venv/bin/till card-reader --config {_short(place.till_config(1))}"
    cashiers = " · ".join(f"{name}, PIN {pin}" for name, pin in OPERATORS)
    print(
        f"""
{"The demo shop is open." if is_new else "The demo shop is open again, with everything that was sold before."}

  OPEN
    till 1         {one:<26} its paper: {one}paper
    till 2         {two:<26} its paper: {two}paper
    head office    http://127.0.0.1:{place.central_port}/

  SIGN IN
    at a till      {cashiers}
    head office    {USER}, password {PASSWORD}

  TRY (commands in a second terminal, in this folder)
    scan           {scan} {ean8(1)} {label_code(2, Decimal("2.17"))}
                   sign on and open the session first; {ean8(39)} has no price and asks for it;
                   or type a code or a few letters on the page
    pay            tap PAY, then a note, exact cash or card; the receipt comes out on the till's paper
    card reader    "Card, by reader" asks the till's virtual one, which approves unless told otherwise:
                   {reader} decline     (or slow, lost, gone; unplugged, well)
    no network     kill -STOP {pids["central"]}    sell on and watch "unsent" grow
                   kill -CONT {pids["central"]}    everything arrives, once
    kill the till  kill -9 {pids["till 1"]}       with a sale half scanned: it comes back, basket and all
    head office    Today and Sales follow live; Tills says who is behind, and why
    the ledger     .venv/bin/till verify {_short(place.folder / "till-1" / "ledger.db")}

  Ctrl-C stops everything; a second start finds today's data. What the programs complain of: {_short(place.folder)}/log/
""",
        flush=True,
    )


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _place() -> Place:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(os.environ.get("DEMO_DATA", "demo-data")))
    options.add_argument("--central-port", type=int, default=int(os.environ.get("CENTRAL_PORT", "8400")))
    options.add_argument("--till1-port", type=int, default=int(os.environ.get("TILL1_PORT", "8401")))
    options.add_argument("--till2-port", type=int, default=int(os.environ.get("TILL2_PORT", "8402")))
    chosen = options.parse_args()
    return Place(chosen.data.resolve(), chosen.central_port, (chosen.till1_port, chosen.till2_port))


if __name__ == "__main__":
    main()
