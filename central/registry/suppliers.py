"""Suppliers: who goods come from, where they are fetched and sent back to, and on which terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from central.kit.fields import choice, choices, long_text, number, reference, row_id, rows, text, tick
from central.kit.kinds import Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SUPPLIERS as AREA
from central.registry.naming import coded
from central.registry.parties import LANGUAGES, check_party, warn_of_twins
from central.registry.payments import PAYMENT_SOLUTIONS, PAYMENT_TYPES
from commerce.texts import N_, counted

PLACES = {"office": N_("Office"), "pickup": N_("Goods are fetched here"), "returns": N_("Returns go here")}
PAPERS = {"order": N_("Orders"), "return": N_("Returns"), "claim": N_("Claims")}


@dataclass(frozen=True, kw_only=True)
class SupplierAddress:
    """Another place of a supplier, and what happens there."""

    id: str = row_id()
    name: str = text(N_("Name"), most=120, needed=True)
    used_for: str = choice(N_("Used for"), PLACES, needed=True, default="office")
    street: str = text(N_("Street"), most=120)
    zip: str = text(N_("Postal code"), most=12)
    city: str = text(N_("City"), most=80)
    province: str = text(N_("Province"), most=4, letters="upper")
    country: str = text(N_("Country"), most=2, letters="upper", default="IT")


@dataclass(frozen=True, kw_only=True)
class SupplierContact:
    """A person or an office, and which papers go there by mail."""

    id: str = row_id()
    name: str = text(N_("Name"), most=120, needed=True)
    role: str = text(N_("Role"), most=60)
    phone: str = text(N_("Phone"), most=40)
    mail: str = text(N_("E-mail"), most=300)
    documents: tuple[str, ...] = choices(N_("Gets by mail"), PAPERS)


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """Whoever goods are ordered from."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "codice fornitore"))
    name: str = text(N_("Name"), most=160, needed=True, titles=("ragione sociale", "denominazione"))
    vat_number: str = text(N_("VAT number"), most=20, letters="upper", titles=("partita iva", "p.iva"))
    fiscal_code: str = text(N_("Fiscal code"), most=16, letters="upper", titles=("codice fiscale",))
    pec: str = text(N_("PEC"), most=120)
    street: str = text(N_("Street"), most=120, titles=("indirizzo",))
    zip: str = text(N_("Postal code"), most=12, titles=("cap",))
    city: str = text(N_("City"), most=80, titles=("città", "comune"))
    province: str = text(N_("Province"), most=4, letters="upper", titles=("provincia", "prov"))
    country: str = text(N_("Country"), most=2, letters="upper", default="IT", titles=("nazione", "paese"))
    language: str = choice(N_("Language"), LANGUAGES, needed=True, default="it")
    iban: str = text(N_("IBAN"), most=34, letters="upper")
    payment_type: str | None = reference(N_("Payment type"), PAYMENT_TYPES)
    payment_solution: str | None = reference(N_("Payment terms"), PAYMENT_SOLUTIONS)
    our_number: str = text(N_("Our number with them"), most=30)
    least_order: Decimal | None = number(N_("Smallest order"), scale=2, least=Decimal(0))
    delivery_days: Decimal | None = number(N_("Days to delivery"), least=Decimal(0), most=Decimal(400))
    stopped: bool = tick(N_("No longer ordered from"))
    note: str = long_text(N_("Note"))
    addresses: tuple[SupplierAddress, ...] = rows(N_("Addresses"), SupplierAddress)
    contacts: tuple[SupplierContact, ...] = rows(N_("Contacts"), SupplierContact)


def check_suppliers(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Hold numbers to their check digits, warn of one that is there already."""
    for one in proposals:
        check_party(one)
    warn_of_twins(conn, SUPPLIERS, edit, proposals)


SUPPLIERS: Kind = Kind(
    name="supplier",
    path="suppliers",
    area=AREA,
    card=Supplier,
    words=Words(
        one=N_("Supplier"),
        many=N_("Suppliers"),
        new=N_("New supplier"),
        none=N_("No supplier yet"),
        count=counted("count", "{count} supplier", "{count} suppliers"),
        added=N_("added a supplier"),
        changed=N_("changed a supplier"),
        deleted=N_("deleted a supplier"),
    ),
    title=coded,
    columns=("code", "name", "city", "vat_number", "delivery_days", "stopped"),
    sorts=("name", "code", "city", "vat_number"),
    filters=("city", "stopped"),
    probes=("payment_type",),
    found_by=("name", "city", "fiscal_code", "contacts", "addresses"),
    codes=("code", "vat_number"),
    unique=("code",),
    sections=(
        Section("", ("code", "name", "vat_number", "fiscal_code", "pec")),
        Section(N_("Address"), ("street", "zip", "city", "province", "country", "language")),
        Section(N_("Addresses and contacts"), ("addresses", "contacts")),
        Section(N_("Terms"), ("payment_type", "payment_solution", "iban", "our_number", "least_order",
                              "delivery_days")),
        Section(N_("Notes"), ("stopped", "note")),
    ),
    check=check_suppliers,
)  # fmt: skip
