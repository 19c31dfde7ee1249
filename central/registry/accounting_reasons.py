"""Accounting reasons: into which register of the books a document goes, and by which account."""

from dataclasses import dataclass

from central.kit.fields import choice, text, translated
from central.kit.kinds import Kind, Words
from central.registry.area import SETTINGS
from central.registry.groups import BOOKS
from central.registry.naming import coded
from commerce.texts import N_, counted

REGISTERS = {"receipts": N_("Receipts"), "sales": N_("Sales"), "purchases": N_("Purchases"), "none": N_("None")}


@dataclass(frozen=True, kw_only=True)
class AccountingReason:
    """How something is posted; receipts are posted to the one account that is fixed here."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "causale"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    vat_register: str = choice(N_("VAT register"), REGISTERS, needed=True, default="receipts")
    account: str = text(N_("Ledger account"), most=20, titles=("conto",))


ACCOUNTING_REASONS = Kind(
    name="accounting_reason",
    path="accounting-reasons",
    area=SETTINGS,
    group=BOOKS,
    card=AccountingReason,
    words=Words(
        one=N_("Accounting reason"),
        many=N_("Accounting reasons"),
        new=N_("New accounting reason"),
        none=N_("No accounting reason yet"),
        count=counted("count", "{count} accounting reason", "{count} accounting reasons"),
        added=N_("added an accounting reason"),
        changed=N_("changed an accounting reason"),
        deleted=N_("deleted an accounting reason"),
    ),
    title=coded,
    columns=("code", "names", "vat_register", "account"),
    sorts=("code", "names", "vat_register"),
    filters=("vat_register",),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
)
