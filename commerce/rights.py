"""What an operator may do at a till. Head office gives rights; what somebody lacks, somebody else may approve."""

from collections.abc import Collection
from enum import StrEnum

from commerce.errors import BadInputError


class Right(StrEnum):
    """The closed list of rights that operators' rows name."""

    SELL = "sell"  # lines, tenders, documents, papers
    VOID = "void"  # take a line off, cut a quantity, give a sale up
    RETURN = "return"  # take goods back
    CARD = "card"  # say what became of a card payment that nobody knows the outcome of
    SESSION = "session"  # open a till session, close it with its Z
    CLOCK = "clock"  # say that the clock is right
    UNPROVEN = "unproven"  # close a session without the entries that somebody changed on the disk


ALL_RIGHTS: tuple[str, ...] = tuple(right.value for right in Right)


def in_order(rights: Collection[str]) -> tuple[str, ...]:
    """Return rights in the order of the list, each once; BadInputError ``operator.rights`` names one that is none."""
    unknown = sorted(set(rights) - set(ALL_RIGHTS))
    if unknown:
        raise BadInputError("operator.rights", field="rights", right=unknown[0][:40])
    return tuple(right for right in ALL_RIGHTS if right in rights)
