"""Head office on a real socket with people, items, tills and sales, and a client that behaves like a browser."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from central.app import serve_areas
from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import NewUser, add_user
from central.registry.seeding import seed_italian_defaults, seed_shop
from central.registry.service import Edit, OperatorCard, save_item, save_operator
from central.registry.values import ItemCard
from central.tills.api import SNAPSHOTS, TILLS
from central.tills.snapshots import Snapshots
from central.web import shell
from central.web.keys import CLOCK, DATABASE
from central.web.settings import WebSettings
from commerce.door import Door
from commerce.entrance import Entrance

if TYPE_CHECKING:
    from pathlib import Path

    from central.registry.queries import StoredItem
    from tests.central.office import Office
    from tests.fakes.till import FakeTill

PASSWORD = "una password lunga"  # noqa: S105 - of an invented user
CHEAP_PIN = {"time_cost": 1, "memory_kib": 64, "parallelism": 1}
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Page:
    """An answer as a person sees it."""

    status: int
    text: str
    headers: Any
    url: str


class Visitor:
    """A browser without scripts: keeps cookies, follows redirects, sends forms with the token of the last page."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.token = ""

    async def get(self, path: str, **options: Any) -> Page:  # noqa: ANN401
        return await self._page("GET", path, **options)

    async def post(self, path: str, token: str | None = None, **form: str) -> Page:
        sent = self.token if token is None else token
        return await self._page("POST", path, data={"csrf": sent, **form})

    async def sign_in(self, name: str = "anna", password: str = PASSWORD) -> Page:
        await self.get("/sign-in")
        return await self.post("/sign-in", name=name, password=password, next="/")

    async def _page(self, method: str, path: str, **options: Any) -> Page:  # noqa: ANN401
        async with self.session.request(method, path, **options) as response:
            text = await response.text()
            found = TOKEN.search(text)
            self.token = found[1] if found else self.token
            return Page(response.status, text, response.headers, str(response.url))


@dataclass
class HeadOffice:
    """A running head office."""

    office: Office
    address: str
    items: list[StoredItem]

    @property
    def edit(self) -> Edit:
        return Edit(COMMAND_LINE, self.office.company, self.office.clock())

    async def user(self, name: str, role: Role) -> str:
        new = NewUser(name, PASSWORD, role, "en", name.title())
        return await add_user(self.office.database, new, self.office.clock())

    async def busy_till(self, code: str = "T1", sales: int = 3) -> FakeTill:
        """A till with a session and some sales, all projected."""
        till = await self.office.new_till(code)
        till.sign_on()
        till.open_session()
        for number in range(sales):
            till.sell(lines=1 + number % 3)
        await self.deliver(till)
        return till

    async def deliver(self, till: FakeTill) -> None:
        await self.office.push(till)
        await self.office.projector.catch_up()


async def seed(office: Office) -> list[StoredItem]:
    """VAT codes, settings, an operator and a few items."""
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    await office.database.write(partial(seed_italian_defaults, edit=edit))
    await office.database.write(partial(seed_shop, edit=edit, shop=office.shop, header=("Bottega di prova",)))
    pin = await hash_pin("2580", CHEAP_PIN)
    card = OperatorCard("Anna", office.shop, pin=pin)
    await office.database.write(partial(save_operator, edit=edit, card=card))
    cards = [
        ItemCard("A1", {"it": "Caffè macinato 250 g", "en": "Ground coffee 250 g"}, "10", Decimal("3.49"),
                 ("8001234500017",), brand="Aroma"),
        ItemCard("A2", {"it": "Pane casereccio", "en": "Country bread"}, "4", Decimal("4.50"), (), unit="kg"),
        ItemCard("A3", {"it": "Acqua naturale 1,5 l", "en": "Still water 1.5 l"}, "22", None, ("80012345",)),
    ]  # fmt: skip
    return [await office.database.write(partial(save_item, edit=edit, card=one)) for one in cards]


async def open_site(office: Office, folder: Path, settings: WebSettings | None = None) -> web.AppRunner:
    """Serve head office and sync; the first address of the runner is where."""
    app = web.Application()
    app[DATABASE] = office.database
    app[CLOCK] = office.clock.__call__
    app[TILLS], app[SNAPSHOTS] = office.tills, Snapshots(office.database, folder / "snapshots")
    shell.install(app, settings or WebSettings())
    serve_areas(app)
    runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
    await runner.setup()
    await Entrance(runner, socket.create_server(("127.0.0.1", 0)), None, Door(100)).start()
    return runner


async def open_head_office(office: Office, folder: Path) -> tuple[HeadOffice, web.AppRunner]:
    """A running head office with its first admin, anna."""
    items = await seed(office)
    runner = await open_site(office, folder)
    site = HeadOffice(office, f"http://127.0.0.1:{runner.addresses[0][1]}", items)
    await site.user("anna", Role.ADMIN)
    office.clock.at += timedelta(seconds=1)
    return site, runner
