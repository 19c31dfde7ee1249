"""Why stock moves: the templates by which documents and people move it."""

from dataclasses import dataclass

from central.kit.fields import choice, text, tick, translated
from central.kit.kinds import Kind, Words
from central.registry.area import SETTINGS
from central.registry.groups import STOCK
from central.registry.naming import coded
from commerce.texts import N_, counted

WAYS = {"out": N_("Out"), "in": N_("In"), "none": N_("Neither")}


@dataclass(frozen=True, kw_only=True)
class StockReason:
    """What moves which way; ``valued`` movements count in what stock is worth."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "causale"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    way: str = choice(N_("Goods go"), WAYS, needed=True, default="out")
    valued: bool = tick(N_("Counts in the value of stock"), default=True)


STOCK_REASONS = Kind(
    name="stock_reason",
    path="stock-reasons",
    area=SETTINGS,
    group=STOCK,
    card=StockReason,
    words=Words(
        one=N_("Stock reason"),
        many=N_("Stock reasons"),
        new=N_("New stock reason"),
        none=N_("No stock reason yet"),
        count=counted("count", "{count} stock reason", "{count} stock reasons"),
        added=N_("added a stock reason"),
        changed=N_("changed a stock reason"),
        deleted=N_("deleted a stock reason"),
    ),
    title=coded,
    columns=("code", "names", "way", "valued"),
    sorts=("code", "names", "way"),
    filters=("way", "valued"),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
)
