"""What an operator may do at a till. Head office gives rights; what somebody lacks, somebody else may approve."""

from enum import StrEnum


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
