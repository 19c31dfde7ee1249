"""Tenders that a card reader takes: their attempts, each on disk before the reader is asked, and every way out.

A tender is ``pending`` until its outcome is known, ``unknown`` when nobody knows it, ``approved`` when the money is
there. An attempt that was declined leaves the tender pending: it is tried again or taken back. One of unknown outcome
is asked about; where the reader never answers, a person says what became of it. Approved money on a sale that cannot
finish is kept, to be finished later, or given back by a reversal.
"""

from dataclasses import replace
from functools import reduce

from commerce import basket as sale
from commerce.basket import Basket
from commerce.bodies.effect import CardBody, EffectIntended, EffectSettled, Marker, Outcome
from commerce.bodies.paid import AttemptBody
from commerce.dates import utc_text
from commerce.errors import RuleError
from commerce.ids import new_id
from commerce.kinds import TenderState
from commerce.tender import Tender
from terminal.db import attempts
from terminal.db import basket as journal
from terminal.db.attempts import AttemptKind, AttemptRow, AttemptState
from terminal.db.basket import Event
from terminal.services.chains import Moment, Write
from terminal.services.commands import DecideTender, RetryTender, VoidTender
from terminal.services.plan import Plan, Till, Values
from terminal.services.selling import open_basket
from terminal.services.state import RegisterState

_ENTRY_KINDS = {AttemptKind.PAYMENT: "card", AttemptKind.REVERSAL: "card_reversal"}
_ENTRY_OUTCOMES = {
    AttemptState.APPROVED: Outcome.DONE,
    AttemptState.DECLINED: Outcome.FAILED,
    AttemptState.UNKNOWN: Outcome.UNKNOWN,
}


def begin_payment(till: Till, moment: Moment, before: Basket, paid: Basket, tender: Tender, device: str) -> Plan:
    """Add a tender whose money a reader is to take: it is pending, and the attempt intended."""
    attempt = _new_attempt(moment, paid, tender, AttemptKind.PAYMENT, device)

    def write(write: Write) -> Values:
        journal.add_events(write.tx, before.sale, [sale.tender_added(tender)])
        _intend(write, moment, attempt, tender)
        till.steps.reached("card.intent_written")
        return {"sale": before.sale, "tender": tender.id, "attempt": attempt.id}

    return Plan(moment, write, lambda now, _: _with_attempt(replace(now, basket=paid), attempt), "card.intended")


def void_tender(till: Till, state: RegisterState, command: VoidTender) -> Plan:
    """Take a tender back: at once, or by a reversal where a reader has taken its money.

    RuleError ``tender.unknown``; ``tender.waiting`` while a reader is being asked, or nobody knows what it did.
    """
    basket, tender = _open_tender(state, command.tender)
    moment, running = till.moment(state, command.command_id), _running(state, tender)
    if running is not None and running.state is not AttemptState.INTENDED:
        raise RuleError("tender.waiting", tender=tender.id)
    taken = _payment(state, tender)
    if taken is not None and running is None:
        return _reverse(state, moment, basket, tender, taken)
    if running is not None and running.kind is AttemptKind.REVERSAL:
        raise RuleError("tender.waiting", tender=tender.id)
    event = sale.tender_removed(tender.id)
    after = sale.apply(basket, event)

    def write(write: Write) -> Values:
        if running is not None:  # nobody was asked yet, and nobody will be
            _settle(write, moment, running, AttemptState.DECLINED, "attempt.cancelled", None)
        journal.add_events(write.tx, basket.sale, [event])
        return {"sale": basket.sale, "tender": tender.id}

    def then(now: RegisterState, _: Values) -> RegisterState:
        cancelled = running and replace(running, state=AttemptState.DECLINED, reason="attempt.cancelled")
        return _with_attempt(replace(now, basket=after), cancelled)

    return Plan(moment, write, then)


def retry_tender(till: Till, state: RegisterState, command: RetryTender) -> Plan:
    """Ask the reader again for a tender that it declined; RuleError ``tender.waiting`` or ``tender.approved``."""
    basket, tender = _open_tender(state, command.tender)
    if tender.state is TenderState.APPROVED:
        raise RuleError("tender.approved", tender=tender.id)
    tried = [attempt for attempt in state.attempts if attempt.tender == tender.id]
    if not tried or any(attempt.is_open for attempt in tried):
        raise RuleError("tender.waiting", tender=tender.id)
    if _payment(state, tender) is not None:  # somebody had hands on the sale's journal
        raise RuleError("tender.approved", tender=tender.id)
    moment = till.moment(state, command.command_id)
    attempt = _new_attempt(moment, basket, tender, AttemptKind.PAYMENT, tried[-1].device, len(tried) + 1)

    def write(write: Write) -> Values:
        _intend(write, moment, attempt, tender)
        return {"sale": basket.sale, "tender": tender.id, "attempt": attempt.id}

    return Plan(moment, write, lambda now, _: _with_attempt(now, attempt), "card.intended")


def decide_tender(till: Till, state: RegisterState, command: DecideTender) -> Plan:
    """Take a person's word for an outcome that nobody knows; RuleError ``tender.not_in_doubt``."""
    _, tender = _open_tender(state, command.tender)
    running = _running(state, tender)
    if running is None or running.state is not AttemptState.UNKNOWN:
        raise RuleError("tender.not_in_doubt", tender=tender.id)
    outcome = AttemptState.APPROVED if command.approved else AttemptState.DECLINED
    return settle_attempt(till.moment(state, command.command_id), state, running.id, outcome, "attempt.decided", None)


def start_attempt(moment: Moment, state: RegisterState, attempt: str) -> Plan:
    """Note on disk that the reader is asked now. Result: ``started``."""

    def write(write: Write) -> Values:
        return {"started": attempts.mark_started(write.tx, attempt)}

    def then(now: RegisterState, values: Values) -> RegisterState:
        row = _find(now, attempt)
        return _with_attempt(now, row and replace(row, state=AttemptState.STARTED)) if values["started"] else now

    return Plan(moment, write, then)


def settle_attempt(
    moment: Moment, state: RegisterState, attempt: str, outcome: AttemptState, reason: str, reference: str | None
) -> Plan:
    """Note what became of an attempt, and of its tender; what is known already stays as it is."""
    row = _find(state, attempt)
    basket = state.basket
    if row is None or not row.is_open or row.state is outcome or basket is None:
        return Plan(moment, lambda _: {}, lambda now, _: now)
    settled = replace(row, state=outcome, reason=reason, reference=reference or row.reference)
    events = _tender_events(basket, settled)
    after = reduce(sale.apply, events, basket)

    def write(write: Write) -> Values:
        _settle(write, moment, row, outcome, reason, reference)
        journal.add_events(write.tx, basket.sale, events)
        return {"sale": basket.sale, "tender": row.tender, "outcome": outcome.value}

    return Plan(
        moment,
        write,
        lambda now, _: _with_attempt(replace(now, basket=after), settled),
        "card.settled" if row.kind is AttemptKind.PAYMENT else "card.reversal_settled",
        may_finish_sale=True,
    )


def _tender_events(basket: Basket, settled: AttemptRow) -> list[Event]:
    """Return what a settled attempt changes of the sale: nothing where somebody took its tender from the journal."""
    tender = next((tender for tender in basket.tenders if tender.id == settled.tender), None)
    if tender is None:
        return []
    changed = _tender_after(tender, settled)
    return [sale.tender_removed(tender.id) if changed is None else sale.tender_changed(changed)]


def _tender_after(tender: Tender, attempt: AttemptRow) -> Tender | None:
    """Return the tender once an attempt's outcome is known; None where its money went back."""
    is_reversal = attempt.kind is AttemptKind.REVERSAL
    if attempt.state is AttemptState.UNKNOWN:
        return replace(tender, state=TenderState.UNKNOWN)
    if is_reversal and attempt.state is AttemptState.APPROVED:
        return None
    approved = is_reversal or attempt.state is AttemptState.APPROVED
    return replace(
        tender,
        state=TenderState.APPROVED if approved else TenderState.PENDING,
        reference=tender.reference if is_reversal else attempt.reference,
        attempts=(*tender.attempts, _attempt_body(attempt)),
    )


def _attempt_body(row: AttemptRow) -> AttemptBody:
    outcome = "approved" if row.state is AttemptState.APPROVED else "declined"
    return AttemptBody(row.id, row.device, row.at, outcome, row.reason, row.reference)  # type: ignore[arg-type]


def _reverse(state: RegisterState, moment: Moment, basket: Basket, tender: Tender, taken: AttemptRow) -> Plan:
    number = len([attempt for attempt in state.attempts if attempt.tender == tender.id]) + 1
    attempt = _new_attempt(moment, basket, tender, AttemptKind.REVERSAL, taken.device, number)
    attempt = replace(attempt, reference=taken.reference)
    event = sale.tender_changed(replace(tender, state=TenderState.PENDING))
    after = sale.apply(basket, event)

    def write(write: Write) -> Values:
        _intend(write, moment, attempt, tender)
        journal.add_events(write.tx, basket.sale, [event])
        return {"sale": basket.sale, "tender": tender.id, "attempt": attempt.id}

    return Plan(
        moment, write, lambda now, _: _with_attempt(replace(now, basket=after), attempt), "card.reversal_intended"
    )


def _new_attempt(
    moment: Moment, basket: Basket, tender: Tender, kind: AttemptKind, device: str, number: int = 1
) -> AttemptRow:
    return AttemptRow(
        id=new_id(),
        sale=basket.sale,
        tender=tender.id,
        kind=kind,
        device=device,
        currency=tender.currency,
        amount=tender.amount,
        number=number,
        state=AttemptState.INTENDED,
        reason="",
        reference=None,
        at=utc_text(moment.at),
    )


def _intend(write: Write, moment: Moment, attempt: AttemptRow, tender: Tender) -> None:
    attempts.add_attempt(write.tx, attempt)
    body = EffectIntended(
        effect=attempt.id,
        kind=_ENTRY_KINDS[attempt.kind],
        sale=attempt.sale,
        document=None,
        session=None,
        device=attempt.device,
        attempt=attempt.number,
        marker=Marker.NONE,
        baseline=None,
        card=CardBody(tender.id, tender.type, attempt.currency, attempt.amount),
    )
    write.append(moment, body.KIND, body.as_body())


def _settle(
    write: Write, moment: Moment, row: AttemptRow, outcome: AttemptState, reason: str, reference: str | None
) -> None:
    attempts.settle_attempt(write.tx, row.id, outcome, reason, reference)
    body = EffectSettled(
        effect=row.id,
        kind=_ENTRY_KINDS[row.kind],
        sale=row.sale,
        document=None,
        session=None,
        device=row.device,
        attempt=row.number,
        outcome=_ENTRY_OUTCOMES[outcome],
        reason=reason,
        reference=None,
        card_reference=reference,
    )
    write.append(moment, body.KIND, body.as_body())


def _open_tender(state: RegisterState, tender: str) -> tuple[Basket, Tender]:
    basket = open_basket(state)
    found = next((one for one in basket.tenders if one.id == tender), None)
    if found is None:
        raise RuleError("tender.unknown", tender=tender)
    return basket, found


def _find(state: RegisterState, attempt: str) -> AttemptRow | None:
    return next((row for row in state.attempts if row.id == attempt), None)


def _running(state: RegisterState, tender: Tender) -> AttemptRow | None:
    return next((row for row in state.attempts if row.tender == tender.id and row.is_open), None)


def _payment(state: RegisterState, tender: Tender) -> AttemptRow | None:
    """Return the attempt by which a reader took the tender's money."""
    return next(
        (
            row
            for row in state.attempts
            if (row.tender, row.kind, row.state) == (tender.id, AttemptKind.PAYMENT, AttemptState.APPROVED)
        ),
        None,
    )


def _with_attempt(state: RegisterState, attempt: AttemptRow | None) -> RegisterState:
    """Return the state with an attempt put in its place, or behind the others."""
    if attempt is None:
        return state
    if _find(state, attempt.id) is None:
        return replace(state, attempts=(*state.attempts, attempt))
    return replace(state, attempts=tuple(attempt if row.id == attempt.id else row for row in state.attempts))
