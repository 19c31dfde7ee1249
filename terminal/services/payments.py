"""Settling a sale and completing it: entry, number, document, effects and command in one transaction."""

from dataclasses import replace
from datetime import date

from commerce import basket as sale
from commerce.basket import Basket
from commerce.dates import document_date, utc_text
from commerce.documents import (
    IntendedEffect,
    IssuedNumber,
    SaleContext,
    numbered_body,
    readable_bytes,
    unnumbered_body,
)
from commerce.errors import BadInputError, ConflictError, RuleError
from commerce.ids import new_id
from commerce.kinds import TenderState
from commerce.ledger import Kind
from commerce.money import MAX_CENTS
from commerce.numbering import RECEIPT, Series, format_number, period_of
from commerce.tender import Tender, settle
from terminal.db import basket as journal
from terminal.db import documents, effects, sales
from terminal.db.effects import NewEffect
from terminal.services import cards
from terminal.services.chains import Moment, Taken, Write
from terminal.services.commands import AddTender, CompleteSale
from terminal.services.operating import OperatingSet, TenderType
from terminal.services.outcomes import SHOWN_KINDS
from terminal.services.plan import Plan, Till, Values, require_operator, require_session
from terminal.services.selling import open_basket
from terminal.services.state import DoneSale, PrintState, RegisterState, seller_of

MAX_PRINTS_SHOWN = 100


def add_tender(till: Till, state: RegisterState, command: AddTender) -> Plan:
    """Add a tender; the one that settles the sale completes it."""
    basket = _shown_basket(state, command.shown_due_cents)
    if not basket.lines:
        raise RuleError("sale.no_lines")
    till.steps.reached("tender.received")
    kind = _tender_type(state.operating, command.type)
    tender = _tender(basket, kind, command)
    reader = None if till.is_replay else kind.reader
    if reader is not None:
        tender = replace(tender, state=TenderState.PENDING)
    paid = sale.with_tender(basket, tender)
    moment = till.moment(state, command.command_id)
    if reader is not None:
        return cards.begin_payment(till, moment, basket, paid, tender, reader)
    if paid.is_paid:
        return _complete(till, state, paid, moment, tender.id)

    def write(write: Write) -> Values:
        journal.add_events(write.tx, basket.sale, [sale.tender_added(tender)])
        return {"sale": basket.sale, "tender": tender.id, "remaining_cents": paid.settlement.remaining}

    return Plan(moment, write, lambda now, _: replace(now, basket=paid))


def complete_sale(till: Till, state: RegisterState, command: CompleteSale) -> Plan:
    """Complete a sale with nothing to pay; RuleError ``sale.not_settled`` where something is."""
    basket = _shown_basket(state, command.shown_due_cents)
    if not basket.lines:
        raise RuleError("sale.no_lines")
    if not basket.settlement.is_settled:
        raise RuleError("sale.not_settled", remaining=basket.settlement.remaining)
    return _complete(till, state, basket, till.moment(state, command.command_id), None)


def _shown_basket(state: RegisterState, shown_due_cents: int) -> Basket:
    """Return the open sale if it is at the amount that the payer was shown."""
    require_operator(state)
    require_session(state)
    basket = open_basket(state)
    remaining = basket.settlement.remaining
    if remaining != shown_due_cents:
        raise ConflictError("sale.total_changed", shown=shown_due_cents, due=remaining)
    return basket


def finish_sale(till: Till, state: RegisterState) -> Plan:
    """Complete a sale whose last outcome has just become known: nobody has to ask for it."""
    return _complete(till, state, open_basket(state), till.moment(state, None), None)


def _tender_type(operating: OperatingSet, code: str) -> TenderType:
    kind = next((row for row in operating.tender_types if row.code == code), None)
    if kind is None:
        raise BadInputError("tender.type_unknown", type=code)
    return kind


def _tender(basket: Basket, kind: TenderType, command: AddTender) -> Tender:
    exact = _exact_amount(basket, kind)
    amount = exact if command.amount_cents is None else command.amount_cents
    if amount == 0 and exact != 0:  # cash of nothing settles a sale whose cents are rounded away
        raise RuleError("tender.zero")
    if abs(amount) > MAX_CENTS:
        raise BadInputError("amount.too_large")
    return Tender(new_id(), kind.code, kind.kind, kind.names, basket.currency, amount)


def _exact_amount(basket: Basket, kind: TenderType) -> int:
    """Return what remains once this kind is among the tenders: cash alone is rounded, a mix is not."""
    nothing = Tender("", kind.code, kind.kind, kind.names, basket.currency, 0)
    tenders = (*basket.tenders, nothing)
    return settle(basket.total, tenders, cash_step=basket.cash_step, deposits_cents=basket.deposits_cents).remaining


def _complete(till: Till, state: RegisterState, basket: Basket, moment: Moment, tender: str | None) -> Plan:
    operating, series = state.operating, till.chains.series(state.operating)
    kinds = [] if till.is_replay else _effect_kinds(operating, basket)
    intended = [IntendedEffect(new_id(), kind, _device(till, state, kind)) for kind in kinds]
    unnumbered = unnumbered_body(basket, sale_context(till, state), intended, ready=True)

    def write(write: Write) -> Values:
        till.steps.reached("sale.built")
        number, marked = _take_number(write, series, moment, operating)
        till.steps.reached("sale.number_taken")
        body = numbered_body(unnumbered, number, write.receipt_code(number.date, basket.total))
        encoded = readable_bytes(body)  # no Z could be written over another one
        entry = write.append(moment, Kind.SALE_COMPLETED, encoded, clock_suspect=marked)
        till.steps.reached("sale.entry_written")
        documents.add_document(write.tx, number, write.origin.chain, entry.seq)
        created = utc_text(moment.at)
        sales.complete_sale(write.tx, basket.sale, number.document, created)
        effects.add_effects(write.tx, [_new_effect(e, basket, number, created) for e in intended])
        till.steps.reached("sale.rows_written")
        return {
            "sale": basket.sale,
            "tender": tender,
            "document": {"id": number.document, "formatted": number.formatted, "date": number.date.isoformat()},
            "change_cents": basket.settlement.change,
            "effects": [effect.as_body() for effect in intended],
        }

    return Plan(moment, write, lambda now, values: _done(now, basket, values), "sale.committed", ahead=True)


def _new_effect(intended: IntendedEffect, basket: Basket, number: IssuedNumber, created: str) -> NewEffect:
    return NewEffect(
        intended.id,
        intended.kind,
        number.document,
        number.formatted,
        number.kind,
        created,
        device=intended.device,
        sale=basket.sale,
    )


def _effect_kinds(operating: OperatingSet, basket: Basket) -> list[str]:
    opening = {row.code for row in operating.tender_types if row.opens_drawer}
    kinds = ["fiscal"] if operating.settings.fiscal_required else []
    kinds.append("print")
    if any(tender.type in opening for tender in basket.tenders):
        kinds.append("drawer")
    return kinds


def _device(till: Till, state: RegisterState, kind: str) -> str | None:
    return till.routes.device_for(kind, RECEIPT, state.session.drawer if state.session else None)


def sale_context(till: Till, state: RegisterState) -> SaleContext:
    """Return what the sale is completed under, as the document keeps it."""
    operating = state.operating
    shop, settings = operating.shop, operating.settings
    return SaleContext(
        seller=seller_of(state),
        layout=settings.layout,
        pos_type=settings.pos_type,
        settings_version=settings.version,
        warehouse=settings.warehouse,
        drawer=state.session.drawer if state.session else None,
        zone=shop.zone.key,
    )


def _take_number(write: Write, series: Series, moment: Moment, operating: OperatingSet) -> tuple[IssuedNumber, bool]:
    """Return the next number and whether the clock stands before the series' last date (which then holds)."""
    today = document_date(moment.at, operating.shop.zone)
    number, day = _next_number(write, series, today)
    write.numbers[series.id] = Taken(number, day)
    period = period_of(series, day)
    formatted = format_number(series, number, day)
    issued = IssuedNumber(new_id(), series.document_kind, series.id, series.code, period, number, formatted, day)
    return issued, day != today


def _next_number(write: Write, series: Series, today: date) -> Taken:
    """Take the next number: behind the one that this till gave last on the same day, or behind what the rows say."""
    last, period = write.numbers.get(series.id), period_of(series, today)
    if last and last.day == today and documents.count_on(write.tx, series.id, period, last.number, today):
        return Taken(last.number + 1, today)
    newest = documents.find_last_date(write.tx, series.id)
    day = max(today, newest) if newest else today
    return Taken(documents.take_number(write.tx, series.id, period_of(series, day), day), day)


def _done(state: RegisterState, basket: Basket, values: Values) -> RegisterState:
    document, settlement = values["document"], basket.settlement
    printing = next((effect["id"] for effect in values["effects"] if effect["kind"] == "print"), None)
    done = DoneSale(
        sale=basket.sale,
        document=document["id"],
        formatted=document["formatted"],
        currency=basket.currency,
        total=settlement.total,
        tendered=settlement.tendered,
        change=settlement.change,
        print=printing,
    )
    begun = tuple(
        PrintState(e["id"], document["id"], document["formatted"], RECEIPT, "intended", "", 1, "", e["kind"])
        for e in values["effects"]
        if e["kind"] in SHOWN_KINDS
    )
    return replace(
        state,
        basket=None,
        attempts=(),
        newest_line=None,
        done=done,
        prints=(*state.prints, *begun)[-MAX_PRINTS_SHOWN:],
        dated_until=date.fromisoformat(document["date"]),
    )
