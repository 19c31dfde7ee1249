"""Turnover types: what a sale counts as in the books."""

from dataclasses import dataclass

from central.kit.fields import text, translated
from central.kit.kinds import Kind, Words
from central.registry.area import SETTINGS
from central.registry.groups import BOOKS
from central.registry.naming import coded
from commerce.texts import N_, counted


@dataclass(frozen=True, kw_only=True)
class TurnoverType:
    """What lines of documents are posted by: ``account`` is the ledger's."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "fatturato"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    account: str = text(N_("Ledger account"), most=20, titles=("conto", "conto contabile"))


TURNOVER_TYPES = Kind(
    name="turnover_type",
    path="turnover-types",
    area=SETTINGS,
    group=BOOKS,
    card=TurnoverType,
    words=Words(
        one=N_("Turnover type"),
        many=N_("Turnover types"),
        new=N_("New turnover type"),
        none=N_("No turnover type yet"),
        count=counted("count", "{count} turnover type", "{count} turnover types"),
        added=N_("added a turnover type"),
        changed=N_("changed a turnover type"),
        deleted=N_("deleted a turnover type"),
    ),
    title=coded,
    columns=("code", "names", "account"),
    sorts=("code", "names", "account"),
    found_by=("names",),
    codes=("code", "account"),
    unique=("code",),
)
