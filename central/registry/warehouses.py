"""Warehouses: where goods are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.kit.fields import choice, text, tick
from central.kit.kinds import Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SETTINGS
from central.registry.checks import is_country
from central.registry.groups import STOCK
from central.registry.naming import coded
from commerce.texts import N_, counted

WHOSE = {"own": N_("Our own"), "ours_elsewhere": N_("Our goods at others'"), "theirs_here": N_("Others' goods with us")}


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """A place whose stock is counted by itself."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "magazzino"))
    name: str = text(N_("Name"), most=80, needed=True, titles=("descrizione",))
    whose: str = choice(N_("Goods"), WHOSE, needed=True, default="own")
    street: str = text(N_("Street"), most=120, titles=("indirizzo",))
    zip: str = text(N_("Postal code"), most=12, titles=("cap",))
    city: str = text(N_("City"), most=80, titles=("città", "comune"))
    province: str = text(N_("Province"), most=4, letters="upper", titles=("provincia",))
    country: str = text(N_("Country"), most=2, letters="upper", default="IT", titles=("nazione",))
    may_go_negative: bool = tick(N_("Stock may fall below zero"), default=True)
    closed: bool = tick(N_("No longer used"))


def check_warehouses(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Hold the country to its two letters."""
    for one in proposals:
        if one.card.country and not is_country(one.card.country):
            one.refuse("party.country", "country")


WAREHOUSES = Kind(
    name="warehouse",
    path="warehouses",
    area=SETTINGS,
    group=STOCK,
    card=Warehouse,
    words=Words(
        one=N_("Warehouse"),
        many=N_("Warehouses"),
        new=N_("New warehouse"),
        none=N_("No warehouse yet"),
        count=counted("count", "{count} warehouse", "{count} warehouses"),
        added=N_("added a warehouse"),
        changed=N_("changed a warehouse"),
        deleted=N_("deleted a warehouse"),
    ),
    title=coded,
    columns=("code", "name", "whose", "city", "closed"),
    sorts=("code", "name", "city"),
    filters=("whose", "closed"),
    found_by=("name", "city"),
    codes=("code",),
    unique=("code",),
    sections=(
        Section("", ("code", "name", "whose", "may_go_negative", "closed")),
        Section(N_("Address"), ("street", "zip", "city", "province", "country")),
    ),
    check=check_warehouses,
)
