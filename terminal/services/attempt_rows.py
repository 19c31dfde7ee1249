"""Puts the rows of the open sale's attempts right: what readers were asked, and what became of it, is signed.

A row that is gone, or was set back, would let a tender be taken off, or tried again, whose money a reader has taken.
What nobody signed an outcome of is unknown: the reader is asked about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from commerce.basket import Basket
from commerce.bodies.effect import EffectIntended, EffectSettled, Outcome
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.kinds import Kind, TenderState
from commerce.tender import Tender
from terminal.db import attempts, ledger, sessions
from terminal.db.attempts import AttemptKind, AttemptRow, AttemptState
from terminal.db.connection import Queries, Transaction
from terminal.services.genesis import key_of
from terminal.services.integrity import is_genuine

_KINDS = {"card": AttemptKind.PAYMENT, "card_reversal": AttemptKind.REVERSAL}
_STATES = {
    Outcome.DONE: AttemptState.APPROVED,
    Outcome.FAILED: AttemptState.DECLINED,
    Outcome.UNKNOWN: AttemptState.UNKNOWN,
}
_TO_COME = (AttemptState.INTENDED, AttemptState.STARTED)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An attempt as entries say it."""

    body: EffectIntended
    at: str
    outcome: EffectSettled | None = None

    @property
    def state(self) -> AttemptState | None:
        """Return what became of it, None where nobody signed that."""
        return None if self.outcome is None else _STATES.get(self.outcome.outcome)


def put_attempts_right(tx: Transaction, basket: Basket, own_key: bytes) -> bool:
    """Write the attempts of an open sale anew where they say something else; returns whether they did."""
    kept = attempts.list_of_sale(tx, basket.sale)
    left = {row.id: row for row in kept}
    wanted: list[AttemptRow] = []
    for one in _list_asked(tx, basket.sale, own_key):
        row = left.pop(one.body.effect, None) or _made(one, basket, [*wanted, *left.values()])
        if row is not None:
            wanted.append(_as_signed(row, one))
    wanted += left.values()
    if wanted == kept:
        return False
    attempts.replace_all(tx, basket.sale, wanted)
    return True


def _list_asked(queries: Queries, sale: str, own_key: bytes) -> list[_Asked]:
    found: dict[str, _Asked] = {}
    for body, at in _iterate_signed(queries, sale, own_key):
        if isinstance(body, EffectIntended):
            found[body.effect] = _Asked(body, at)
        elif body.effect in found:
            found[body.effect] = replace(found[body.effect], outcome=body)
    return list(found.values())


def _iterate_signed(
    queries: Queries, sale: str, own_key: bytes
) -> Iterator[tuple[EffectIntended | EffectSettled, str]]:
    """Return the genuine entries about a sale's attempts, in order."""
    for chain in ledger.list_chains(queries):
        key, start = key_of(queries, chain.chain, own_key), sessions.last_checkpoint_seq(queries, chain.chain)
        for row in ledger.iterate_rows(queries, chain.chain, start):
            if row.kind not in (Kind.EFFECT_INTENDED.value, Kind.EFFECT_SETTLED.value):
                continue
            try:
                body = read(EffectIntended if row.kind == Kind.EFFECT_INTENDED else EffectSettled, row.entry.body)
            except BadInputError:
                continue  # the walk names it
            if not isinstance(body, EffectIntended | EffectSettled) or body.kind not in _KINDS or body.sale != sale:
                continue
            if is_genuine(chain.chain, row, key):
                yield body, row.at


def _as_signed(row: AttemptRow, one: _Asked) -> AttemptRow:
    if one.state is None:
        return row if row.state in _TO_COME else replace(row, state=AttemptState.UNKNOWN)
    if row.state is one.state or one.outcome is None:
        return row
    return replace(row, state=one.state, reason=one.outcome.reason)


def _made(one: _Asked, basket: Basket, others: list[AttemptRow]) -> AttemptRow | None:
    """Return the row of an attempt that has none any more; None where no tender of the sale can be its own."""
    tender = _tender_of(one, basket, others)
    if tender is None:
        return None
    told = next((attempt for attempt in tender.attempts if attempt.id == one.body.effect), None)
    return AttemptRow(
        id=one.body.effect,
        sale=basket.sale,
        tender=tender.id,
        kind=_KINDS[one.body.kind],
        device=one.body.device or "",
        currency=tender.currency,
        amount=tender.amount,
        number=one.body.attempt,
        state=AttemptState.UNKNOWN,
        reason="",
        reference=told.reference if told else None,
        at=one.at,
    )


def _tender_of(one: _Asked, basket: Basket, others: list[AttemptRow]) -> Tender | None:
    """Return the tender that tells of the attempt, or the first that waits for one and has none."""
    for tender in basket.tenders:
        if any(attempt.id == one.body.effect for attempt in tender.attempts):
            return tender
    if one.state in (AttemptState.APPROVED, AttemptState.DECLINED):
        return None  # its tender was taken off
    waited_for = {row.tender for row in others if row.is_open}
    open_ones = (t for t in basket.tenders if t.state is not TenderState.APPROVED and t.id not in waited_for)
    return next(open_ones, None)
