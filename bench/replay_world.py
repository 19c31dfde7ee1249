"""A central and tills of one shop, as processes of their own, set up to replay the receipts of a file."""

import asyncio
import secrets
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from bench.place import PROJECT
from bench.replay_account import KINDS, Account, read_totals
from bench.replay_book import till_code
from bench.replay_files import Format, ReplayError
from bench.replay_line import Line
from central.app import Central, build
from central.config import read_config
from central.db.migrate import migrate
from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.service import NewUser, add_token, add_user
from central.registry.founding import Founding, found_company
from central.registry.service import Edit, OperatorCard, save_operator, save_vat_code
from central.registry.values import VatCard
from central.tills.registering import add_till
from commerce.dates import utc_text
from commerce.ids import new_id

PIN = "2468"
OPERATOR = "Replay"
VAT_CODE = "R22"
_START_S = 60.0
_STOP_S = 30.0
_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What world is wanted: ``projected`` is false where central is not told to project replay chains."""

    folder: Path
    format: Format
    tills: int
    start: datetime
    database: str | None = None
    projected: bool = True


@dataclass(frozen=True, slots=True)
class Shop:
    """What the set-up made: tills by id in order, and the token that central's API is asked with."""

    company: str
    tills: tuple[str, ...]
    enrolment_codes: tuple[str, ...]
    token: str


class Program:
    """A process; what it complains of goes to a file beside its data."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, announces: bool = True) -> str:
        """Start it; return the line in which it says where it listens, or what it says at its end."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                cwd=PROJECT, start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout
        async with asyncio.timeout(_START_S):
            said = (await self._process.stdout.readline()).decode().strip()
            if not announces and await self._process.wait():
                said = ""
        if not said:
            raise ReplayError(f"{self.name} ended before it began: {self.complaint()}")
        return said

    async def stop(self) -> None:
        """Ask it to stop, and make it after a while."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def has_ended(self) -> bool:
        """Return whether it runs no more."""
        return self._process is not None and self._process.returncode is not None

    def complaint(self) -> str:
        """Return the last of what it complained of."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip() or "it said nothing"


@dataclass(slots=True)
class World:
    """The running world. ``till_urls`` are where the tills' API is, in order."""

    wanted: Wanted
    shop: Shop
    line: Line
    central_url: str
    till_urls: tuple[str, ...] = ()
    programs: list[Program] = field(default_factory=list)
    _http: aiohttp.ClientSession | None = None

    async def account(self) -> Account:
        """Return what central holds of this company, as its API says."""
        answers = {by: await self._ask(f"/api/v1/reports/totals?by={by}&company={self.shop.company}") for by in KINDS}
        names = {till: till_code(index) for index, till in enumerate(self.shop.tills)}
        return read_totals(answers, self.wanted.format.currency, names)

    async def count_receipts(self) -> int:
        """Return how many receipts central holds."""
        answer = await self._ask(f"/api/v1/reports/totals?by=all&company={self.shop.company}")
        return sum(row["receipts"] for row in answer["rows"])

    async def count_trouble(self) -> tuple[int, int]:
        """Return how many entries central set aside, and how many forks it has seen."""
        tills = (await self._ask("/api/v1/tills"))["tills"]
        mine = [till for till in tills if till["id"] in self.shop.tills]
        return sum(till["open_set_aside"] for till in mine), sum(till["open_forks"] for till in mine)

    def ended(self) -> str | None:
        """Return what became of a program that should run and does not."""
        for program in self.programs:
            if program.has_ended:
                return f"{program.name} ended: {program.complaint()}"
        return None

    async def _ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        if self._http is None:
            raise ReplayError("central is not open")
        async with self._http.get(f"{self.central_url}{path}") as response:
            if response.status != 200:
                raise ReplayError(f"central answered {response.status} to {path}: {await response.text()}")
            return await response.json()


async def open_world(wanted: Wanted, stack: AsyncExitStack) -> World:
    """Make the shop, start central, enrol the tills over the line and start them; the stack stops everything."""
    shop = await set_up(wanted)
    central = Program("central", ["central", "run", "--config", str(_central_config(wanted))], wanted.folder / "c.log")
    stack.push_async_callback(central.stop)
    url = (await central.start()).rsplit(" ", 1)[-1].rstrip("/")
    line = Line(int(url.rsplit(":", 1)[-1]))
    await line.open()
    stack.push_async_callback(line.close)
    headers = {"Authorization": f"Bearer {shop.token}"}
    http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
    world = World(wanted, shop, line, url, programs=[central], _http=http)
    urls = await asyncio.gather(*(_start_till(world, index, stack) for index in range(wanted.tills)))
    world.till_urls = tuple(urls)
    return world


async def set_up(wanted: Wanted) -> Shop:
    """Make the company with its shop, tills, VAT code and a reader of central's API."""
    wanted.folder.mkdir(parents=True, exist_ok=True)
    _write_central_config(wanted)
    central = build(read_config(_central_config(wanted)), _now)
    try:
        await migrate(central.database)
        return await _furnish(central, wanted)
    finally:
        await central.database.close()


async def _furnish(central: Central, wanted: Wanted) -> Shop:
    known, database = wanted.format, central.database
    founding = Founding(
        company=f"Replay of {known.name}",
        tax_id="00000000000",
        shop="Replay",
        country=known.country,
        currency=known.currency,
        zone=known.zone.key,
        languages=("en", "it"),
        cut_off="00:00",  # a session is a day, from midnight to midnight
    )
    company, shop = await database.write(lambda conn: found_company(conn, founding, _now()))
    edit = Edit(COMMAND_LINE, company, _now())
    await database.write(partial(save_vat_code, edit=edit, card=_vat_card()))
    operator = OperatorCard(OPERATOR, shop, pin=await hash_pin(PIN))
    await database.write(partial(save_operator, edit=edit, card=operator))
    tills, codes = [], []
    for index in range(wanted.tills):
        adding = partial(add_till, shop_id=shop, code=till_code(index), name=f"Till {index + 1}", mode="replay")
        tills.append(await database.write(partial(adding, actor=COMMAND_LINE, at=_now())))
        codes.append(await central.tills.issue_code(tills[-1]))
    return Shop(company, tuple(tills), tuple(codes), await _make_token(central, company))


async def _make_token(central: Central, company: str) -> str:
    name = f"replay-{new_id()[-12:]}"
    new = NewUser(name, secrets.token_urlsafe(24), Role.VIEWER, company=company)
    user = await add_user(central.database, new, _now())
    return await add_token(central.database, Actor(user, name, company=company), "replay", _now())


def _vat_card() -> VatCard:
    """Return 22 % whenever the receipts are from: the ordinary rate was another one before October 2013."""
    names = {"en": "22 % at all times", "it": "22 % in ogni tempo"}
    return VatCard(VAT_CODE, names, rates=((date(1970, 1, 1), Decimal(22)),))


async def _start_till(world: World, index: int, stack: AsyncExitStack) -> str:
    name = till_code(index)
    config = _write_till_config(world.wanted, name, world.line.port)
    log = world.wanted.folder / f"till-{name}.log"
    enrolling = ["terminal", "enrol", world.shop.enrolment_codes[index], "--config", str(config)]
    await Program(f"till {name}", enrolling, log).start(announces=False)
    start = utc_text(world.wanted.start)
    running = ["terminal", "run", "--config", str(config), "--replay-from", start]
    till = Program(f"till {name}", running, log)
    stack.push_async_callback(till.stop)
    address = await till.start()
    world.programs.append(till)
    return address.rstrip("/")


def till_folder(folder: Path, till: int) -> Path:
    """Return where a till keeps its data."""
    return folder / f"till-{till_code(till)}"


def _central_config(wanted: Wanted) -> Path:
    return wanted.folder / "central.toml"


def _write_central_config(wanted: Wanted) -> None:
    lines = ['data_dir = "central"', 'log_level = "warning"', "[listen]", "port = 0"]
    lines += ["[projection]", f"modes = {['replay'] if wanted.projected else []}"]
    lines += ["[database]", f"url = '{wanted.database}'"] if wanted.database else []
    (wanted.folder / "central").mkdir(exist_ok=True)
    _central_config(wanted).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_till_config(wanted: Wanted, name: str, central_port: int) -> Path:
    config = wanted.folder / f"till-{name}.toml"
    settings: Mapping[str, str] = {"data_dir": f'"till-{name}"', "log_level": '"warning"'}
    plain = "\n".join(f"{key} = {value}" for key, value in settings.items())
    config.write_text(
        f'{plain}\n[listen]\nport = 0\n[central]\nurl = "http://127.0.0.1:{central_port}"\n', encoding="utf-8"
    )
    return config


def _now() -> datetime:
    return datetime.now(UTC)
