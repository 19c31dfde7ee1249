"""A real central with two shops, an operator, items and tills that wait to be enrolled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import insert

from central.db.engine import open_database
from central.db.migrate import migrate
from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE
from central.organisation.service import save_company, save_shop
from central.organisation.tables import till
from central.registry.seeding import add_tender_types, seed_italian_defaults, seed_shop
from central.registry.service import Edit, OperatorCard, save_item, save_operator, save_settings
from central.registry.tender_types import TenderType
from central.registry.values import ItemCard, TillSettings
from central.tills.credentials import issue_code
from commerce.ids import new_id
from commerce.wire import ShopCard
from tests.crash.fsync_shadow import Shadow
from tests.crash.processes import Process
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from central.identity.passwords import PinHash

PIN = "2468"
READER = "reader"
BY_READER = TenderType(code="pos", kind="card", names={"it": "POS", "en": "POS"}, reader=READER)
CODES = ("8001234500017", "8001234500024", "8001234500031", "8001234500048")
PRICES = ("3.49", "0.95", "12.00", "1.10")
CHEAP_PIN = {"time_cost": 1, "memory_kib": 1024, "parallelism": 1}


@dataclass(frozen=True)
class EnrolmentCode:
    """A till at central that nobody has claimed yet."""

    till: str
    code: str


@dataclass
class Seeds:
    """What central knows: tills by whether their shop requires a fiscal register."""

    operators: dict[bool, str]
    tills: dict[bool, list[EnrolmentCode]]


def seed(url: str, tills: int) -> Seeds:
    """Make an empty database into a company with a plain and a fiscal shop, so many tills each."""
    return asyncio.run(_seed(url, tills))


async def _seed(url: str, tills: int) -> Seeds:
    database = open_database(url)
    await migrate(database)
    pin = await hash_pin(PIN, CHEAP_PIN)
    try:
        return await database.write(lambda connection: _fill(connection, tills, pin))
    finally:
        await database.close()


def _fill(connection: Connection, tills: int, pin: PinHash) -> Seeds:
    now = datetime.now(UTC)
    card = {"name": "Prova & Figli", "tax_id": "01234567897", "country": "IT", "currency": "EUR"}
    edit = Edit(COMMAND_LINE, save_company(connection, COMMAND_LINE, now, card), now)
    seed_italian_defaults(connection, edit)
    add_tender_types(connection, edit, BY_READER)
    _add_items(connection, edit, CODES, PRICES)
    seeds = Seeds({}, {False: [], True: []})
    for is_fiscal in (False, True):
        shop = ShopCard(
            id=new_id(), name="Via Roma", zone="Europe/Rome", languages=["it", "en"], address=["Via Roma 1"]
        )
        save_shop(connection, COMMAND_LINE, now, edit.company, shop, is_new=True)
        if is_fiscal:
            save_settings(connection, edit, shop.id, TillSettings(drawer=new_id(), fiscal_required=True))
        else:
            seed_shop(connection, edit, shop.id, cash_step=5)
        seeds.operators[is_fiscal] = save_operator(connection, edit, OperatorCard("Anna", shop.id, pin=pin))
        for number in range(1, tills + 1):
            seeds.tills[is_fiscal].append(_add_till(connection, edit, shop.id, f"{'F' if is_fiscal else 'T'}{number}"))
    return seeds


def _add_items(connection: Connection, edit: Edit, codes: Sequence[str], prices: Sequence[str]) -> None:
    for position, (code, price) in enumerate(zip(codes, prices, strict=True)):
        names = {"it": f"Articolo {position}", "en": f"Item {position}"}
        vat = ("22", "10", "4")[position % 3]
        save_item(connection, edit, ItemCard(f"A{position}", names, vat, Decimal(price), (code,)))


def _add_till(connection: Connection, edit: Edit, shop: str, code: str) -> EnrolmentCode:
    row = {"id": new_id(), "company": edit.company, "shop": shop, "code": code, "name": code, "mode": "live"}
    connection.execute(insert(till).values({**row, "created_at": edit.at}))
    return EnrolmentCode(row["id"], issue_code(connection, edit.actor, row["id"], edit.at))


class Central(Process):
    """The server itself, on SQLite in its folder or on the database named.

    ``drop_unsynced``: a crash takes with it what was not fsynced; then it has a folder of its own in its folder.
    """

    def __init__(
        self, folder: Path, tills: int, url: str | None = None, *, port: int | None = None, drop_unsynced: bool = False
    ) -> None:
        config = folder / "central.toml"
        self._shadow = Shadow(folder / "data", folder / "image") if drop_unsynced else None
        folder = folder / "data" if drop_unsynced else folder
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = port or free_port()
        self.url = url or f"sqlite:///{folder / 'central.db'}"
        self.seeds = seed(self.url, tills)
        config.write_text(
            f'data_dir = "{folder}"\nlog_level = "warning"\n'
            f"[listen]\nport = {self.port}\n[database]\nurl = '{self.url}'\n"
        )
        environment = self._shadow.environment() if self._shadow else {}
        command = ["-m", "central", "run", "--config", str(config)]
        super().__init__(command, config.with_name("central.log"), environment)

    def claim(self, *, is_fiscal: bool = False) -> EnrolmentCode:
        """Return a till that nobody has claimed yet."""
        return self.seeds.tills[is_fiscal].pop()

    def open(self) -> None:
        """Start it and return when it listens."""
        self.log.unlink(missing_ok=True)
        if self._shadow:
            self._shadow.begin()
        self.start()
        self.wait_for("central listens on")

    def come_back(self) -> None:
        """Start again on what a crash has left."""
        if self._shadow:
            self._shadow.cut_power()
        self.open()
