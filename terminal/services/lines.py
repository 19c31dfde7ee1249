"""Lines as they are added: what item, label, operator or another till's receipt says, checked and resolved."""

from dataclasses import replace
from decimal import Decimal

from commerce.basket import Basket, Line, LineKind, PriceOrigin, TotalOrigin
from commerce.dates import document_date, utc_text
from commerce.errors import BadInputError, RuleError
from commerce.ids import new_id
from commerce.money import (
    MAX_CENTS,
    MAX_LINE_QUANTITY,
    MAX_PRICE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    cents_decimal,
    line_total_cents,
    round_half_up,
    scaled,
)
from commerce.vat import VatRate
from terminal.services.chains import Moment
from terminal.services.commands import ImportedLine
from terminal.services.lookup import FoundItem
from terminal.services.state import RegisterState

MOST_TYPED_QUANTITY = 100_000
_KILOGRAM_DECIMALS = 3
_LEAST_WEIGHT = Decimal("0.001")


def found_line(
    state: RegisterState,
    basket: Basket,
    moment: Moment,
    found: FoundItem,
    quantity: Decimal | None,
    asked_price: Decimal | None,
) -> Line:
    """Return the line of an item that was scanned or chosen.

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
        vat=vat_rate_of(state, basket, moment, item.vat_code),
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
    wanted = check_quantity(next((said for said in (quantity, found.quantity) if said is not None), Decimal(1)))
    total = line_total_cents(wanted, unit_price, basket.currency)
    check_amount(total)
    return replace(plain, quantity=wanted, unit_price=unit_price, price_origin=origin, total=total)


def imported_line(row: ImportedLine, vat: VatRate, language: str, moment: Moment, currency: str) -> Line:
    """Return the line of a receipt made elsewhere: its amount stands, whatever quantity and price come to."""
    check_amount(row.total_cents)
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


def vat_rate_of(state: RegisterState, basket: Basket, moment: Moment, code: str | None) -> VatRate:
    """Return a code's rate by document date; within a sale it stays what its first line had.

    Where the clock stands before the newest document, the next one has that one's date, and so its rate.
    """
    operating = state.operating
    wanted = code or operating.default_vat
    known = next((line.vat for line in basket.lines if line.vat.code == wanted), None)
    if known:
        return known
    vat_code = operating.vat_codes.get(wanted or "")
    if vat_code is None:
        raise RuleError("vat.unknown", code=wanted)
    today = document_date(moment.at, operating.shop.zone)
    return vat_code.on(max(today, state.dated_until or today))


def check_quantity(quantity: Decimal) -> Decimal:
    """Return a quantity that a person may sell; a barcode typed into the wrong field is far too large for one."""
    if not quantity.is_finite() or abs(quantity) >= MOST_TYPED_QUANTITY:
        raise BadInputError("quantity.too_large", quantity=str(quantity))
    scaled(quantity, QUANTITY_SCALE)
    if quantity == 0:
        raise RuleError("quantity.zero")
    return quantity


def check_amount(cents: int) -> None:
    """Refuse what no line, tender or sale comes to: BadInputError ``amount.too_large``."""
    if abs(cents) > MAX_CENTS:
        raise BadInputError("amount.too_large")


def check_sums(basket: Basket) -> None:
    """Refuse what no entry holds; sales and returns may come to little where the sums of their VAT codes are beyond it.

    BadInputError ``amount.too_large``.
    """
    check_amount(basket.total)
    for row in basket.taxes:
        check_amount(row.net)
        check_amount(row.tax)


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


def _imported_quantity(quantity: Decimal) -> Decimal:
    if not quantity.is_finite() or abs(quantity) >= MAX_LINE_QUANTITY:
        raise BadInputError("quantity.too_large", quantity=str(quantity))
    scaled(quantity, QUANTITY_SCALE)
    return quantity
