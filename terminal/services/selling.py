"""The open sale: lines come, change and go; each act is journaled before anybody sees it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from commerce import basket as sale
from commerce.basket import Basket, Line
from commerce.bodies.form import MAX_LINES
from commerce.bodies.sale import LineVoided, SaleVoided
from commerce.dates import document_date, utc_text
from commerce.errors import BadInputError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.line import cut_quantity
from commerce.money import (
    quantity_text,
)
from commerce.rights import Right
from terminal.db import basket as journal
from terminal.db import sales
from terminal.db.sales import NewSale
from terminal.services.chains import Moment, Write
from terminal.services.commands import (
    AddCode,
    AddItem,
    ChangeQuantity,
    ChooseLanguage,
    ImportLines,
    VoidLine,
    VoidSale,
)
from terminal.services.lines import check_amount, check_quantity, check_sums, found_line, imported_line, vat_rate_of
from terminal.services.lookup import FoundItem, resolve_code
from terminal.services.plan import Plan, Till, Values, place_of, require_operator, require_session
from terminal.services.state import RegisterState


def add_code(till: Till, state: RegisterState, command: AddCode) -> Plan:
    """Resolve a code and add its line."""
    till.steps.reached("scan.received")
    basket, moment = _selling(till, state, command.command_id)
    day = document_date(moment.at, state.operating.shop.zone)
    found = resolve_code(till.catalog, command.code, state.operating, day)
    till.steps.reached("scan.resolved")
    return _add_lines(till, state, basket, moment, [found_line(state, basket, moment, found, command.quantity, None)])


def add_item(till: Till, state: RegisterState, command: AddItem) -> Plan:
    """Add an item that a person chose; NotFoundError ``item.unknown``."""
    basket, moment = _selling(till, state, command.command_id)
    item = till.catalog.find_item(command.item)
    if item is None:
        raise NotFoundError("item.unknown", item=command.item)
    found = FoundItem(item, item.sku)
    line = found_line(state, basket, moment, found, command.quantity, command.unit_price)
    return _add_lines(till, state, basket, moment, [replace(line, code=None)])


def import_lines(till: Till, state: RegisterState, command: ImportLines) -> Plan:
    """Add the lines of a receipt made elsewhere."""
    if not till.is_replay:
        raise RuleError("replay.only")
    basket, moment = _selling(till, state, command.command_id)
    rates = {
        code: vat_rate_of(state, basket, moment, code) for code in dict.fromkeys(r.vat_code for r in command.lines)
    }
    language = state.operating.shop.languages[0]
    lines = [imported_line(row, rates[row.vat_code], language, moment, basket.currency) for row in command.lines]
    return _add_lines(till, state, basket, moment, lines)


def rights_to_add(state: RegisterState, command: AddCode | AddItem) -> tuple[Right, ...]:
    """Return the rights that adding a line needs: a negative quantity takes goods back."""
    return _with_return(command.quantity)


def rights_to_change(state: RegisterState, command: ChangeQuantity) -> tuple[Right, ...]:
    """Return the rights that another quantity needs: less than before is a void, less than nothing a return."""
    line = state.basket.find_line(command.line) if state.basket else None
    rights = _with_return(command.quantity)
    is_cut = line is not None and command.quantity.is_finite() and cut_quantity(line.quantity, command.quantity)
    return (*rights, Right.VOID) if is_cut else rights


def change_quantity(till: Till, state: RegisterState, command: ChangeQuantity) -> Plan:
    """Give a line another quantity; what is cut leaves a trace as a voided line does."""
    basket, line, moment = _open_line(till, state, command.line, command.command_id)
    changed = sale.price_line(line, check_quantity(command.quantity), basket.currency)
    changed = replace(changed, approved_by=moment.approved_by or line.approved_by)
    check_amount(changed.total)
    events = [sale.line_changed(changed)]
    plan = _journal(state, moment, basket, events, {"sale": basket.sale, "line": line.id}, newest=line.id)
    cut = cut_quantity(line.quantity, changed.quantity)
    return replace(plan, write=_with_trace(plan, basket, line, cut)) if cut else plan


def void_line(till: Till, state: RegisterState, command: VoidLine) -> Plan:
    """Take a line off; the ledger keeps what it was."""
    basket, line, moment = _open_line(till, state, command.line, command.command_id)
    event = sale.line_voided(line.id)
    after = sale.apply(basket, event)
    newest = after.lines[-1].id if after.lines else None

    def write(write: Write) -> Values:
        journal.add_events(write.tx, basket.sale, [event])
        body = line.stored
        write.record(moment, LineVoided(basket.sale, basket.currency, body, body.quantity, ""))
        return {"sale": basket.sale, "line": line.id}

    return Plan(moment, write, lambda now, _: replace(now, basket=after, newest_line=newest))


def void_sale(till: Till, state: RegisterState, command: VoidSale) -> Plan:
    """Give the sale up; RuleError ``sale.being_paid`` while tenders are on it."""
    basket, moment = _unpaid_basket(state), till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        sales.void_sale(write.tx, basket.sale, utc_text(moment.at))
        lines = tuple(line.stored for line in basket.lines)
        write.record(moment, SaleVoided(basket.sale, basket.currency, lines, command.reason or ""))
        return {"sale": basket.sale}

    return Plan(moment, write, lambda now, _: replace(now, basket=None, newest_line=None, attempts=()))


def choose_language(till: Till, state: RegisterState, command: ChooseLanguage) -> Plan:
    """Choose the document's language; BadInputError ``language.unknown``."""
    if command.language not in state.operating.shop.languages:
        raise BadInputError("language.unknown", language=command.language)
    require_operator(state)
    require_session(state)
    moment = till.moment(state, command.command_id)
    basket = state.basket or _new_basket(state, moment)
    events = [sale.language_chosen(command.language)]
    return _journal(state, moment, basket, events, {"sale": basket.sale}, newest=state.newest_line)


def open_basket(state: RegisterState) -> Basket:
    """Return the open sale; RuleError ``sale.none``."""
    if state.basket is None:
        raise RuleError("sale.none")
    return state.basket


def _with_return(quantity: Decimal | None) -> tuple[Right, ...]:
    goes_back = quantity is not None and quantity.is_finite() and quantity < 0
    return (Right.SELL, Right.RETURN) if goes_back else (Right.SELL,)


def _with_trace(plan: Plan, basket: Basket, line: Line, cut: Decimal) -> Callable[[Write], Values]:
    """Return a plan's job with an entry of what is taken off a line."""
    body = LineVoided(basket.sale, basket.currency, line.stored, quantity_text(cut), "")

    def write(write: Write) -> Values:
        write.record(plan.moment, body)
        return plan.write(write)

    return write


def _selling(till: Till, state: RegisterState, command_id: str) -> tuple[Basket, Moment]:
    """Return the sale that a line may be added to (a new one where none is open) and the present."""
    require_operator(state)
    require_session(state)
    if state.basket is not None and state.basket.tenders:
        raise RuleError("sale.being_paid")
    moment = till.moment(state, command_id)
    return state.basket or _new_basket(state, moment), moment


def _new_basket(state: RegisterState, moment: Moment) -> Basket:
    settings, operating = state.operating.settings, state.operating
    return Basket(
        sale=new_id(),
        currency=operating.company.currency,
        language=operating.shop.languages[0],
        started_at=utc_text(moment.at),
        vat_mode=settings.vat_mode,
        cash_step=settings.cash_step,
    )


def _keep(write: Write, state: RegisterState, basket: Basket, events: Sequence[dict[str, Any]]) -> None:
    """Journal events of the current sale, which begins with them where none is open."""
    if state.basket is None:
        session = require_session(state)
        started = NewSale(basket.sale, place_of(state), session.drawer, session.id, basket.started_at)
        sales.begin_sale(write.tx, started)
        events = [_opening(basket), *events]
    journal.add_events(write.tx, basket.sale, events)


def _opening(basket: Basket) -> dict[str, Any]:
    """Return the event that opens a sale's journal."""
    return sale.sale_started(
        basket.sale,
        basket.currency,
        basket.language,
        basket.started_at,
        vat_mode=basket.vat_mode,
        cash_step=basket.cash_step,
    )


def _add_lines(till: Till, state: RegisterState, basket: Basket, moment: Moment, lines: Sequence[Line]) -> Plan:
    if not lines:
        raise BadInputError("sale.no_lines")
    if len(basket.lines) + len(lines) > MAX_LINES:
        raise RuleError("sale.too_long", most=MAX_LINES)
    values = {"sale": basket.sale, "line": lines[-1].id, "lines": [line.id for line in lines]}
    after = replace(basket, lines=(*basket.lines, *lines))
    check_sums(after)
    _prepare(after, lines, state.operating.settings.warehouse)
    events = [sale.lines_added(lines) | {"lines": [line.ready_body for line in lines]}]

    def write(write: Write) -> Values:
        _keep(write, state, basket, events)
        return values

    def then(now: RegisterState, _: Values) -> RegisterState:
        return replace(now.without_done(), basket=after, newest_line=lines[-1].id, notices=now.without_scans)

    return Plan(moment, write, then, "line.journaled", ahead=True)


def _prepare(basket: Basket, lines: Sequence[Line], warehouse: str | None) -> None:
    """Work out now what basket and lines keep for the commit, which the customer waits for.

    BadInputError for a line that no reader takes: in the journal, the till could not start on it.
    """
    _ = basket.taxes
    for line in lines:
        _ = line.ready_body
        _ = line.ready_movement(warehouse) if line.moves_stock else None


def _journal(
    state: RegisterState,
    moment: Moment,
    basket: Basket,
    events: list[dict[str, Any]],
    values: Values,
    *,
    newest: str | None,
) -> Plan:
    after = basket
    for event in events:
        after = sale.apply(after, event)
    check_sums(after)

    def write(write: Write) -> Values:
        _keep(write, state, basket, events)
        return values

    return Plan(moment, write, lambda now, _: replace(now.without_done(), basket=after, newest_line=newest))


def _unpaid_basket(state: RegisterState) -> Basket:
    """Return the open sale while nothing was given for it yet."""
    require_operator(state)
    basket = open_basket(state)
    if basket.tenders:
        raise RuleError("sale.being_paid")
    return basket


def _open_line(till: Till, state: RegisterState, line_id: str, command_id: str) -> tuple[Basket, Line, Moment]:
    basket = _unpaid_basket(state)
    line = basket.find_line(line_id)
    if line is None:
        raise RuleError("line.unknown", line=line_id)
    return basket, line, till.moment(state, command_id)
