"""Puts the rows of the open sale's attempts right: what readers were asked, and what became of it, is signed.

A row that is gone, or was set back, would let a tender be taken off, or tried again, whose money a reader has taken.
What nobody signed an outcome of is unknown: the reader is asked about it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from commerce.basket import Basket
from commerce.bodies.effect import CardBody, EffectIntended, EffectSettled, Outcome
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.kinds import Kind
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
    card: CardBody
    at: str
    outcome: EffectSettled | None = None

    @property
    def state(self) -> AttemptState | None:
        """Return what became of it, None where nobody signed that."""
        return None if self.outcome is None else _STATES.get(self.outcome.outcome)


def put_attempts_right(tx: Transaction, basket: Basket, own_key: bytes) -> bool:
    """Write the attempts of an open sale anew where they say something else; returns whether somebody changed the sale.

    That is so as well where money has no tender: nobody can put that back, and people have to know. A row of which no
    entry tells (any more) is asked about where it is of a tender that waits for no other, and gone otherwise.
    """
    kept = attempts.list_readable(tx, basket.sale)
    asked = _list_asked(tx, basket.sale, own_key)
    names = {one.body.effect for one in asked}
    signed = {row.id: row for row in kept if row.id in names}
    wanted = [_as_signed(signed.get(one.body.effect) or _made(one, basket.sale), one) for one in asked]
    wanted += _unsigned(basket, wanted, (row for row in kept if row.id not in names))
    if wanted == kept and len(kept) == attempts.count_of_sale(tx, basket.sale):
        return _is_without_tender(basket, wanted)
    attempts.replace_all(tx, basket.sale, wanted)
    return True


def _is_without_tender(basket: Basket, rows: Sequence[AttemptRow]) -> bool:
    """Tell whether a reader has taken money, or may have, for a tender that the sale does not have."""
    tenders = {tender.id for tender in basket.tenders}
    given_back = {row.tender for row in rows if row.kind is AttemptKind.REVERSAL and row.state is AttemptState.APPROVED}
    return any(
        row.tender not in tenders | given_back and row.kind is AttemptKind.PAYMENT
        for row in rows
        if row.state is not AttemptState.DECLINED
    )


def _unsigned(basket: Basket, signed: Sequence[AttemptRow], left: Iterable[AttemptRow]) -> Iterator[AttemptRow]:
    tenders = {tender.id for tender in basket.tenders}
    waited_for = {row.tender for row in signed if row.is_open}
    numbers = {(row.tender, row.number) for row in signed}
    for row in left:
        is_free = row.tender in tenders - waited_for and (row.tender, row.number) not in numbers
        if is_free and row.state is not AttemptState.DECLINED:
            waited_for.add(row.tender)
            yield row if row.state in _TO_COME else replace(row, state=AttemptState.UNKNOWN, reason="")


def _list_asked(queries: Queries, sale: str, own_key: bytes) -> list[_Asked]:
    found: dict[str, _Asked] = {}
    for body, at in _iterate_signed(queries, sale, own_key):
        if isinstance(body, EffectIntended):
            if body.card is not None:
                found[body.effect] = _Asked(body, body.card, at)
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
    card = one.card
    row = replace(
        row, kind=_KINDS[one.body.kind], device=one.body.device or "", number=one.body.attempt, at=one.at,
        tender=card.tender, currency=card.currency, amount=card.amount,
    )  # fmt: skip
    if one.outcome is None or one.state is None:
        return replace(row, reason="") if row.state in _TO_COME else replace(row, state=AttemptState.UNKNOWN)
    reference = one.outcome.card_reference
    return replace(row, state=one.state, reason=one.outcome.reason, reference=reference or row.reference)


def _made(one: _Asked, sale: str) -> AttemptRow:
    """Return the row of an attempt that has none any more; who took its place is told by its entries."""
    return AttemptRow(
        id=one.body.effect,
        sale=sale,
        tender=one.card.tender,
        kind=_KINDS[one.body.kind],
        device="",
        currency=one.card.currency,
        amount=one.card.amount,
        number=one.body.attempt,
        state=AttemptState.UNKNOWN,
        reason="",
        reference=None,
        at=one.at,
    )
