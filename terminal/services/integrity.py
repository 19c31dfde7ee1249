"""Whether somebody had hands on the ledger's file since the last checkpoint: what a start and every Z look at.

Every signature is asked: a till that went on selling over a forged tail has bound it with its own links, and its newest
signature proves nothing about what stood there before. Asking 1,000 takes 0.1 s; a start asks the newest 5,000 at most,
and the check in idle moments asks them all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, pairwise

from commerce.bounds import MOST_WHOLE
from commerce.errors import BadInputError, ConflictError
from commerce.ledger import Kind, Problem, check_content, read_header, verify_signature
from terminal.db import documents, ledger, sessions
from terminal.db.connection import Queries
from terminal.db.ledger import LedgerRow
from terminal.services.changed_sale import ChangedSale
from terminal.services.derived_rows import column_problem
from terminal.services.genesis import key_of

ALL = 2**62
AT_START = 5_000
MOST_GONE = 100_000  # documents since a checkpoint: no till issues so many between two Zs


class LedgerChangedError(ConflictError):
    """Entries of the open session are not as they were signed: nothing is signed over them."""

    default_code = "ledger.changed"

    def __init__(self, problems: Sequence[Problem], receipt: tuple[str, date] | None = None) -> None:
        first = problems[0]
        named = {} if receipt is None else {"number": receipt[0], "day": receipt[1]}
        super().__init__("ledger.changed", seq=first.seq, reason=first.code, count=len(problems), **named)
        self.findings = Findings(tuple(problems), receipt=receipt)


@dataclass(frozen=True, slots=True)
class MissingNumbers:
    """Numbers that were taken since the last checkpoint and whose documents are not there."""

    series: str
    period: str
    count: int
    after: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What does not hold."""

    problems: tuple[Problem, ...] = ()
    missing: tuple[MissingNumbers, ...] = ()
    put_right: tuple[Problem, ...] = ()  # rows beside the entries that were written anew
    sales: tuple[ChangedSale, ...] = ()  # open ones whose rows somebody changed
    receipt: tuple[str, date] | None = None  # number and day of the first problem's, where it is one


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of an entry while a chain is walked."""

    seq: int
    hash: bytes
    signature: bytes
    prev: str


def inspect(queries: Queries, chains: Sequence[str], public_key: bytes, most: int = ALL) -> Findings:
    """Check the till's own chains from their last checkpoints on, and the numbers that were taken since.

    ``public_key`` is the till's own; chains from before it had this one are asked by theirs (``key_of``). At ``most``
    so many signatures of each chain are asked, the newest.
    """
    problems = [problem for chain in chains for problem in check_chain(queries, chain, public_key, most)]
    missing = [gap for chain in chains for gap in find_missing_numbers(queries, chain)]
    receipt = documents.find_name(queries, problems[0].chain, problems[0].seq) if problems else None
    return Findings(tuple(problems), tuple(missing), receipt=receipt)


def open_chains(queries: Queries, current: str) -> list[str]:
    """Return the current chain and those that an open session began on."""
    begun = [chain for first in sessions.list_open_chains(queries) for chain in ledger.chains_since(queries, first)]
    return list(dict.fromkeys([*begun, current]))


def check_chain(queries: Queries, chain: str, public_key: bytes, most: int = ALL) -> list[Problem]:
    """Return every entry since the chain's last checkpoint that is not as it was signed, in order."""
    start = sessions.last_checkpoint_seq(queries, chain)
    return _walk(queries, chain, start, key_of(queries, chain, public_key), most)


def _walk(queries: Queries, chain: str, start: int, public_key: bytes, most: int) -> list[Problem]:
    """Walk a chain from a checkpoint, or from its genesis where there is none that holds."""
    problems: dict[int, str] = {}
    seen: list[_Seen] = []
    for row in ledger.iterate_rows(queries, chain, max(start - 1, 0)):
        header = _read(row, problems)
        if start and not seen and (header is None or header["kind"] != Kind.CHECKPOINT or row.entry.seq != start):
            return _walk(queries, chain, 0, public_key, most)
        seen.append(_Seen(row.entry.seq, row.entry.hash, row.entry.signature, str(header["prev"]) if header else ""))
        if header and (code := _own_problem(chain, row, header)):
            problems.setdefault(row.entry.seq, code)
    if not seen or (not start and seen[0].seq != 1):
        problems.setdefault(1, "ledger.missing")
    for seq, code in _links(seen, problems, public_key, most):
        problems.setdefault(seq, code)
    return [Problem(chain, seq, problems[seq]) for seq in sorted(problems)]


def find_missing_numbers(queries: Queries, chain: str) -> Iterator[MissingNumbers]:
    """Return numbers taken since the chain's last checkpoint without a document whose entry is there."""
    try:
        checkpoint = sessions.find_last_checkpoint(queries, chain)
    except BadInputError:  # the walk names it; what was counted before it is not known
        return
    before = {(row.series, row.period): row.last_number for row in checkpoint.counters} if checkpoint else {}
    for series, period, last in documents.list_counters(queries, f"{chain}/"):
        known = before.pop((series, period), 0)
        missing, after = _gap(known, last, documents.numbers_after(queries, series, period, known))
        if missing:
            yield MissingNumbers(series, period, missing, after)
    for (series, period), last in before.items():
        yield MissingNumbers(series, period, last, 0)


def _gap(known: int, last: int, there: set[int]) -> tuple[int, int]:
    """Return how many numbers up to the last are missing, and the one before the first of them.

    Never number by number: a row may say any number at all.
    """
    top = max([last, known, *(number for number in there if number <= known + MOST_GONE)])
    missing = top - known - sum(number <= top for number in there)
    first = next(number for number in count(known + 1) if number not in there)
    return min(missing, MOST_WHOLE), first - 1


def _read(row: LedgerRow, problems: dict[int, str]) -> dict[str, object] | None:
    try:
        return read_header(row.entry)
    except (BadInputError, ValueError, TypeError):
        problems[row.entry.seq] = "ledger.unreadable"
        return None


def is_genuine(chain: str, row: LedgerRow, public_key: bytes) -> bool:
    """Tell whether one entry is what a till wrote and signed at this place, whatever stands around it."""
    problems: dict[int, str] = {}
    header = _read(row, problems)
    if header is None or _own_problem(chain, row, header):
        return False
    return verify_signature(public_key, row.entry.hash, row.entry.signature)


def _own_problem(chain: str, row: LedgerRow, header: dict[str, object]) -> str | None:
    """Return why an entry is not what its own header says, or None."""
    code = check_content(row.entry, header, chain)
    column = None if code else column_problem(row)
    return column.code if column else code


def _links(seen: Sequence[_Seen], problems: dict[int, str], public_key: bytes, most: int) -> list[tuple[int, str]]:
    """Return what breaks between entries, and which of the newest are not signed."""
    found = []
    for before, after in pairwise(seen):
        if after.seq != before.seq + 1:
            found.append((before.seq + 1, "ledger.missing"))
        elif after.prev != before.hash.hex():
            found.append((after.seq, "ledger.broken_link"))
    forged = [(one.seq, "ledger.signature") for one in seen[-most:] if not _is_signed(one, public_key)]
    innocent = {seq + 1 for seq, _ in forged} | {seq + 1 for seq in problems}
    return forged + [(seq, code) for seq, code in found if code == "ledger.missing" or seq not in innocent]


def _is_signed(seen: _Seen, public_key: bytes) -> bool:
    return verify_signature(public_key, seen.hash, seen.signature)
