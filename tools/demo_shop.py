"""Makes the demo's company, shop, goods and people at central, as head office would."""

import sys
from collections.abc import Iterator
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
from central.registry.seeding import add_tender_types
from central.registry.service import Edit, OperatorCard, save_item, save_operator
from central.registry.tender_types import TenderType
from central.registry.values import ItemCard
from central.tills.registering import add_till
from tools.demo_items import GOODS, ean8, label_code
from tools.demo_place import CARD_READER

USER, PASSWORD = "admin", "tre-gatti-sul-tetto"  # printed on the screen, for a demo on loopback
OPERATORS = (("Anna", "2580"), ("Marco", "1470"))
THROUGH_THE_READER = TenderType(
    code="pos", kind="card", names={"it": "Carta, con lettore", "en": "Card, by reader"}, reader=CARD_READER
)
FOUNDING = Founding(
    company="Bottega Demo s.r.l.",
    tax_id="01234567897",
    shop="Milano Centro",
    address=("Via delle Prove 1", "20121 Milano MI"),
)


async def set_up_shop(config: Path) -> list[str]:
    """Fill an empty central; return an enrolment code for each till."""
    central = build(read_config(config), _now)
    try:
        await migrate(central.database)
        return await _furnish(central)
    finally:
        await central.database.close()


async def _furnish(central: Central) -> list[str]:
    write = central.database.write
    company, shop = await write(lambda conn: found_company(conn, FOUNDING, _now()))
    edit = Edit(COMMAND_LINE, company, _now())
    for count, card in enumerate(_cards(), start=1):
        await write(partial(save_item, edit=edit, card=card))
        _show(f"  goods: {count} of {len(GOODS)}", is_last=count == len(GOODS))
    await write(lambda conn: add_tender_types(conn, edit, THROUGH_THE_READER))
    for name, pin in OPERATORS:
        operator = OperatorCard(name, shop, pin=await hash_pin(pin))
        await write(partial(save_operator, edit=edit, card=operator))
    await add_user(central.database, NewUser(USER, PASSWORD, Role.ADMIN, "en", "Head office"), _now())
    print(f"  people: {', '.join(name for name, _ in OPERATORS)} at the tills, {USER} at head office", flush=True)
    return [await _add_till(central, shop, number) for number in (1, 2)]


async def _add_till(central: Central, shop: str, number: int) -> str:
    job = partial(add_till, shop_id=shop, code=f"T{number}", name=f"Cassa {number}", actor=COMMAND_LINE, at=_now())
    return await central.tills.issue_code(await central.database.write(job))


def _cards() -> Iterator[ItemCard]:
    for number, (italian, english, vat, unit, price) in enumerate(GOODS, start=1):
        yield ItemCard(
            sku=f"{number:04d}",
            names={"it": italian, "en": english},
            vat_code=vat,
            price=None if price is None else Decimal(price),
            codes=(label_code(number, Decimal(0)),) if unit == "kg" else (ean8(number),),
            unit=unit,
            rank=number,
        )


def _show(text: str, *, is_last: bool) -> None:
    if sys.stdout.isatty():
        print(f"\r{text}", end="\n" if is_last else "", flush=True)
    elif is_last:
        print(text, flush=True)


def _now() -> datetime:
    return datetime.now(UTC)
