"""Two companies, one with two shops, each full of things that carry a mark of their own; and people with every role.

What a person may not know is found in an answer by its marks: they stand in names and codes, never in a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from central.app import KINDS
from central.identity import roles
from central.identity.passwords import PinHash
from central.identity.people import COMMAND_LINE, Role
from central.identity.roles import Place, RoleCard
from central.identity.service import NewUser, Visit, add_token, add_user, find_actor, sign_in
from central.identity.tables import api_token
from central.jobs import queue
from central.jobs.runner import Runner
from central.jobs.values import Asked
from central.kit import service
from central.kit.files.handing import hand_in
from central.kit.files.importing import ask_for_trial
from central.kit.files.manifest import files_of
from central.kit.files.mapping import FileMapping
from central.kit.proposals import Edit as KitEdit
from central.kit.proposals import Proposal
from central.organisation.service import save_company, save_shop
from central.registry.customers import CUSTOMERS, Customer
from central.registry.forms import read_rates
from central.registry.reasons import REASONS, Reason
from central.registry.seeding import seed_italian_defaults, seed_shop
from central.registry.service import Edit, OperatorCard, save_item, save_operator, save_tender_type, save_vat_code
from central.registry.values import ItemCard, TenderCard, VatCard
from central.sales.exporting import SALES_WORKBOOK
from central.sales.tables import sale
from central.web.manifest import handlers_of
from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.ids import new_id
from commerce.kinds import Kind as EntryKind
from commerce.wire import ShopCard
from tests.central.head_office import CHEAP_PIN, PASSWORD
from tests.central.office import COMPANY, STANDARD

if TYPE_CHECKING:
    from pathlib import Path

    from central.kit.kinds import Kind
    from tests.central.office import Office
    from tests.fakes.till import FakeTill

NOBODY = "nobody"
ROLES: dict[str, frozenset[str] | None] = {**{role.value: rights for role, rights in STANDARD.items()},
                                           NOBODY: frozenset()}  # fmt: skip


@dataclass
class Side:
    """What belongs to a shop, and to its company: ids by the names that addresses and forms have for them."""

    ids: dict[str, str]
    till: FakeTill
    company_marks: tuple[str, ...]
    shop_marks: tuple[str, ...]

    def fill(self, text: str) -> str:
        return text.format(**self.ids)


@dataclass(frozen=True)
class Persona:
    """Somebody with one role in one place."""

    role: str
    place: str  # "all", "company" or "shop"
    cookie: str
    token: str

    @property
    def rights(self) -> frozenset[str] | None:
        return ROLES[self.role]


@dataclass
class World:
    """``here`` is the shop that people work in, ``sibling`` another of its company, ``abroad`` another company's."""

    here: Side
    sibling: Side
    abroad: Side
    personas: dict[tuple[str, str], Persona] = field(default_factory=dict)


async def make_world(office: Office, folder: Path) -> World:
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    await office.database.write(partial(seed_italian_defaults, edit=edit))
    await office.database.write(partial(seed_shop, edit=edit, shop=office.shop))
    other = await office.database.write(
        partial(save_company, actor=COMMAND_LINE, at=office.clock(), values={**COMPANY, "name": "qzFirmC"})
    )
    await office.database.write(partial(seed_italian_defaults, edit=Edit(COMMAND_LINE, other, office.clock())))
    return World(
        await _side(office, folder, office.company, office.shop, "A"),
        await _side(office, folder, office.company, await _shop(office, office.company, "B"), "B"),
        await _side(office, folder, other, await _shop(office, other, "C"), "C", ("qzFirmC",)),
    )


async def add_persona(office: Office, world: World, role: str, place: str) -> Persona:
    """Somebody new with a role; who has none answers to the company and may nothing."""
    at, db = office.clock(), office.database
    where = {"all": Place(), "company": Place(office.company), "shop": Place(office.company, office.shop)}[place]
    first = Role.VIEWER.value if role == NOBODY else role
    name = f"{role}-{place}"
    user = await add_user(db, NewUser(name, PASSWORD, first), at, place=where)
    if role == NOBODY:
        await db.write(partial(roles.take, actor=COMMAND_LINE, at=at, user=user, role=first, place=where))
    cookie = await sign_in(db, name, PASSWORD, Visit("127.0.0.1", "walk"), at)
    actor = await find_actor(db, cookie, at)
    assert actor
    world.personas[role, place] = Persona(role, place, cookie, await add_token(db, actor, "walk", at))
    return world.personas[role, place]


async def _shop(office: Office, company: str, mark: str) -> str:
    card = ShopCard(id=new_id(), name=f"qzShop{mark}", zone="Europe/Rome", languages=["it", "en"])
    job = partial(save_shop, actor=COMMAND_LINE, at=office.clock(), company=company, shop=card, is_new=True)
    await office.database.write(job)
    edit = Edit(COMMAND_LINE, company, office.clock())
    await office.database.write(partial(seed_shop, edit=edit, shop=card.id))
    return card.id


async def _side(office: Office, folder: Path, company: str, shop: str, mark: str, marks: tuple[str, ...] = ()) -> Side:
    edit, db, at = Edit(COMMAND_LINE, company, office.clock()), office.database, office.clock()
    names = {"it": f"qzNome{mark}", "en": f"qzName{mark}"}
    pin = PinHash(b"s" * 16, b"h" * 32, CHEAP_PIN)
    operator = await db.write(partial(save_operator, edit=edit, card=OperatorCard(f"qzOperator{mark}", shop, pin=pin)))
    item = await db.write(partial(save_item, edit=edit, card=ItemCard(f"SKU{mark}", names, "10", None, ())))
    rates = read_rates("2020-01-01 6")
    vat = await db.write(partial(save_vat_code, edit=edit, card=VatCard(f"V{mark}", names, rates, position=90)))
    means = TenderCard(f"t{mark.lower()}", "card", names, opens_drawer=False, position=90)
    tender = await db.write(partial(save_tender_type, edit=edit, card=means))
    till = await office.new_till(f"QZ{mark}", shop=shop)
    till.sign_on()
    till.open_session()
    till.sell(lines=2)
    alarm = till.write(EntryKind.ALARM_RAISED, AlarmRaised(AlarmCode.PIN_GUESSED, operator, 3, "").as_body())
    await office.push(till)
    await office.projector.catch_up()
    new = NewUser(f"qzuser{mark.lower()}", PASSWORD, Role.VIEWER, "en", f"qzUser{mark}", company, shop)
    user = await add_user(db, new, at)
    cookie = await sign_in(db, new.name, PASSWORD, Visit("10.0.0.9", f"qzAgent{mark}"), at)
    actor = await find_actor(db, cookie, at)
    assert actor
    await add_token(db, actor, f"qzKey{mark}", at)
    card = RoleCard({"it": f"qzRuolo{mark}", "en": f"qzRole{mark}"}, {"sales.see"}, company)
    role = await db.write(partial(roles.save_role, actor=COMMAND_LINE, at=at, card=card, known={"sales.see"}))
    reason = await _record(office, company, REASONS, Reason(code=f"R{mark}", names=names))
    customer = await _record(office, company, CUSTOMERS, Customer(code=f"C{mark}", name=f"qzCustomer{mark}"))
    token = await _token(office, user)
    asked = Asked(company=company, label=f"qzJob{mark}", input={"query": {}, "language": "it"})
    job = await db.write(partial(queue.ask_for, kind=SALES_WORKBOOK, asked=asked))
    ids = {
        "company": company, "shop": shop, "till": till.till, "operator": operator, "item": item.id, "vat": vat,
        "tender": tender, "user": user, "session": str(actor.session), "role": role, "chain": till.chain,
        "seq": str(alarm.seq), "hash": alarm.hash.hex(), "sku": f"SKU{mark}",
        "token": token, "key": token, "job": job, "reason": reason, "customer": customer,
        "sale": await _sale(office, till.till), **await _files(office, company, mark, folder),
    }  # fmt: skip
    kept = (f"qz{what}{mark}" for what in ("File", "Customer", "Role", "Ruolo", "User", "Key", "Agent"))
    shared = (*marks, names["en"], names["it"], *kept)
    return Side(ids, till, shared, (f"qzShop{mark}", f"QZ{mark}", f"qzOperator{mark}", f"qzJob{mark}"))


async def _record(office: Office, company: str, kind: Kind, card: object) -> str:
    edit = KitEdit(COMMAND_LINE, company, office.clock(), KINDS)
    saved = await office.database.write(partial(service.save, kind=kind, edit=edit, proposals=[Proposal(card)]))
    return saved[0].id


async def _files(office: Office, company: str, mark: str, folder: Path) -> dict[str, str]:
    """A file of each kind that was handed in and tried out."""
    db, ids = office.database, dict[str, str]()
    path = folder / f"file{mark}.csv"
    path.write_text(f"Code\nqzFile{mark}\n", encoding="utf-8")
    for kind in KINDS:
        file = await hand_in(db, kind, company, path, None, office.clock())
        mapping = FileMapping(columns={kind.unique[0]: "Code"})
        ask = partial(ask_for_trial, kind=kind, actor=COMMAND_LINE, company=company, file=file, mapping=mapping,
                      language="en")  # fmt: skip
        ids |= {f"{kind.name}_file": file, f"{kind.name}_job": await db.write(ask)}
    runner = Runner(db, handlers_of([files_of(KINDS)]))
    while await runner.step():
        pass
    return ids


async def _token(office: Office, user: str) -> str:
    return str((await office.rows(api_token, user=user))[0].id)


async def _sale(office: Office, till: str) -> str:
    return str((await office.rows(sale, till=till))[0].id)
