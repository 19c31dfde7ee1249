"""What a stored entry proves: central verifies it again whenever somebody looks at it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.tills import queries
from commerce.ledger import NO_HASH, Entry, Head, verify_chain


@dataclass(frozen=True, slots=True)
class Evidence:
    """One stored entry with central's own verdict: ``problem`` is None when hash, link and signature hold."""

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


def find_evidence(conn: Connection, till: str, chain: str, seq: int) -> Evidence | None:
    """Return a stored entry, verified against the one before it and the chain's key; None when it is not held."""
    rows = queries.find_entries(conn, till, chain, seq - 1, seq)
    head = queries.find_chain(conn, till, chain)
    if not rows or rows[-1].seq != seq or head is None:
        return None
    row = rows[-1]
    before = Head(seq - 1, rows[0].hash) if len(rows) == 2 else Head(0, NO_HASH)
    entry = Entry(row.seq, row.header, row.body, row.hash, row.signature, row.personal)
    problem = verify_chain(chain, [entry], start=before, public_key=head.public_key).problem
    return Evidence(
        till, chain, seq, row.kind, row.hash, row.body, row.received_at, head.mode, head.seq,
        problem.code if problem else None,
    )  # fmt: skip
