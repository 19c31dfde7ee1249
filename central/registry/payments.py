"""How is paid, and when: payment types, and the instalments of payment terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from central.kit.fields import choice, number, row_id, rows, text, tick, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SETTINGS
from central.registry.groups import BOOKS
from central.registry.naming import coded
from commerce.texts import N_, counted

METHODS = {"cash": N_("Cash"), "card": N_("Card"), "transfer": N_("Bank transfer"), "direct_debit": N_("Direct debit"),
           "bank_receipt": N_("Bank receipt (RiBa)"), "cheque": N_("Cheque"), "other": N_("Other")}  # fmt: skip
_NONE, _WHOLE = Decimal(0), Decimal(100)
SHARES = ("of_taxable", "of_vat", "of_charges")


@dataclass(frozen=True, kw_only=True)
class PaymentType:
    """A way of collecting; a line discount lowers the taxable base, a financial one what is collected only."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "pagamento"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    method: str = choice(N_("Method"), METHODS, needed=True, default="transfer")
    charge: Decimal | None = number(N_("Collection charge"), scale=2, least=_NONE,
                                    hint=N_("Once for each instalment."))  # fmt: skip
    makes_bills: bool = tick(N_("Makes bills"))
    line_discount: Decimal | None = number(N_("Discount on lines, %"), scale=2, least=_NONE, most=_WHOLE)
    financial_discount: Decimal | None = number(N_("Discount on collection, %"), scale=2, least=_NONE, most=_WHOLE)


def check_payment_types(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse both discounts at once: which of them was meant nobody could say later."""
    for one in proposals:
        if one.card.line_discount and one.card.financial_discount:
            one.refuse("payment_type.discounts", "financial_discount")


PAYMENT_TYPES = Kind(
    name="payment_type",
    path="payment-types",
    area=SETTINGS,
    group=BOOKS,
    card=PaymentType,
    words=Words(
        one=N_("Payment type"),
        many=N_("Payment types"),
        new=N_("New payment type"),
        none=N_("No payment type yet"),
        count=counted("count", "{count} payment type", "{count} payment types"),
        added=N_("added a payment type"),
        changed=N_("changed a payment type"),
        deleted=N_("deleted a payment type"),
    ),
    title=coded,
    columns=("code", "names", "method", "charge", "makes_bills"),
    sorts=("code", "names", "method"),
    filters=("method", "makes_bills"),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_payment_types,
)


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """A part of what is due, and when: days after the day it counts from, to the end of the month or week."""

    id: str = row_id()
    of_taxable: Decimal | None = number(N_("Of the taxable amount, %"), scale=2, least=_NONE, most=_WHOLE)
    of_vat: Decimal | None = number(N_("Of VAT, %"), scale=2, least=_NONE, most=_WHOLE)
    of_charges: Decimal | None = number(N_("Of charges, %"), scale=2, least=_NONE, most=_WHOLE)
    days: Decimal | None = number(N_("Days"), least=_NONE, most=Decimal(3660), needed=True, default=_NONE)
    commercial: bool = tick(N_("30 days are a month"))
    month_end: bool = tick(N_("End of month"))
    week_end: bool = tick(N_("End of week"))
    more_days: Decimal | None = number(N_("Days after that"), least=_NONE, most=Decimal(366))


@dataclass(frozen=True, kw_only=True)
class PaymentSolution:
    """In how many parts something is paid, and by when."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "condizione"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    instalments: tuple[Instalment, ...] = rows(N_("Instalments"), Instalment, most=60)


def check_payment_solutions(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse terms without instalments, and shares that add up to something else than the whole."""
    for one in proposals:
        if not one.card.instalments:
            one.refuse("payment_solution.empty", "instalments")
        for share in SHARES:
            total = sum((getattr(row, share) or _NONE for row in one.card.instalments), _NONE)
            if total not in (_NONE, _WHOLE):  # nothing at all: equal parts
                one.refuse("payment_solution.shares", f"instalments.0.{share}", total=f"{total:f}")


PAYMENT_SOLUTIONS = Kind(
    name="payment_solution",
    path="payment-terms",
    area=SETTINGS,
    group=BOOKS,
    card=PaymentSolution,
    words=Words(
        one=N_("Payment terms"),
        many=N_("Terms of payment"),
        new=N_("New terms of payment"),
        none=N_("No terms of payment yet"),
        count=counted("count", "{count} set of terms", "{count} sets of terms"),
        added=N_("added terms of payment"),
        changed=N_("changed terms of payment"),
        deleted=N_("deleted terms of payment"),
    ),
    title=coded,
    columns=("code", "names"),
    sorts=("code", "names"),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_payment_solutions,
)
