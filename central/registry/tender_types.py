"""Means of payment: what a shop takes, in the order in which its tills show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import choice, number, text, tick, translated
from central.kit.kinds import Feed, Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SETTINGS
from central.registry.groups import TILLS
from central.registry.naming import coded
from commerce.kinds import TenderKind
from commerce.texts import N_, counted

KINDS = {"cash": N_("Cash"), "card": N_("Card"), "voucher": N_("Voucher"), "on_account": N_("On account")}
_LAST = Decimal(999_999)


@dataclass(frozen=True, kw_only=True)
class TenderType:
    """A means of paying as the shop calls it; ``reader`` is the card reader of the tills' settings that takes it."""

    code: str = text(N_("Code"), most=16, needed=True, titles=("codice",))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    kind: str = choice(N_("Kind"), KINDS, needed=True, default="card")
    reader: str = text(N_("Card reader"), most=64,
                       hint=N_("Its name at the tills. Empty: the operator's word is enough."))  # fmt: skip
    opens_drawer: bool = tick(N_("Opens the drawer"))
    place: Decimal | None = number(N_("Place"), least=Decimal(0), most=_LAST, hint=N_("Empty: behind the others."))


def check_tender_types(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse a reader for cash; put new ones behind the others."""
    last = records.page(conn, TENDER_TYPES, edit.company, records.View("place", down=True), limit=1)
    free = last[0].card.place + 1 if last and last[0].card.place is not None else Decimal(0)
    for one in proposals:
        if one.card.reader and one.card.kind == TenderKind.CASH:
            one.refuse("tender_type.reader", "reader")
        if one.card.place is None:
            one.put(place=min(free, _LAST))
            free += 1


def _row(card: TenderType) -> dict[str, Any]:
    return {"code": card.code, "kind": card.kind, "names": card.names, "opens_drawer": card.opens_drawer,
            "position": int(card.place or 0), "reader": card.reader or None}  # fmt: skip


TENDER_TYPES: Kind = Kind(
    name="tender_type",
    path="tender-types",
    area=SETTINGS,
    group=TILLS,
    card=TenderType,
    words=Words(
        one=N_("Means of payment"),
        many=N_("Means of payment"),
        new=N_("New means of payment"),
        none=N_("No means of payment yet"),
        count=counted("count", "{count} means of payment", "{count} means of payment"),
        added=N_("added a means of payment"),
        changed=N_("changed a means of payment"),
        deleted=N_("deleted a means of payment"),
    ),
    title=coded,
    columns=("code", "names", "kind", "reader", "opens_drawer", "place"),
    sorts=("place", "code", "names"),
    filters=("kind", "opens_drawer"),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_tender_types,
    feed=Feed("tender_type", _row),
)
