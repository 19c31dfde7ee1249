"""Central's services over a database, with one company and shop, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.scope import Grant
from central.organisation.service import save_company, save_shop
from central.sales.projection import SalesProjection
from central.tills.alarms import AlarmProjection
from central.tills.fleet import Fleet
from central.tills.projections import Projections
from central.tills.projector import Projector
from central.tills.registering import add_till
from central.tills.service import TillService, load_signer
from commerce.ids import new_id
from commerce.ledger import Signer
from commerce.wire import EnrolRequest, GapAnswer, PushAnswer, ShopCard
from tests.fakes.till import FakeTill

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Row, Table

    from central.db.engine import Database
    from central.tills.values import KnownTill
    from commerce.wire import EnrolAnswer, PushRequest

COMPANY = {"name": "Prova s.r.l.", "tax_id": "IT01234567890", "country": "IT", "currency": "EUR"}


SEEN = frozenset({"customers.see", "items.see", "operators.see", "sales.see", "settings.see", "suppliers.see",
                  "tills.see"})  # fmt: skip
STANDARD: dict[Role, frozenset[str] | None] = {
    Role.ADMIN: None,
    Role.MANAGER: SEEN | {"audit.see", "companies.edit", "customers.edit", "items.edit", "jobs.manage",
                          "operators.edit", "settings.edit", "suppliers.edit", "tills.approve", "tills.manage"},
    Role.VIEWER: SEEN,
}  # fmt: skip


def actor_with(role: Role, name: str = "Anna", company: str | None = None, shop: str | None = None) -> Actor:
    """Somebody with a standard role in a place, of whom the database knows nothing."""
    return Actor(name.lower(), name, (Grant(company, shop, STANDARD[role]),), company=company)


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Office:
    """What a test of central needs."""

    database: Database
    clock: Clock
    tills: TillService
    projector: Projector
    company: str
    shop: str

    async def add_shop(self, name: str = "Corso") -> str:
        """Another shop of the company."""
        card = ShopCard(id=new_id(), name=name, zone="Europe/Rome", languages=["it", "en"])
        await self.database.write(
            partial(save_shop, actor=COMMAND_LINE, at=self.clock(), company=self.company, shop=card, is_new=True)
        )
        return card.id

    async def add_till(self, code: str = "T1", mode: str = "live", shop: str | None = None) -> str:
        """A till that is not enrolled yet."""
        job = partial(add_till, actor=COMMAND_LINE, at=self.clock(), shop_id=shop or self.shop, code=code, name=code)
        return await self.database.write(partial(job, mode=mode))

    async def enrol(self, till: str, signer: Signer) -> EnrolAnswer:
        """Enrol a till with a fresh code."""
        code = await self.tills.issue_code(till)
        request = EnrolRequest(code=code, public_key=signer.public_key.hex(), app_version="0.1.0")
        return await self.tills.enrol(request, "127.0.0.1")

    async def new_till(self, code: str = "T1", mode: str = "live", shop: str | None = None) -> FakeTill:
        """An enrolled till with its chain opened."""
        signer = Signer(Ed25519PrivateKey.generate())
        return FakeTill.of(await self.enrol(await self.add_till(code, mode, shop), signer), signer)

    async def known(self, till: FakeTill) -> KnownTill:
        """The till as central recognises it by its token."""
        return await self.tills.recognise(till.token)

    async def push(self, till: FakeTill, request: PushRequest | None = None) -> PushAnswer | GapAnswer:
        """Push what is given, or the till's whole ledger."""
        return await self.tills.receive(await self.known(till), request or till.push())

    async def accept(self, till: FakeTill, request: PushRequest | None = None) -> PushAnswer:
        """Push, and expect no gap."""
        answer = await self.push(till, request)
        assert isinstance(answer, PushAnswer), answer
        return answer

    async def rows(self, table: Table, **where: object) -> list[Row[Any]]:
        """The rows of a table that have these values, in order of its key."""
        query = select(table).filter_by(**where).order_by(*table.primary_key.columns)
        return await self.database.read(lambda connection: list(connection.execute(query)))


async def open_office(database: Database, folder: Path) -> Office:
    """Set everything up."""
    clock = Clock()
    projection = Projections(SalesProjection(), AlarmProjection())
    tills = TillService(database, load_signer(folder / "central.key"), clock, Fleet(database, clock), projection)
    projector = Projector(database, projection, clock, handover=tills.handover)
    company = await database.write(partial(save_company, actor=COMMAND_LINE, at=clock(), values=COMPANY))
    office = Office(database, clock, tills, projector, company, "")
    office.shop = await office.add_shop("Via Roma")
    return office
