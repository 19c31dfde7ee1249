"""``make demo``: central and two tills of one shop on this machine, with an invented catalogue, until Ctrl-C."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from central.app import Central, build
from central.config import read_config
from central.db.migrate import migrate
from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import NewUser, add_user
from central.registry.founding import Founding, found_company
from central.registry.service import Edit, OperatorCard, save_item, save_operator
from central.registry.values import ItemCard
from central.tills.registering import add_till
from commerce.errors import PosError
from tools.demo_items import GOODS, ean8, label_code

PASSWORD = "demo-cassaforte"  # noqa: S105 - printed on the screen, for a demo on loopback
OPERATORS = (("Anna", "1234"), ("Marco", "5678"))
RESTART_PAUSE_S = 1.0
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo keeps its things and which ports it takes."""

    folder: Path
    central_port: int
    till_ports: tuple[int, int]

    @property
    def central_config(self) -> Path:
        """Return central's settings."""
        return self.folder / "central.toml"

    def till_config(self, index: int) -> Path:
        """Return a till's settings."""
        return self.folder / f"till-{index + 1}.toml"


def main() -> None:
    """Set up what is missing, run everything, stop everything."""
    place = _place()
    try:
        asyncio.run(_demo(place))
    except PosError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        print("\nStopped.")


async def _demo(place: Place) -> None:
    place.folder.mkdir(parents=True, exist_ok=True)
    is_new = not (place.folder / "ready").exists()
    _write_configs(place)
    codes = await _set_up(place) if is_new else []
    programs = [Program("central", _command("central", place.central_config))]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await programs[0].start()
        await _until(partial(_answers, place.central_port), "central")
        if is_new:
            await _enrol(place, codes)
        for index in range(2):
            programs.append(Program(f"till {index + 1}", _command("till", place.till_config(index))))
            await programs[-1].start()
        for port in place.till_ports:
            await _until(partial(_answers, port), f"the till on {port}")
        _print_guide(place, programs, is_new)
        await _supervise(programs, stop)
    finally:
        print("\nStopping: tills first, then central …", flush=True)
        for program in reversed(programs):
            await program.stop()
        print("All stopped. The next `make demo` finds today's data.", flush=True)


class Program:
    """One of the demo's processes. It is started again when it dies, as systemd would."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Return the process id, for those who want to kill it."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the demo first."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, start_new_session=True, stdout=asyncio.subprocess.DEVNULL
        )

    async def wait(self) -> int:
        """Wait for its end."""
        return await self._process.wait() if self._process else 0

    async def stop(self) -> None:
        """Ask it to stop, and make it after a while."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGCONT)  # a stopped one could not stop
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def _supervise(programs: list[Program], stop: asyncio.Event) -> None:
    async def keep(program: Program) -> None:
        while not stop.is_set():
            code = await program.wait()
            if stop.is_set():
                return
            print(f"{program.name} ended ({code}); starting it again …", flush=True)
            await asyncio.sleep(RESTART_PAUSE_S)
            await program.start()
            print(f"{program.name} runs again, process {program.pid}.", flush=True)

    keepers = [asyncio.ensure_future(keep(program)) for program in programs]
    await stop.wait()
    for keeper in keepers:
        keeper.cancel()
    await asyncio.gather(*keepers, return_exceptions=True)


async def _set_up(place: Place) -> list[str]:
    print("First start: making the shop …", flush=True)
    central = build(read_config(place.central_config), _now)
    try:
        await migrate(central.database)
        return await _furnish(central)
    finally:
        await central.database.close()


async def _furnish(central: Central) -> list[str]:
    founding = Founding(
        company="Bottega Demo s.r.l.",
        tax_id="01234567897",
        shop="Milano Centro",
        address=("Via delle Prove 1", "20121 Milano MI"),
    )
    company, shop = await central.database.write(lambda conn: found_company(conn, founding, _now()))
    edit = Edit(COMMAND_LINE, company, _now())
    for rank, card in enumerate(_cards(), start=1):
        await central.database.write(partial(save_item, edit=edit, card=card))
        print(f"\r  items: {rank} of {len(GOODS)}", end="", flush=True)
    print(flush=True)
    for name, pin in OPERATORS:
        operator = OperatorCard(name, shop, pin=await hash_pin(pin))
        await central.database.write(partial(save_operator, edit=edit, card=operator))
    await add_user(central.database, NewUser("admin", PASSWORD, Role.ADMIN, "it", "Head office"), _now())
    codes = []
    for index in range(2):
        job = partial(add_till, shop_id=shop, code=f"T{index + 1}", name=f"Cassa {index + 1}")
        till = await central.database.write(partial(job, actor=COMMAND_LINE, at=_now()))
        codes.append(await central.tills.issue_code(till))
    return codes


def _cards() -> list[ItemCard]:
    return [
        ItemCard(
            sku=f"{number:04d}",
            names={"it": italian, "en": english},
            vat_code=vat,
            price=None if price is None else Decimal(price),
            codes=(label_code(number, Decimal(0)),) if unit == "kg" else (ean8(number),),
            unit=unit,
            rank=number,
        )
        for number, (italian, english, vat, unit, price) in enumerate(GOODS, start=1)
    ]


async def _enrol(place: Place, codes: list[str]) -> None:
    for index, code in enumerate(codes):
        print(f"Enrolling till {index + 1} …", flush=True)
        command = [str(_bin("till")), "enrol", code, "--config", str(place.till_config(index))]
        process = await asyncio.create_subprocess_exec(*command)
        if await process.wait():
            sys.exit("demo: a till could not be enrolled (see above).")
    await asyncio.to_thread((place.folder / "ready").touch)


def _write_configs(place: Place) -> None:
    folder = place.folder
    place.central_config.write_text(
        f'data_dir = "central"\nlog_level = "warning"\n[listen]\nport = {place.central_port}\n', encoding="utf-8"
    )
    (folder / "central").mkdir(exist_ok=True)
    for index, port in enumerate(place.till_ports):
        place.till_config(index).write_text(
            f'data_dir = "till-{index + 1}"\nlog_level = "warning"\n[listen]\nport = {port}\n'
            f'[central]\nurl = "http://127.0.0.1:{place.central_port}"\n'
            '[[devices.scanners]]\nname = "scanner"\ndriver = "virtual"\n'
            '[devices.printer]\nname = "receipts"\ndriver = "virtual"\n',
            encoding="utf-8",
        )


def _print_guide(place: Place, programs: list[Program], is_new: bool) -> None:
    one, two = place.till_ports
    bread = label_code(2, Decimal("2.17"))
    pids = {program.name: program.pid for program in programs}
    scan = f".venv/bin/till scan --config {place.till_config(0)}"
    print(
        f"""
{"The demo shop is open." if is_new else "The demo shop is open again, with what was sold before."}

  Till 1        http://127.0.0.1:{one}/        its paper  http://127.0.0.1:{one}/paper
  Till 2        http://127.0.0.1:{two}/        its paper  http://127.0.0.1:{two}/paper
  Head office   http://127.0.0.1:{place.central_port}/        user admin, password {PASSWORD}
  Cashiers      Anna, PIN 1234 · Marco, PIN 5678

Try:
  scan          {scan} {ean8(1)} {bread}
                (or type the code on the page; {ean8(39)} has no price and asks for one)
  pay           tap PAY, then cash or card; the receipt appears on the till's paper
  cut the net   kill -STOP {pids["central"]}   sell on, watch "unsent" grow;   kill -CONT {pids["central"]}   mends it
  kill a till   kill -9 {pids["till 1"]}   with a sale half scanned: it comes back with the same basket
  head office   Today and Sales follow live; Tills shows who is behind and why

Ctrl-C stops everything.
""",
        flush=True,
    )


async def _until(ready: Callable[[], Awaitable[bool]], what: str) -> None:
    print(f"Starting {what} …", flush=True)
    for _ in range(300):
        if await ready():
            return
        await asyncio.sleep(0.1)
    sys.exit(f"demo: {what} does not answer. Is its port taken? Choose others: CENTRAL_PORT, TILL1_PORT, TILL2_PORT.")


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def _command(program: str, config: Path) -> list[str]:
    return [str(_bin(program)), "run", "--config", str(config)]


def _bin(program: str) -> Path:
    return Path(sys.executable).with_name(program)


def _now() -> datetime:
    return datetime.now(UTC)


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
