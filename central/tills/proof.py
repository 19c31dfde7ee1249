"""What a stored entry proves: central verifies it again whenever somebody looks at it or decides about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from central.tills import chains, queries
from central.tills.arriving import kind_problem
from central.tills.chains import SigningKey, key_at
from central.tills.lineage import Lineage
from central.tills.values import Arrived
from central.tills.verifying import content_problem, is_signed
from commerce.errors import BadInputError
from commerce.ledger import Entry, personal_problem, read_header, verify_signature
from commerce.wire import MAX_BATCH_ENTRIES

# What is said of an entry whose bytes the till has signed all the same: a person may count it.
_GENUINE = frozenset(
    (None, "ledger.broken_link", "ledger.fork_key", "ledger.personal_changed", "ledger.other_shop", "ledger.genesis")
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One stored entry with central's own verdict: ``problem`` is None when hashes, link and signature hold.

    ``is_fork`` tells an entry beside the chain, which has no link to what the chain holds.
    """

    till: str
    chain: str
    seq: int
    kind: str
    hash: bytes
    body: bytes
    received_at: datetime
    mode: str
    head_seq: int
    problem: str | None
    is_fork: bool = False

    @property
    def is_genuine(self) -> bool:
        """Return whether the till has signed these bytes for this place, and this program can read them."""
        return self.problem in _GENUINE


def find_evidence(conn: Connection, till: str, chain: str, seq: int, digest: bytes | None = None) -> Evidence | None:
    """Return a stored entry, verified with the key that signs at its place; None when it is not held.

    With its hash it may be a fork as well.
    """
    head = queries.find_chain(conn, till, chain)
    row = queries.find_entry(conn, till, chain, seq)
    is_fork = digest is not None and (row is None or row.hash != digest)
    if is_fork and digest is not None:
        row = queries.find_fork(conn, till, chain, seq, digest)
    if row is None or head is None:
        return None
    keys = chains.keys_of(conn, till, chain)
    problem = _own_problem(row, keys, head.company)
    if problem == "ledger.signature":
        problem = _proven_otherwise(conn, row, keys, is_fork=is_fork)
    if problem is None and not is_fork:
        problem = _link_problem(conn, row, keys, head.company)
    return Evidence(
        till, chain, seq, row.kind, row.hash, row.body, row.received_at, head.mode, head.seq,
        problem or personal_problem(_entry(row)), is_fork,
    )  # fmt: skip


def _own_problem(row: Row[Any], keys: Sequence[SigningKey], company: str) -> str | None:
    one = _arrived(row)
    if one.header is not None and (one.header["till"], one.header["company"]) != (row.till, company):
        return "ledger.other_till"
    problem = content_problem(one, row.chain)
    if problem in _GENUINE:
        return problem if is_signed(one, key_at(keys, row.seq)) else "ledger.signature"
    return problem


def _proven_otherwise(conn: Connection, row: Row[Any], keys: Sequence[SigningKey], *, is_fork: bool) -> str | None:
    """An entry that the chain's key has not signed may be proven by what follows it, or by a key of its own history."""
    if not is_fork and _proven_by_a_later_one(conn, row, keys):
        return None
    return Lineage(conn, row.till, row.chain, keys).judge(_arrived(row))


def _link_problem(conn: Connection, row: Row[Any], keys: Sequence[SigningKey], company: str) -> str | None:
    """After an altered entry the next one is innocent: only a genuine one can be missed."""
    before = queries.find_entry(conn, row.till, row.chain, row.seq - 1)
    if before is None or _prev(row) == before.hash.hex() or _own_problem(before, keys, company) not in _GENUINE:
        return None
    return "ledger.broken_link"


def _proven_by_a_later_one(conn: Connection, row: Row[Any], keys: Sequence[SigningKey]) -> bool:
    """Follow the links from an entry without a signature to the first one that has it, as a batch may have them."""
    before = row
    for later in queries.find_signatures(conn, row.till, row.chain, row.seq + 1, row.seq + MAX_BATCH_ENTRIES):
        if _prev(later) != before.hash.hex():
            return False
        if verify_signature(key_at(keys, later.seq), later.hash, later.signature):
            return True
        before = later
    return False


def _prev(row: Row[Any]) -> object:
    try:
        return read_header(Entry(row.seq, row.header, b"", row.hash, row.signature))["prev"]
    except BadInputError:
        return None


def _arrived(row: Row[Any]) -> Arrived:
    """Return a stored entry as it came."""
    entry = _entry(row)
    try:
        header = read_header(entry)
    except BadInputError:
        return Arrived(entry, row.hash, None, "ledger.unreadable")
    return Arrived(entry, row.hash, header, kind_problem(header))


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.seq, row.header, row.body, row.hash, row.signature, row.personal)
