"""Of which day an open session is: that of its opening, unless a person corrected a clock that made it impossible."""

from collections.abc import Set
from datetime import date, datetime, timedelta

from commerce.bodies.chain import ClockCorrected
from commerce.bodies.form import read
from commerce.bounds import SESSION_OPEN
from commerce.dates import business_day
from commerce.errors import BadInputError
from terminal.db import chain_rows, ledger
from terminal.db.connection import Queries
from terminal.services.clock import TOLERANCE
from terminal.services.operating import OperatingSet

_MARGIN = timedelta(days=2)  # central counts hours, from noon; a business day ends in the next morning of any zone


def is_possible(day: date, now: datetime, operating: OperatingSet) -> bool:
    """Return whether a session that is open now can be of a day: not of one to come, nor older than central takes."""
    shop = operating.shop
    latest = business_day(now + TOLERANCE, shop.zone, shop.cut_off)
    return latest - SESSION_OPEN + _MARGIN <= day <= latest


def find_corrected_day(
    queries: Queries, session: str, first_chain: str, without: Set[tuple[str, int]] = frozenset()
) -> str | None:
    """Return the day that the newest correction gave a session, of entries that are not ``without``."""
    for chain in reversed(ledger.chains_since(queries, first_chain)):
        for row in chain_rows.iterate_corrections(queries, chain):
            if row.till_session == session and (chain, row.entry.seq) not in without:
                day = read_day(row.entry.body)
                if day is not None:
                    return day
    return None


def read_day(body: bytes) -> str | None:
    """Return the business day that a correction gave, None where it gave none or cannot be read."""
    try:
        return read(ClockCorrected, body).business_day
    except BadInputError:
        return None
