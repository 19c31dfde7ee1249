"""Money in whole minor units, and the only place where anything is rounded.

Rounding is half up, away from zero for negatives, so that a refund mirrors its sale to the cent.
Unit prices have 8 decimals, quantities 6, VAT rates 2; they are ``Decimal`` in memory, scaled integers in a
database and strings of fixed scale on the wire. Floats are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from commerce.errors import BadInputError, RuleError

PRICE_SCALE = 8
QUANTITY_SCALE = 6
RATE_SCALE = 2
EXCHANGE_SCALE = 8
# ISO 4217 minor units that differ from two digits.
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
# The law's largest amount and quantity of one line, tender or sale. A typing error is far above; 92 million sales of
# the largest amount still add up within 64 bits, which is what both databases sum in.
MAX_CENTS = 10**11
MAX_LINE_QUANTITY = 10**6
# A price of the ledger, scaled, stays below 2**63.
MAX_PRICE = 10**10

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    cents: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError("Money takes whole minor units as int")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.cents, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise RuleError("money.mixed_currencies", left=self.currency, right=other.currency)
        return other.cents


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit stands for (ISO 4217)."""
    return _MINOR_DIGITS.get(currency, 2)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded half up, away from zero; the denominator is positive."""
    quotient, remainder = divmod(abs(numerator), denominator)
    if remainder * 2 >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Return the value with so many decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def scaled(value: Decimal, scale: int) -> int:
    """Return value · 10**scale as int; a value with more decimals than the scale is refused."""
    shifted = value.scaleb(scale)
    whole = int(shifted)
    if whole != shifted:
        raise BadInputError("number.too_many_decimals", value=str(value), places=scale)
    return whole


def unscaled(value: int, scale: int) -> Decimal:
    """Return the Decimal that ``scaled`` came from, with its whole scale."""
    return Decimal(value).scaleb(-scale)


def fixed(value: Decimal, scale: int) -> str:
    """Return the wire text of fixed scale (``2.500000``); more decimals than the scale are refused."""
    scaled(value, scale)
    return f"{value:.{scale}f}"


def quantity_text(quantity: Decimal) -> str:
    """Return a quantity as the wire carries it."""
    return fixed(quantity, QUANTITY_SCALE)


def price_text(price: Decimal) -> str:
    """Return a unit price as the wire carries it."""
    return fixed(price, PRICE_SCALE)


def rate_text(rate: Decimal) -> str:
    """Return a VAT rate in percent as the wire carries it."""
    return fixed(rate, RATE_SCALE)


def parse_decimal(text: str, scale: int) -> Decimal:
    """Read a decimal from the wire or a form (point as separator); BadInputError if it is none or too fine."""
    try:
        value = Decimal(text)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise BadInputError("number.unreadable", value=str(text)) from error
    if not value.is_finite() or value.copy_abs() >= MAX_PRICE:  # abs() would round, and overflow
        raise BadInputError("number.unreadable", value=str(text))
    scaled(value, scale)
    return value


def line_total_cents(quantity: Decimal, unit_price: Decimal, currency: str, per: Decimal = _ONE) -> int:
    """Return quantity · unit price in minor units, rounded half up once; the price is that of ``per`` units."""
    product = scaled(quantity, QUANTITY_SCALE) * scaled(unit_price, PRICE_SCALE)
    units = 10 ** (QUANTITY_SCALE + PRICE_SCALE - minor_digits(currency))
    if per is _ONE or per == 1:
        return divide_half_up(product, units)
    return divide_half_up(product * 10**QUANTITY_SCALE, units * scaled(per, QUANTITY_SCALE))


def amount_cents(amount: Decimal, currency: str) -> int:
    """Return an amount of major units in minor units, rounded half up (for imports; forms must be exact)."""
    return int(round_half_up(amount.scaleb(minor_digits(currency)), 0))


def cents_decimal(cents: int, currency: str) -> Decimal:
    """Return minor units as a Decimal of major units, for display and export."""
    return Decimal(cents).scaleb(-minor_digits(currency))


def tax_in_gross(gross_cents: int, rate: Decimal) -> int:
    """Return the tax inside a gross amount: half up of G·r/(100+r) (scorporo, per VAT code and never per line)."""
    percent = scaled(rate, RATE_SCALE)
    return divide_half_up(gross_cents * percent, 100 * 10**RATE_SCALE + percent)


def tax_on_net(net_cents: int, rate: Decimal) -> int:
    """Return the tax on a net amount: half up of net · rate."""
    return divide_half_up(net_cents * scaled(rate, RATE_SCALE), 100 * 10**RATE_SCALE)


def convert_cents(cents: int, rate: Decimal) -> int:
    """Return an amount of a tender's currency in the document's, at so many document units per unit."""
    return divide_half_up(cents * scaled(rate, EXCHANGE_SCALE), 10**EXCHANGE_SCALE)


def round_to_step(cents: int, step: int) -> int:
    """Return the multiple of ``step`` nearest to the amount, halves away from zero (cash rounding)."""
    return divide_half_up(cents, step) * step


def percent_of(cents: int, percent: Decimal) -> int:
    """Return so many percent of an amount, rounded half up."""
    return divide_half_up(cents * scaled(percent, PRICE_SCALE), 100 * 10**PRICE_SCALE)


def spread(total_cents: int, weights: Sequence[tuple[int, str]]) -> list[int]:
    """Spread an amount over (weight, VAT code) by largest remainder: first over the codes, then over each code's rows.

    Weights are signed: where sales and returns are mixed, a return takes its share back. The shares add up to the
    total exactly; each code's is less than a cent from its exact part, each row's from its part of the code's. Turning
    every sign turns every share. Ties go to the code, then the row, that comes first. Weights that cancel out count by
    their size; all zero puts everything on the first row.
    """
    if not weights:
        raise RuleError("money.nothing_to_spread_on")
    rows: dict[str, list[int]] = {}
    for place, (_, code) in enumerate(weights):
        rows.setdefault(code, []).append(place)
    sums = [sum(weights[place][0] for place in places) for places in rows.values()]
    if sum(sums) == 0 != total_cents:
        sums = [sum(abs(weights[place][0]) for place in places) for places in rows.values()]
    result = [0] * len(weights)
    for share, places in zip(_largest_remainder(total_cents, sums), rows.values(), strict=True):
        for place, part in zip(places, _largest_remainder(share, [weights[p][0] for p in places]), strict=True):
            result[place] = part
    return result


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Return whole shares of ``total`` in proportion to signed weights."""
    whole = sum(weights)
    if whole == 0:
        weights, whole = [abs(weight) for weight in weights], sum(map(abs, weights))
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    sign = -1 if whole < 0 else 1
    exact = [sign * total * weight for weight in weights]  # over abs(whole)
    shares = [product // abs(whole) if product >= 0 else -(-product // abs(whole)) for product in exact]
    rest = total - sum(shares)
    step = 1 if rest > 0 else -1
    left = [step * (product - share * abs(whole)) for product, share in zip(exact, shares, strict=True)]
    for place in sorted(range(len(weights)), key=lambda i: (-left[i], i))[: abs(rest)]:
        shares[place] += step
    return shares
