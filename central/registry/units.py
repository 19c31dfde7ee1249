"""Units of measure: those that others are counted in, and how many of one another is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import SELF, number, reference, text, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import ITEMS
from central.registry.naming import coded
from commerce.texts import N_, counted

_NONE, _ONE, _LEAST = Decimal(0), Decimal(1), Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit; one of it is ``factor`` of its ``base``."""

    code: str = text(N_("Code"), most=10, needed=True, titles=("um", "unità di misura"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    decimals: Decimal | None = number(N_("Decimals"), least=_NONE, most=Decimal(6), needed=True, default=_NONE,
                                      hint=N_("How finely quantities are written."))  # fmt: skip
    base: str | None = reference(N_("Counted in"), SELF, hint=N_("Empty: a unit of its own."))
    factor: Decimal | None = number(N_("Factor"), scale=6, least=_LEAST, needed=True, default=_ONE,
                                    hint=N_("How many of the unit that it is counted in."))  # fmt: skip


def check_units(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse chains: a unit is counted in one that stands by itself."""
    found = records.find(conn, UNITS, edit.company, [one.card.base for one in proposals if one.card.base])
    bases = {key: record.card.base for key, record in found.items()}
    bases |= {one.id: one.card.base for one in proposals if one.id}
    for one in proposals:
        card: Unit = one.card
        if card.base is None and card.factor != _ONE:
            one.refuse("unit.factor", "factor")
        if card.base and (card.base == one.id or bases.get(card.base) or _is_base(conn, edit, one)):
            one.refuse("unit.chain", "base")


def _is_base(conn: Connection, edit: Edit, proposal: Proposal) -> bool:
    """Tell whether others are counted in it as it stands."""
    return bool(proposal.id) and records.naming(conn, UNITS, "base", edit.company, str(proposal.id))


UNITS: Kind = Kind(
    name="unit_of_measure",
    path="units-of-measure",
    area=ITEMS,
    card=Unit,
    words=Words(
        one=N_("Unit of measure"),
        many=N_("Units of measure"),
        new=N_("New unit of measure"),
        none=N_("No unit of measure yet"),
        count=counted("count", "{count} unit of measure", "{count} units of measure"),
        added=N_("added a unit of measure"),
        changed=N_("changed a unit of measure"),
        deleted=N_("deleted a unit of measure"),
    ),
    title=coded,
    columns=("code", "names", "factor", "base", "decimals"),
    sorts=("code", "names"),
    probes=("base",),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_units,
)
