"""POS types: what kind of document a till makes of a sale, what it moves, and how it is posted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import choice, reference, text, tick, translated
from central.kit.kinds import Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry import queries
from central.registry.accounting_reasons import ACCOUNTING_REASONS
from central.registry.area import SETTINGS
from central.registry.categories import CATEGORIES
from central.registry.groups import TILLS
from central.registry.naming import coded
from central.registry.notes import NOTES
from central.registry.payments import PAYMENT_SOLUTIONS, PAYMENT_TYPES
from central.registry.stock_reasons import STOCK_REASONS
from central.registry.turnover import TURNOVER_TYPES
from central.registry.units import UNITS
from central.registry.warehouses import WAREHOUSES
from commerce.texts import N_, counted

MAKES = {"receipt": N_("Receipt"), "invoice": N_("Invoice")}
VAT_FIELDS = ("vat_code", "rounding_vat")


@dataclass(frozen=True, kw_only=True)
class PosType:
    """How sales of a till become documents. What is left empty is the customer's, the item's or the shop's."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "tipo pos"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    makes: str = choice(N_("Makes"), MAKES, needed=True, default="receipt")
    series: str = text(N_("Series"), most=10, letters="upper", hint=N_("Empty: the till's own."))
    proposed: bool = tick(N_("Proposed"))
    gross: bool = tick(N_("Prices include VAT"), default=True)
    on_account: bool = tick(N_("On account"))
    note: str | None = reference(N_("Printed note"), NOTES)
    category: str | None = reference(N_("Only items of"), CATEGORIES)
    vat_code: str = text(N_("VAT code"), most=16, letters="upper", hint=N_("Empty: the item's."))
    turnover_type: str | None = reference(N_("Turnover type"), TURNOVER_TYPES)
    warehouse: str | None = reference(N_("Warehouse"), WAREHOUSES)
    stock_reason: str | None = reference(N_("Stock reason"), STOCK_REASONS)
    unloads: bool = tick(N_("Takes goods out of stock when a sale is closed"), default=True)
    payment_type: str | None = reference(N_("Payment type"), PAYMENT_TYPES)
    payment_solution: str | None = reference(N_("Payment terms"), PAYMENT_SOLUTIONS)
    accounting_reason: str | None = reference(N_("Accounting reason"), ACCOUNTING_REASONS,
                                              hint=N_("Without one nothing of it is posted."))  # fmt: skip
    needs_register: bool = tick(N_("A sale needs the fiscal register"))
    shows_variants: bool = tick(N_("Shows variants"))
    rounding_unit: str | None = reference(N_("Unit of rounding lines"), UNITS)
    rounding_vat: str = text(N_("VAT code of rounding lines"), most=16, letters="upper")


def check_pos_types(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse VAT codes that there are not, a warehouse without a reason, a reason that brings goods in."""
    codes = {row.code for row in queries.list_vat_codes(conn, edit.company)}
    named = [one.card.stock_reason for one in proposals if one.card.stock_reason]
    reasons = records.find(conn, STOCK_REASONS, edit.company, named)
    for one in proposals:
        for name in VAT_FIELDS:
            if getattr(one.card, name) and getattr(one.card, name) not in codes:
                one.refuse("item.vat_unknown", name, code=getattr(one.card, name))
        reason = reasons.get(one.card.stock_reason)
        if reason and reason.card.way == "in":
            one.refuse("pos_type.stock_reason", "stock_reason")
        if one.card.unloads and one.card.warehouse and not one.card.stock_reason:
            one.refuse("pos_type.no_reason", "stock_reason")


POS_TYPES = Kind(
    name="pos_type",
    path="pos-types",
    area=SETTINGS,
    group=TILLS,
    card=PosType,
    words=Words(
        one=N_("POS type"),
        many=N_("POS types"),
        new=N_("New POS type"),
        none=N_("No POS type yet"),
        count=counted("count", "{count} POS type", "{count} POS types"),
        added=N_("added a POS type"),
        changed=N_("changed a POS type"),
        deleted=N_("deleted a POS type"),
    ),
    title=coded,
    columns=("code", "names", "makes", "series", "proposed", "warehouse"),
    sorts=("code", "names", "makes"),
    filters=("makes", "proposed", "on_account"),
    probes=("warehouse",),
    found_by=("names", "series"),
    codes=("code",),
    unique=("code",),
    sections=(
        Section("", ("code", "names", "makes", "series", "proposed", "note")),
        Section(N_("How it works"), ("gross", "on_account", "category", "needs_register", "shows_variants")),
        Section(N_("What it moves"), ("warehouse", "stock_reason", "unloads")),
        Section(N_("Money and books"), ("vat_code", "turnover_type", "payment_type", "payment_solution",
                                        "accounting_reason", "rounding_unit", "rounding_vat")),
    ),
    check=check_pos_types,
)  # fmt: skip
