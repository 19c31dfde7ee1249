"""What a new company starts with, in one transaction: itself, a shop, VAT codes, ways of paying, till settings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.identity.people import COMMAND_LINE, Actor
from central.organisation.service import save_company, save_shop
from central.registry.seeding import seed_italian_defaults, seed_shop
from central.registry.service import Edit
from commerce.ids import new_id
from commerce.wire import ShopCard


@dataclass(frozen=True, slots=True)
class Founding:
    """A company with its first shop. ``languages``: the first is the shop's own."""

    company: str
    tax_id: str
    shop: str
    country: str = "IT"
    currency: str = "EUR"
    zone: str = "Europe/Rome"
    languages: tuple[str, ...] = ("it", "en")
    address: tuple[str, ...] = ()
    cash_step: int | None = None
    cut_off: str = "04:00"


def found_company(conn: Connection, founding: Founding, at: datetime, actor: Actor = COMMAND_LINE) -> tuple[str, str]:
    """Make the company and its shop with Italian defaults, ready to sell; return their ids. All can be edited later."""
    values = {
        "name": founding.company,
        "tax_id": founding.tax_id,
        "country": founding.country,
        "currency": founding.currency,
    }
    company = save_company(conn, actor, at, values)
    seed_italian_defaults(conn, Edit(actor, company, at))
    return company, add_shop(conn, founding, company, at, actor)


def add_shop(conn: Connection, founding: Founding, company: str, at: datetime, actor: Actor = COMMAND_LINE) -> str:
    """Make another shop of a company, with its till settings; return its id."""
    card = ShopCard(
        id=new_id(),
        name=founding.shop,
        zone=founding.zone,
        languages=list(founding.languages),
        address=list(founding.address),
        cut_off=founding.cut_off,
    )
    shop = save_shop(conn, actor, at, company, card, is_new=True)
    seed_shop(conn, Edit(actor, company, at), shop, cash_step=founding.cash_step)
    return shop
