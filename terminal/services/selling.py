"""The open sale: lines come, change and go; each act is journaled before anybody sees it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from commerce import basket as sale
from commerce.basket import Basket, Line, LineKind, PriceOrigin, TotalOrigin
from commerce.bodies.sale import LineVoided, SaleVoided
from commerce.dates import document_date, utc_text
from commerce.errors import BadInputError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.line import cut_quantity
from commerce.money import (
    MAX_CENTS,
    MAX_LINE_QUANTITY,
    MAX_PRICE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    cents_decimal,
    line_total_cents,
    quantity_text,
    round_half_up,
    scaled,
)
from commerce.rights import Right
from commerce.vat import VatRate
from terminal.db import basket as journal
from terminal.db import sales
from terminal.db.sales import NewSale
from terminal.services.chains import Moment, Write
from terminal.services.commands import (
    AddCode,
    AddItem,
    ChangeQuantity,
    ChooseLanguage,
    ImportedLine,
    ImportLines,
    VoidLine,
    VoidSale,
)
from terminal.services.lookup import FoundItem, resolve_code
from terminal.services.plan import Plan, Till, Values, place_of, require_operator, require_session
from terminal.services.state import RegisterState

MAX_QUANTITY = 100_000
MAX_LINES = 5_000  # a sale is one entry, and central takes none that is larger than one push (32 MiB)
_KILOGRAM_DECIMALS = 3
_LEAST_WEIGHT = Decimal("0.001")


def add_code(till: Till, state: RegisterState, command: AddCode) -> Plan:
    """Resolve a code and add its line."""
    till.steps.reached("scan.received")
    basket, moment = _selling(till, state, command.command_id)
    day = document_date(moment.at, state.operating.shop.zone)
    found = resolve_code(till.catalog, command.code, state.operating, day)
    till.steps.reached("scan.resolved")
    return _add_lines(till, state, basket, moment, [_line(state, basket, moment, found, command.quantity, None)])


def add_item(till: Till, state: RegisterState, command: AddItem) -> Plan:
    """Add an item that a person chose; NotFoundError ``item.unknown``."""
    basket, moment = _selling(till, state, command.command_id)
    item = till.catalog.find_item(command.item)
    if item is None:
        raise NotFoundError("item.unknown", item=command.item)
    found = FoundItem(item, item.sku)
    line = _line(state, basket, moment, found, command.quantity, command.unit_price)
    return _add_lines(till, state, basket, moment, [replace(line, code=None)])


def import_lines(till: Till, state: RegisterState, command: ImportLines) -> Plan:
    """Add the lines of a receipt made elsewhere."""
    if not till.is_replay:
        raise RuleError("replay.only")
    basket, moment = _selling(till, state, command.command_id)
    rates: dict[str, VatRate] = {}
    for row in command.lines:
        if row.vat_code not in rates:
            rates[row.vat_code] = _vat_rate(state, basket, moment, row.vat_code)
    language = state.operating.shop.languages[0]
    lines = [_imported(row, rates[row.vat_code], language, moment, basket.currency) for row in command.lines]
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
    changed = sale.price_line(line, _quantity(command.quantity), basket.currency)
    changed = replace(changed, approved_by=moment.approved_by or line.approved_by)
    _check_amount(changed.total)
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
    _check_amount(after.total)
    for line in lines:
        _ = line.stored  # what no reader takes must not reach the journal: the till could not start on it
    _prepare(after, lines, state.operating.settings.warehouse)
    events = [sale.lines_added(lines) | {"lines": [line.ready_body for line in lines]}]

    def write(write: Write) -> Values:
        _keep(write, state, basket, events)
        return values

    def then(now: RegisterState, _: Values) -> RegisterState:
        return replace(now.without_done(), basket=after, newest_line=lines[-1].id, notices=())

    return Plan(moment, write, then, "line.journaled")


def _prepare(basket: Basket, lines: Sequence[Line], warehouse: str | None) -> None:
    """Work out now what basket and lines keep for the commit, which the customer waits for."""
    _ = basket.taxes
    for line in lines:
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
    _check_amount(after.total)

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


def _line(
    state: RegisterState,
    basket: Basket,
    moment: Moment,
    found: FoundItem,
    quantity: Decimal | None,
    asked_price: Decimal | None,
) -> Line:
    """Return a resolved line.

    RuleError ``price.missing`` where neither item, label nor operator says a price, ``label.zero`` for a label without
    weight, pieces or amount: that is a scale's slip, and neither one piece nor a gift.
    """
    item = found.item
    if found.label_cents == 0 or (found.quantity == 0 and quantity is None):
        raise RuleError("label.zero", item=item.id, names=item.names, code=found.code)
    plain = Line(
        id=new_id(),
        kind=LineKind.ITEM,
        names=item.names,
        quantity=Decimal(1),
        unit=item.unit,
        unit_price=Decimal(0),
        vat=_vat_rate(state, basket, moment, item.vat_code),
        total=0,
        listed_price=item.price,
        price_version=str(item.version),
        item=item.id,
        sku=item.sku,
        code=found.code,
        operator=moment.operator,
        approved_by=moment.approved_by,
        added_at=utc_text(moment.at),
    )
    if found.label_cents is not None:
        return _labelled(plain, found, found.label_cents, quantity, basket.currency)
    unit_price, origin = _unit_price(found, asked_price)
    wanted = _quantity(next((said for said in (quantity, found.quantity) if said is not None), Decimal(1)))
    total = line_total_cents(wanted, unit_price, basket.currency)
    _check_amount(total)
    return replace(plain, quantity=wanted, unit_price=unit_price, price_origin=origin, total=total)


def _unit_price(found: FoundItem, asked: Decimal | None) -> tuple[Decimal, PriceOrigin]:
    """Return the registry's price, or what was typed where there is none.

    A price of zero in the registry asks too: it is more often a price that nobody has set than a gift, and who gives
    something away types 0.
    """
    price = found.item.price
    if price is not None and price != 0:
        if asked is not None and asked != price:
            raise RuleError("price.fixed", item=found.item.id)
        return price, PriceOrigin.REGISTRY
    if asked is None:
        raise RuleError("price.missing", item=found.item.id, names=found.item.names, code=found.code)
    scaled(asked, PRICE_SCALE)
    if not 0 <= asked < MAX_PRICE:
        raise BadInputError("price.unreadable", value=str(asked))
    return asked, PriceOrigin.OPERATOR


def _labelled(line: Line, found: FoundItem, cents: int, quantity: Decimal | None, currency: str) -> Line:
    """The label's amount stands; what is sold by weight gets the quantity that amount stands for, never none."""
    if quantity is not None and quantity != 1:
        raise RuleError("line.amount_stands", line=line.id)
    price = cents_decimal(cents, currency)
    weight, per_unit = found.quantity, found.item.price
    labelled = replace(line, total=cents, total_origin=TotalOrigin.LABEL)
    if per_unit is not None and per_unit != 0:
        if weight is None and line.unit != "pc":
            weight = max(round_half_up(price / per_unit, _KILOGRAM_DECIMALS), _LEAST_WEIGHT)
        if weight is not None:
            return replace(labelled, quantity=weight, unit_price=per_unit)
    return replace(labelled, unit_price=price, price_origin=PriceOrigin.LABEL)


def _imported(row: ImportedLine, vat: VatRate, language: str, moment: Moment, currency: str) -> Line:
    _check_amount(row.total_cents)
    unit_price = Decimal(0)
    if row.quantity:
        unit_price = round_half_up(cents_decimal(row.total_cents, currency) / row.quantity, PRICE_SCALE)
    if abs(unit_price) >= MAX_PRICE:
        raise BadInputError("price.unreadable", value=str(unit_price))
    return Line(
        id=new_id(),
        kind=LineKind.UNCODED,
        names={language: row.description},
        quantity=_imported_quantity(row.quantity),
        unit="pc",
        unit_price=unit_price,
        vat=vat,
        total=row.total_cents,
        total_origin=TotalOrigin.IMPORT,
        price_origin=PriceOrigin.IMPORT,
        code=row.code,
        operator=moment.operator,
        added_at=utc_text(moment.at),
    )


def _vat_rate(state: RegisterState, basket: Basket, moment: Moment, code: str | None) -> VatRate:
    """Return a code's rate by document date; within a sale it stays what its first line had."""
    operating = state.operating
    wanted = code or operating.default_vat
    known = next((line.vat for line in basket.lines if line.vat.code == wanted), None)
    if known:
        return known
    vat_code = operating.vat_codes.get(wanted or "")
    if vat_code is None:
        raise RuleError("vat.unknown", code=wanted)
    return vat_code.on(document_date(moment.at, operating.shop.zone))


def _quantity(quantity: Decimal) -> Decimal:
    """Refuse what is no quantity; a barcode typed into the wrong field is far too large for one."""
    if not quantity.is_finite() or abs(quantity) >= MAX_QUANTITY:
        raise BadInputError("quantity.too_large", quantity=str(quantity))
    scaled(quantity, QUANTITY_SCALE)
    if quantity == 0:
        raise RuleError("quantity.zero")
    return quantity


def _imported_quantity(quantity: Decimal) -> Decimal:
    if not quantity.is_finite() or abs(quantity) >= MAX_LINE_QUANTITY:
        raise BadInputError("quantity.too_large", quantity=str(quantity))
    scaled(quantity, QUANTITY_SCALE)
    return quantity


def _check_amount(cents: int) -> None:
    if abs(cents) > MAX_CENTS:
        raise BadInputError("amount.too_large")
