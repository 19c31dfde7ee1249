"""Why something was done at a till: reasons for discounts, voids and returns."""

from dataclasses import dataclass
from typing import Any

from central.kit.fields import choice, text, tick, translated
from central.kit.kinds import Feed, Kind, Words
from central.registry.area import SETTINGS
from central.registry.groups import TILLS
from central.registry.naming import coded
from commerce.texts import N_, counted

USES = {"discount": N_("Discount"), "void": N_("Void"), "return": N_("Return")}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A reason that operators choose from a list."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice",))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    use: str = choice(N_("Used for"), USES, needed=True, default="discount")
    asks_note: bool = tick(N_("Asks for a note"), hint=N_("The operator has to write why."))


def _row(card: Reason) -> dict[str, Any]:
    return {"code": card.code, "names": card.names, "use": card.use, "asks_note": card.asks_note}


REASONS = Kind(
    name="reason",
    path="reasons",
    area=SETTINGS,
    group=TILLS,
    card=Reason,
    words=Words(
        one=N_("Reason code"),
        many=N_("Reasons"),
        new=N_("New reason"),
        none=N_("No reason yet"),
        count=counted("count", "{count} reason", "{count} reasons"),
        added=N_("added a reason"),
        changed=N_("changed a reason"),
        deleted=N_("deleted a reason"),
    ),
    title=coded,
    columns=("code", "names", "use", "asks_note"),
    sorts=("code", "names", "use"),
    filters=("use", "asks_note"),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    feed=Feed("reason", _row),
)
