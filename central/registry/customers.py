"""Customers: who they are, where goods go, whom papers go to, and what of them is watched or locked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import SELF, choice, choices, day, long_text, number, reference, row_id, rows, text, tick
from central.kit.kinds import Kind, Section, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import CUSTOMERS as AREA
from central.registry.checks import (
    is_country,
    is_fiscal_code,
    is_iban,
    is_mail,
    is_recipient_code,
    is_vat_number,
    plain_number,
)
from commerce.texts import N_, counted

DAYS = {"mon": N_("Monday"), "tue": N_("Tuesday"), "wed": N_("Wednesday"), "thu": N_("Thursday"), "fri": N_("Friday"),
        "sat": N_("Saturday"), "sun": N_("Sunday")}  # fmt: skip
DOCUMENTS = {"order": N_("Orders"), "delivery_note": N_("Delivery notes"), "invoice": N_("Invoices"),
             "statement": N_("Statements")}  # fmt: skip
CREDIT = {"monitor": N_("Only watch it"), "block": N_("Block documents"), "authorise": N_("Ask for an approval")}
LOCKED = {"order": N_("Orders"), "delivery_note": N_("Delivery notes")}
BASES = {"with_vat": N_("Taxable amount and VAT"), "taxable": N_("Taxable amount only")}


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where goods are delivered to; the days are those of delivery, or those without."""

    id: str = row_id()
    name: str = text(N_("Name"), most=120, needed=True)
    street: str = text(N_("Street"), most=120)
    zip: str = text(N_("Postal code"), most=12)
    city: str = text(N_("City"), most=80)
    province: str = text(N_("Province"), most=4, letters="upper")
    country: str = text(N_("Country"), most=2, letters="upper", default="IT")
    is_default: bool = tick(N_("Proposed"))
    days: tuple[str, ...] = choices(N_("Days"), DAYS)
    excluded: bool = tick(N_("Never on these days"))


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
    language: str = choice(N_("Language"), {"it": N_("Italian"), "en": N_("English")}, needed=True, default="it")
    iban: str = text(N_("IBAN"), most=34, letters="upper")
    credit_limit: Decimal | None = number(N_("Credit limit"), scale=2, least=Decimal(0))
    credit_control: str = choice(N_("Beyond the limit"), CREDIT, needed=True, default="monitor")
    invoice_to: str | None = reference(N_("Invoices go to"), SELF, hint=N_("Empty: to the customer."))
    keep_destinations: bool = tick(N_("Never group destinations in one invoice"))
    by_order: bool = tick(N_("An invoice for each order"))
    by_project: bool = tick(N_("An invoice for each project"))
    no_accompanying: bool = tick(N_("No accompanying invoices"))
    deadline_base: str = choice(N_("Deadlines are worked out on"), BASES, needed=True, default="with_vat")
    group_deadlines: bool = tick(N_("Group deadlines in one bill"))
    net_credit_notes: bool = tick(N_("Take credit notes off in bills"))
    stopped: bool = tick(N_("No longer served"))
    note: str = long_text(N_("Note"))
    destinations: tuple[Destination, ...] = rows(N_("Destinations"), Destination)
    contacts: tuple[Contact, ...] = rows(N_("Contacts"), Contact)
    locks: tuple[Lock, ...] = rows(N_("Locks"), Lock)


def check_customers(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Hold numbers to their check digits, warn of what may be meant otherwise."""
    for one in proposals:
        card: Customer = one.card
        one.put(
            vat_number=plain_number(card.vat_number, card.country),
            fiscal_code=plain_number(card.fiscal_code),
            iban=plain_number(card.iban),
        )
        for code, where in _faults(one.card):
            one.refuse(code, where)
        if one.before and card.invoice_to == one.before.id:
            one.refuse("customer.invoice_to_itself", "invoice_to")
    _warn_of_twins(conn, edit, proposals)


def _faults(card: Customer) -> Iterator[tuple[str, str]]:
    checks: Mapping[str, bool] = {
        "vat_number": is_vat_number(card.vat_number, card.country),
        "fiscal_code": is_fiscal_code(card.fiscal_code, card.country),
        "recipient_code": is_recipient_code(card.recipient_code),
        "pec": is_mail(card.pec),
        "iban": is_iban(card.iban),
        "country": is_country(card.country),
    }
    yield from ((f"customer.{name}", name) for name, holds in checks.items() if getattr(card, name) and not holds)
    for n, contact in enumerate(card.contacts):
        if not all(is_mail(mail.strip()) for mail in contact.mail.split(";") if mail.strip()):
            yield "customer.mail", f"contacts.{n}.mail"
    for n, lock in enumerate(card.locks):
        if lock.since and lock.until and lock.until < lock.since:
            yield "customer.lock_ends", f"locks.{n}.until"
    proposed = [n for n, one in enumerate(card.destinations) if one.is_default]
    yield from (("customer.two_proposed", f"destinations.{n}.is_default") for n in proposed[1:])


def _warn_of_twins(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """The same company twice is mostly a mistake, and sometimes two branches."""
    numbers = [CUSTOMERS.shapes["vat_number"].key(one.card.vat_number) for one in proposals if one.card.vat_number]
    holders = records.holders(conn, CUSTOMERS, edit.company, "vat_number", numbers)
    for one in proposals:
        holder = holders.get(CUSTOMERS.shapes["vat_number"].key(one.card.vat_number))
        known = one.before is not None and one.before.card.vat_number == one.card.vat_number
        if holder not in (None, one.id) and not known:
            one.warn("customer.twin", "vat_number", value=one.card.vat_number)


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
    title=lambda card: f"{card.code} · {card.name}",
    columns=("code", "name", "city", "province", "vat_number", "credit_limit", "stopped"),
    sorts=("name", "code", "city", "vat_number"),
    filters=("city", "province", "stopped", "credit_control"),
    probes=("invoice_to",),
    found_by=("name", "city", "fiscal_code", "contacts", "destinations"),
    codes=("code", "vat_number"),
    unique=("code",),
    sections=(
        Section("", ("code", "name", "vat_number", "fiscal_code", "recipient_code", "pec")),
        Section(N_("Address"), ("street", "zip", "city", "province", "country", "language")),
        Section(N_("Destinations and contacts"), ("destinations", "contacts")),
        Section(N_("Payments"), ("iban", "credit_limit", "credit_control", "deadline_base", "group_deadlines",
                                 "net_credit_notes")),
        Section(N_("Invoices"), ("invoice_to", "keep_destinations", "by_order", "by_project", "no_accompanying")),
        Section(N_("Locks and notes"), ("stopped", "locks", "note")),
    ),
    check=check_customers,
)  # fmt: skip
