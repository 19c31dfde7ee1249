"""Looking at the ledger's file: what of it does not hold, what beside it was put right, and what people are told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from commerce.dates import utc_text
from commerce.errors import ConflictError, PosError
from commerce.ledger import Problem
from terminal.db.connection import Transaction
from terminal.db.sales import Place
from terminal.services.chain_rows import put_chains_right
from terminal.services.chains import Chains
from terminal.services.integrity import AT_START, Findings, LedgerChangedError, inspect, open_chains
from terminal.services.open_sale import put_sale_right, write_sale_again
from terminal.services.putting_right import put_right
from terminal.services.state import RegisterState


def look_at_chains(tx: Transaction, chains: Chains) -> list[Problem]:
    """Put the table of chains right, before anybody reads from it which one is written."""
    return put_chains_right(tx, chains.till, chains.signer.public_key)


def look_at_start(tx: Transaction, chains: Chains, before: Sequence[Problem], at: datetime) -> Findings:
    """Put right what stands beside the ledger, before anything is read from it, and look at what is open.

    ``before``: what was put right of the chains.
    """
    key = chains.signer.public_key
    healed = [*before, *put_right(tx, chains.till, key)]
    sale = put_sale_right(tx, Place(chains.till, chains.mode.value), utc_text(at), key)
    findings = inspect(tx, open_chains(tx, chains.chain), key, AT_START)
    return replace(findings, put_right=tuple(healed), sales=(sale,) if sale else ())


def look_at_rows(tx: Transaction, chains: Chains, state: RegisterState, at: datetime, *, whole: bool) -> Findings:
    """Put right the rows by which the till goes on: of chains and of the sale in memory, ``whole``: all of them."""
    key = chains.signer.public_key
    healed = put_right(tx, chains.till, key) if whole else put_chains_right(tx, chains.till, key)
    sale = write_sale_again(tx, state, utc_text(at))
    return Findings(put_right=tuple(healed), sales=(sale,) if sale else ())


def words_of(findings: Findings) -> Iterator[PosError]:
    """Return what a person is told of findings."""
    if findings.problems:
        yield LedgerChangedError(findings.problems, findings.receipt)
    if findings.put_right:
        yield ConflictError("ledger.rows_changed", count=len(findings.put_right))
    for sale in findings.sales:
        yield sale.words
    for gap in findings.missing:
        yield ConflictError("ledger.numbers_missing", count=gap.count, after=gap.after)
