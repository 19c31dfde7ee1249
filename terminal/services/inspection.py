"""Looking at the ledger's file: what of it does not hold, what beside it was put right, and what people are told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from commerce.errors import ConflictError, PosError
from commerce.ledger import Problem
from terminal.db.connection import Transaction
from terminal.services.chain_rows import put_chains_right
from terminal.services.chains import Chains
from terminal.services.integrity import AT_START, Findings, LedgerChangedError, inspect, open_chains
from terminal.services.putting_right import put_right


def look_at_chains(tx: Transaction, chains: Chains) -> list[Problem]:
    """Put the table of chains right, before anybody reads from it which one is written."""
    return put_chains_right(tx, chains.till, chains.signer.public_key)


def look_at_start(tx: Transaction, chains: Chains, before: Sequence[Problem]) -> Findings:
    """Put right what stands beside the ledger, before anything is read from it, and look at what is open.

    ``before``: what was put right of the chains.
    """
    key = chains.signer.public_key
    healed = [*before, *put_right(tx, chains.till, key)]
    return replace(inspect(tx, open_chains(tx, chains.chain), key, AT_START), put_right=tuple(healed))


def words_of(findings: Findings) -> Iterator[PosError]:
    """Return what a person is told of findings."""
    if findings.problems:
        yield LedgerChangedError(findings.problems)
    if findings.put_right:
        yield ConflictError("ledger.rows_changed", count=len(findings.put_right))
    for gap in findings.missing:
        yield ConflictError("ledger.numbers_missing", count=gap.count, after=gap.after)
