"""Customers: who they are, where goods go, whom papers go to, and what of them is watched or locked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from central.kit.fields import SELF, choice, choices, day, long_text, number, reference, row_id, rows, text, tick
from central.kit.kinds import Feed, Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import CUSTOMERS as AREA
from central.registry.checks import is_fiscal_code
from central.registry.naming import coded
from central.registry.parties import LANGUAGES, check_party, warn_of_twins
from central.registry.payments import PAYMENT_SOLUTIONS, PAYMENT_TYPES
from commerce.texts import N_, counted

DAYS = {"mon": N_("Monday"), "tue": N_("Tuesday"), "wed": N_("Wednesday"), "thu": N_("Thursday"), "fri": N_("Friday"),
        "sat": N_("Saturday"), "sun": N_("Sunday")}  # fmt: skip
DOCUMENTS = {"order": N_("Orders"), "delivery_note": N_("Delivery notes"), "invoice": N_("Invoices"),
             "statement": N_("Statements")}  # fmt: skip
CREDIT = {"monitor": N_("Only watch it"), "block": N_("Block documents"), "authorise": N_("Ask for an approval")}
LOCKED = {"order": N_("Orders"), "delivery_note": N_("Delivery notes")}
MONTHS = {"01": N_("January"), "02": N_("February"), "03": N_("March"), "04": N_("April"), "05": N_("May"),
          "06": N_("June"), "07": N_("July"), "08": N_("August"), "09": N_("September"), "10": N_("October"),
          "11": N_("November"), "12": N_("December")}  # fmt: skip
CARRIAGE = {"sender": N_("Paid by us"), "recipient": N_("Paid by the customer")}
_WHOLE = Decimal(100)
BASES = {"with_vat": N_("Taxable amount and VAT"), "taxable": N_("Taxable amount only")}


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where goods are delivered to; the days are those of delivery, or those without."""

    id: str = row_id()
    recipient: str = text(N_("Recipient"), most=120, hint=N_("Empty: the customer."))
    name: str = text(N_("Name"), most=120, needed=True)
    street: str = text(N_("Street"), most=120)
    zip: str = text(N_("Postal code"), most=12)
    city: str = text(N_("City"), most=80)
    province: str = text(N_("Province"), most=4, letters="upper")
    country: str = text(N_("Country"), most=2, letters="upper", default="IT")
    is_default: bool = tick(N_("Proposed"))
    days: tuple[str, ...] = choices(N_("Days"), DAYS)
    excluded: bool = tick(N_("Never on these days"))
    hours: str = text(N_("Hours"), most=60)
    zone: str = text(N_("Zone"), most=40)
    carrier: str = text(N_("Carrier"), most=80)
    vehicle: str = text(N_("Vehicle"), most=40)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A person or an office, and which papers go there by mail."""

    id: str = row_id()
    name: str = text(N_("Name"), most=120, needed=True)
    role: str = text(N_("Role"), most=60)
    phone: str = text(N_("Phone"), most=40)
    mail: str = text(N_("E-mail"), most=300)
    documents: tuple[str, ...] = choices(N_("Gets by mail"), DOCUMENTS)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Somebody whom papers name beside the customer, and how much is theirs."""

    id: str = row_id()
    name: str = text(N_("Name"), most=120, needed=True)
    fiscal_code: str = text(N_("Fiscal code"), most=16, letters="upper")
    share: Decimal | None = number(N_("Share, %"), scale=2, least=Decimal(0), most=_WHOLE)


@dataclass(frozen=True, kw_only=True)
class ExcludedMonth:
    """A month in which nothing falls due: what would falls due on another day, of the next year where it is before."""

    id: str = row_id()
    month: str = choice(N_("Month"), MONTHS, needed=True)
    to_day: Decimal | None = number(N_("Due on day"), least=Decimal(1), most=Decimal(31), needed=True)
    to_month: str = choice(N_("Of month"), MONTHS, needed=True)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A time in which nothing, or nothing without an approval, is made out to a customer."""

    id: str = row_id()
    since: date | None = day(N_("From day"), needed=True)
    until: date | None = day(N_("To day"))
    what: tuple[str, ...] = choices(N_("Locked"), LOCKED, needed=True)
    authorise: bool = tick(N_("Possible with an approval"))


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Whoever documents are made out to."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "codice cliente"))
    name: str = text(N_("Name"), most=160, needed=True, titles=("ragione sociale", "denominazione"))
    vat_number: str = text(N_("VAT number"), most=20, letters="upper", titles=("partita iva", "p.iva"))
    fiscal_code: str = text(N_("Fiscal code"), most=16, letters="upper", titles=("codice fiscale",))
    recipient_code: str = text(N_("Recipient code"), most=7, letters="upper", titles=("codice destinatario", "sdi"))
    pec: str = text(N_("PEC"), most=120)
    street: str = text(N_("Street"), most=120, titles=("indirizzo",))
    zip: str = text(N_("Postal code"), most=12, titles=("cap",))
    city: str = text(N_("City"), most=80, titles=("città", "comune"))
    province: str = text(N_("Province"), most=4, letters="upper", titles=("provincia", "prov"))
    country: str = text(N_("Country"), most=2, letters="upper", default="IT", titles=("nazione", "paese"))
    language: str = choice(N_("Language"), LANGUAGES, needed=True, default="it")
    account: str = text(N_("Ledger account"), most=20, hint=N_("Empty: a contact, to whom nothing is posted."))
    zone: str = text(N_("Zone"), most=40, titles=("zona",))
    at_tills: bool = tick(N_("Known at the tills"), default=True)
    payment_type: str | None = reference(N_("Payment type"), PAYMENT_TYPES)
    payment_solution: str | None = reference(N_("Payment terms"), PAYMENT_SOLUTIONS)
    currency: str = text(N_("Currency"), most=3, letters="upper", default="EUR", titles=("valuta",))
    iban: str = text(N_("IBAN"), most=34, letters="upper")
    credit_limit: Decimal | None = number(N_("Credit limit"), scale=2, least=Decimal(0))
    credit_control: str = choice(N_("Beyond the limit"), CREDIT, needed=True, default="monitor")
    invoice_to: str | None = reference(N_("Invoices go to"), SELF, hint=N_("Empty: to the customer."))
    keep_destinations: bool = tick(N_("Never group destinations in one invoice"))
    by_order: bool = tick(N_("An invoice for each order"))
    by_project: bool = tick(N_("An invoice for each project"))
    category: str = text(N_("Commercial category"), most=20, letters="upper")
    commission: str = text(N_("Commission category"), most=20, letters="upper")
    shipping: str = text(N_("Shipping"), most=60)
    carriage: str = choice(N_("Carriage"), CARRIAGE)
    packing: str = text(N_("Packing"), most=60)
    no_accompanying: bool = tick(N_("No accompanying invoices"))
    deadline_base: str = choice(N_("Deadlines are worked out on"), BASES, needed=True, default="with_vat")
    group_deadlines: bool = tick(N_("Group deadlines in one bill"))
    net_credit_notes: bool = tick(N_("Take credit notes off in bills"))
    stopped: bool = tick(N_("No longer served"))
    note: str = long_text(N_("Note"))
    destinations: tuple[Destination, ...] = rows(N_("Destinations"), Destination)
    contacts: tuple[Contact, ...] = rows(N_("Contacts"), Contact)
    owners: tuple[Owner, ...] = rows(N_("Joint owners"), Owner)
    excluded_months: tuple[ExcludedMonth, ...] = rows(N_("Months without deadlines"), ExcludedMonth, most=12)
    locks: tuple[Lock, ...] = rows(N_("Locks"), Lock)


def check_customers(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Hold numbers to their check digits, warn of what may be meant otherwise."""
    for one in proposals:
        check_party(one)
        for code, where in _faults(one.card):
            one.refuse(code, where)
        if one.before and one.card.invoice_to == one.before.id:
            one.refuse("customer.invoice_to_itself", "invoice_to")
    warn_of_twins(conn, CUSTOMERS, edit, proposals)


def _faults(card: Customer) -> Iterator[tuple[str, str]]:
    for n, lock in enumerate(card.locks):
        if lock.since and lock.until and lock.until < lock.since:
            yield "customer.lock_ends", f"locks.{n}.until"
    yield from _faults_of_months(card)
    if card.currency and not (len(card.currency) == 3 and card.currency.isascii() and card.currency.isalpha()):
        yield "customer.currency", "currency"
    for n, owner in enumerate(card.owners):
        if owner.fiscal_code and not is_fiscal_code(owner.fiscal_code, "IT"):
            yield "party.fiscal_code", f"owners.{n}.fiscal_code"
    if sum((owner.share or Decimal(0) for owner in card.owners), Decimal(0)) > _WHOLE:
        yield "customer.shares", "owners.0.share"
    proposed = [n for n, one in enumerate(card.destinations) if one.is_default]
    yield from (("customer.two_proposed", f"destinations.{n}.is_default") for n in proposed[1:])


def _faults_of_months(card: Customer) -> Iterator[tuple[str, str]]:
    excluded = [row.month for row in card.excluded_months]
    for n, row in enumerate(card.excluded_months):
        if excluded.index(row.month) != n:
            yield "customer.month_twice", f"excluded_months.{n}.month"
        if row.to_month in excluded:
            yield "customer.month_excluded", f"excluded_months.{n}.to_month"
        elif row.to_day is not None and row.to_day > _DAYS_OF[row.to_month]:
            yield "customer.month_day", f"excluded_months.{n}.to_day"


_DAYS_OF = {month: 28 if month == "02" else 30 if month in ("04", "06", "09", "11") else 31 for month in MONTHS}


def _row(card: Customer) -> dict[str, Any] | None:
    """What papers of a till name, and nothing else of the customer."""
    if not card.at_tills:
        return None
    address = [card.street, " ".join(filter(None, (card.zip, card.city, card.province)))]
    texts = ("code", "name", "vat_number", "fiscal_code", "recipient_code", "pec", "country", "language")
    said = {name: getattr(card, name) for name in texts}
    return {**said, "address": list(filter(None, address)), "stopped": card.stopped}


CUSTOMERS: Kind = Kind(
    name="customer",
    path="customers",
    area=AREA,
    card=Customer,
    words=Words(
        one=N_("Customer"),
        many=N_("Customers"),
        new=N_("New customer"),
        none=N_("No customer yet"),
        count=counted("count", "{count} customer", "{count} customers"),
        added=N_("added a customer"),
        changed=N_("changed a customer"),
        deleted=N_("deleted a customer"),
    ),
    title=coded,
    columns=("code", "name", "city", "province", "vat_number", "credit_limit", "stopped"),
    sorts=("name", "code", "city", "vat_number"),
    filters=("city", "province", "stopped", "credit_control"),
    probes=("invoice_to",),
    found_by=("name", "city", "fiscal_code", "contacts", "destinations"),
    codes=("code", "vat_number"),
    unique=("code",),
    sections=(
        Section("", ("code", "name", "vat_number", "fiscal_code", "recipient_code", "pec", "account", "at_tills")),
        Section(N_("Address"), ("street", "zip", "city", "province", "country", "zone", "language")),
        Section(N_("Destinations and contacts"), ("destinations", "contacts", "owners")),
        Section(N_("Conditions"), ("currency", "category", "commission", "shipping", "carriage", "packing")),
        Section(N_("Payments"), ("payment_type", "payment_solution", "iban", "credit_limit", "credit_control",
                                 "deadline_base", "group_deadlines", "net_credit_notes", "excluded_months")),
        Section(N_("Invoices"), ("invoice_to", "keep_destinations", "by_order", "by_project", "no_accompanying")),
        Section(N_("Locks and notes"), ("stopped", "locks", "note")),
    ),
    check=check_customers,
    feed=Feed("customer", _row),
    templates={"form": "registry/customer_form.html"},
)  # fmt: skip
