"""Receipt layouts: what stands above and below a receipt; looked at on paper before tills get it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.kit.fields import text, texts, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SETTINGS
from central.registry.forms import MAX_LAYOUT_LINES
from central.registry.groups import TILLS
from central.registry.naming import coded
from commerce.receipt_text import WIDTH
from commerce.texts import N_, counted


@dataclass(frozen=True, kw_only=True)
class ReceiptLayout:
    """The texts of a receipt that are the shop's own."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice",))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    header: tuple[str, ...] = texts(N_("Lines above the receipt"), most=WIDTH, hint=N_("One line of paper each."))
    footer: tuple[str, ...] = texts(N_("Lines below the receipt"), most=WIDTH, hint=N_("One line of paper each."))


def check_receipt_layouts(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse more lines than paper is for."""
    for one in proposals:
        for name in _too_long(one.card):
            one.refuse("field.many", name, most=MAX_LAYOUT_LINES)


def _too_long(card: ReceiptLayout) -> Iterator[str]:
    yield from (name for name in ("header", "footer") if len(getattr(card, name)) > MAX_LAYOUT_LINES)


RECEIPT_LAYOUTS = Kind(
    name="receipt_layout",
    path="receipt-layouts",
    area=SETTINGS,
    group=TILLS,
    card=ReceiptLayout,
    words=Words(
        one=N_("Receipt layout"),
        many=N_("Receipt layouts"),
        new=N_("New receipt layout"),
        none=N_("No receipt layout yet"),
        count=counted("count", "{count} receipt layout", "{count} receipt layouts"),
        added=N_("added a receipt layout"),
        changed=N_("changed a receipt layout"),
        deleted=N_("deleted a receipt layout"),
    ),
    title=coded,
    columns=("code", "names", "header", "footer"),
    sorts=("code", "names"),
    found_by=("names", "header", "footer"),
    codes=("code",),
    unique=("code",),
    check=check_receipt_layouts,
    templates={"form": "registry/layout_form.html"},
)
