"""Types of documents: how one is numbered, what it moves, and what is made of it next."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import SELF, choice, number, reference, text, tick, translated
from central.kit.kinds import Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry.accounting_reasons import ACCOUNTING_REASONS
from central.registry.area import SETTINGS
from central.registry.groups import PAPERS
from central.registry.naming import coded
from central.registry.notes import NOTES
from central.registry.stock_reasons import STOCK_REASONS
from central.registry.warehouses import WAREHOUSES
from commerce.texts import N_, counted

SORTS = {"offer": N_("Offer"), "order": N_("Customer order"), "supplier_order": N_("Supplier order"),
         "delivery_note": N_("Delivery note"), "return": N_("Return"), "invoice": N_("Invoice"),
         "credit_note": N_("Credit note")}  # fmt: skip
NEXT = {"delivery_type": "delivery_note", "invoice_type": "invoice"}


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    """One way in which a company makes documents of a sort; ``series`` begins their numbers."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "tipo"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    makes: str = choice(N_("Document"), SORTS, needed=True, default="order")
    series: str = text(N_("Series"), most=10, needed=True, letters="upper", hint=N_("Its numbers begin with it."))
    proposed: bool = tick(N_("Proposed"))
    gross: bool = tick(N_("Prices include VAT"))
    auto_confirm: bool = tick(N_("Confirmed as soon as it is saved"))
    printed_is_fixed: bool = tick(N_("Nothing changes once it is printed"))
    ignores_locks: bool = tick(N_("Locks do not hold it up"))
    asks_stock: bool = tick(N_("Checks what is in stock"))
    keeps_lines_apart: bool = tick(N_("Repeated deliveries stay lines of their own"))
    customers_only: bool = tick(N_("For customers only"), default=True)
    copies: Decimal | None = number(N_("Copies"), least=Decimal(1), most=Decimal(9), needed=True, default=Decimal(1))
    note: str | None = reference(N_("Printed note"), NOTES)
    warehouse: str | None = reference(N_("Warehouse"), WAREHOUSES)
    stock_reason: str | None = reference(N_("Stock reason"), STOCK_REASONS)
    accounting_reason: str | None = reference(N_("Accounting reason"), ACCOUNTING_REASONS)
    delivery_type: str | None = reference(N_("Delivery note made of it"), SELF)
    invoice_type: str | None = reference(N_("Invoice made of it"), SELF)


def check_document_types(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse a next document of another sort than it says."""
    named = [getattr(one.card, name) for one in proposals for name in NEXT]
    found = records.find(conn, DOCUMENT_TYPES, edit.company, [one for one in named if one])
    sorts = {key: record.card.makes for key, record in found.items()}
    sorts |= {one.id: one.card.makes for one in proposals if one.id}
    for one in proposals:
        for name, sort in NEXT.items():
            following = getattr(one.card, name)
            if following and sorts.get(following) != sort:
                one.refuse(f"document_type.{name}", name)
    _check_named_by_others(conn, edit, proposals)


def _check_named_by_others(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """What others make of theirs stays of its sort."""
    for one in proposals:
        if one.before is None or one.before.card.makes == one.card.makes:
            continue
        if any(records.naming(conn, DOCUMENT_TYPES, name, edit.company, one.before.id) for name in NEXT):
            one.refuse("document_type.makes", "makes")


DOCUMENT_TYPES: Kind = Kind(
    name="document_type",
    path="document-types",
    area=SETTINGS,
    group=PAPERS,
    card=DocumentType,
    words=Words(
        one=N_("Document type"),
        many=N_("Document types"),
        new=N_("New document type"),
        none=N_("No document type yet"),
        count=counted("count", "{count} document type", "{count} document types"),
        added=N_("added a document type"),
        changed=N_("changed a document type"),
        deleted=N_("deleted a document type"),
    ),
    title=coded,
    columns=("code", "names", "makes", "series", "proposed", "warehouse"),
    sorts=("code", "names", "makes"),
    filters=("makes", "proposed"),
    probes=("warehouse",),
    found_by=("names", "series"),
    codes=("code",),
    unique=("code",),
    sections=(
        Section("", ("code", "names", "makes", "series", "proposed", "copies", "note")),
        Section(N_("How it works"), ("gross", "auto_confirm", "printed_is_fixed", "ignores_locks", "asks_stock",
                                     "keeps_lines_apart", "customers_only")),
        Section(N_("What it moves"), ("warehouse", "stock_reason", "accounting_reason")),
        Section(N_("What is made of it"), ("delivery_type", "invoice_type")),
    ),
    check=check_document_types,
)  # fmt: skip
