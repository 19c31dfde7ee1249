"""Brands of items."""

from dataclasses import dataclass

from central.kit.fields import long_text, text
from central.kit.kinds import Kind, Words
from central.registry.area import ITEMS
from central.registry.naming import coded
from commerce.texts import N_, counted


@dataclass(frozen=True, kw_only=True)
class Brand:
    """Under which name a maker sells."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "codice marca"))
    name: str = text(N_("Name"), most=80, needed=True, titles=("marca", "descrizione"))
    maker: str = text(N_("Maker"), most=120, titles=("produttore",))
    note: str = long_text(N_("Note"))


BRANDS = Kind(
    name="brand",
    path="brands",
    area=ITEMS,
    card=Brand,
    words=Words(
        one=N_("Brand"),
        many=N_("Brands"),
        new=N_("New brand"),
        none=N_("No brand yet"),
        count=counted("count", "{count} brand", "{count} brands"),
        added=N_("added a brand"),
        changed=N_("changed a brand"),
        deleted=N_("deleted a brand"),
    ),
    title=coded,
    columns=("code", "name", "maker"),
    sorts=("name", "code", "maker"),
    found_by=("name", "maker"),
    codes=("code",),
    unique=("code",),
)
