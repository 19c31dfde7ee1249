"""Pages of quick keys: what a till offers to tap where nothing can be scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from central.kit.fields import choice, number, reference, row_id, rows, text, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry import queries
from central.registry.area import SETTINGS
from central.registry.categories import CATEGORIES
from central.registry.groups import TILLS
from central.registry.naming import coded
from commerce.texts import N_, counted

_LEAST, _MOST = Decimal(2), Decimal(8)  # fewer are no page, more are too small to tap
COLOURS = {"plain": N_("Plain"), "green": N_("Green"), "red": N_("Red"), "yellow": N_("Yellow"), "blue": N_("Blue")}


@dataclass(frozen=True, kw_only=True)
class QuickKey:
    """A key: an item by its article number, or the items of a category; neither is a gap."""

    id: str = row_id()
    names: dict[str, str] = translated(N_("On the key"), most=30, needed=True)
    sku: str = text(N_("Article number"), most=64)
    category: str | None = reference(N_("Category"), CATEGORIES)
    colour: str = choice(N_("Colour"), COLOURS, needed=True, default="plain")


@dataclass(frozen=True, kw_only=True)
class QuickKeyPage:
    """A page of keys, in the order of its rows."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice",))
    names: dict[str, str] = translated(N_("Name"), most=30, needed=True, titles=("descrizione",))
    across: Decimal | None = number(N_("Keys across"), least=_LEAST, most=_MOST, needed=True, default=Decimal(4))
    keys: tuple[QuickKey, ...] = rows(N_("Keys"), QuickKey, most=64)


def check_quick_key_pages(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse article numbers that there are not, and keys that mean two things."""
    named = {key.sku for one in proposals for key in one.card.keys if key.sku}
    known = queries.items_by_sku(conn, edit.company, sorted(named)) if named else {}
    for one in proposals:
        for n, key in enumerate(one.card.keys):
            if key.sku and key.sku not in known:
                one.refuse("field.unknown", f"keys.{n}.sku")
            if key.sku and key.category:
                one.refuse("quick_key.two", f"keys.{n}.category")


QUICK_KEY_PAGES = Kind(
    name="quick_key_page",
    path="quick-keys",
    area=SETTINGS,
    group=TILLS,
    card=QuickKeyPage,
    words=Words(
        one=N_("Page of quick keys"),
        many=N_("Quick keys"),
        new=N_("New page of quick keys"),
        none=N_("No page of quick keys yet"),
        count=counted("count", "{count} page of quick keys", "{count} pages of quick keys"),
        added=N_("added a page of quick keys"),
        changed=N_("changed a page of quick keys"),
        deleted=N_("deleted a page of quick keys"),
    ),
    title=coded,
    columns=("code", "names", "across"),
    sorts=("code", "names"),
    found_by=("names", "keys"),
    codes=("code",),
    unique=("code",),
    check=check_quick_key_pages,
)
