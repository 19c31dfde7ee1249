"""Codes with a price, weight or quantity inside (GS1 prefixes 02, 04 and 20-29), read by the shop's own rules.

GS1 leaves the layout of these numbers to each country and retailer, so nothing here is known before a rule says it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from commerce.barcode.gtin import gtin_check_digit, has_valid_check_digit, is_digits
from commerce.errors import BadInputError
from commerce.money import minor_digits

Kind = Literal["price", "weight", "quantity"]

# Products of the GS1 weighting factors, indexed by digit (GS1 General Specifications, section 7.9).
_TWO_MINUS = "0246891357"
_THREE = "0369258147"
_FIVE_PLUS = "0516273849"
_FIVE_MINUS = "0594837261"


@dataclass(frozen=True, slots=True)
class EmbeddedRule:
    """How codes with one prefix are laid out.

    ``layout`` has one letter per digit: P prefix, I item, V value, K verifier of the value, C check digit. Blanks are
    dropped and the prefix may be written in digits, so ``2 IIIIII VVVVV C`` is kept as ``PIIIIIIVVVVVC``.
    """

    prefix: str
    layout: str
    kind: Kind
    decimals: int
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if not is_digits(self.prefix):
            raise BadInputError("barcode.rule_prefix", prefix=self.prefix)
        object.__setattr__(self, "layout", _normalised_layout(self.layout, self.prefix))
        _check_value(self)

    def matches(self, code: str) -> bool:
        """Tell whether this rule says what the digits of ``code`` mean."""
        return len(code) == len(self.layout) and code.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class EmbeddedCode:
    """A code taken apart. ``price_cents`` stands only in prices, ``value`` in kilograms or pieces in the others.

    Both are as printed even when ``check_digit_ok`` or ``verifier_ok`` is False: whoever sells by them decides.
    """

    code: str
    rule: EmbeddedRule
    item: str
    value: Decimal
    price_cents: int | None
    check_digit_ok: bool
    verifier_ok: bool | None

    @property
    def lookup_key(self) -> str:
        """The code with value, verifier and check digit replaced by zeros."""
        return "".join(
            "0" if letter in "VKC" else digit for letter, digit in zip(self.rule.layout, self.code, strict=True)
        )

    @property
    def item_keys(self) -> tuple[str, ...]:
        """Where shops keep such an item: zeros in place of the value, the same with its check digit, item digits."""
        zeroed = self.lookup_key
        checked = zeroed[:-1] + gtin_check_digit(zeroed[:-1]) if self.rule.layout.endswith("C") else zeroed
        return tuple(dict.fromkeys((zeroed, checked, self.rule.prefix + self.item, self.item)))


def parse_embedded(code: str, rules: Iterable[EmbeddedRule]) -> EmbeddedCode | None:
    """Take a code apart by the rule with the longest matching prefix; None where no rule speaks of it.

    A UPC-A of twelve digits is also tried as the EAN-13 that it is.
    """
    if not is_digits(code):
        return None
    candidates = (code, "0" + code) if len(code) == 12 else (code,)
    best: tuple[EmbeddedRule, str] | None = None
    for rule in rules:
        for candidate in candidates:
            if rule.matches(candidate) and (best is None or len(rule.prefix) > len(best[0].prefix)):
                best = (rule, candidate)
    return _take_apart(best[1], best[0]) if best else None


def check_rules(rules: Sequence[EmbeddedRule]) -> None:
    """Refuse a set in which two rules claim the same codes."""
    claims = [(rule.prefix, len(rule.layout)) for rule in rules]
    for prefix, length in claims:
        if claims.count((prefix, length)) > 1:
            raise BadInputError("barcode.rule_prefix_twice", prefix=prefix)


def value_verifier(value: str) -> str:
    """Return the GS1 verifier digit over a value of four or five digits."""
    if not is_digits(value) or len(value) not in (4, 5):
        raise BadInputError("barcode.verifier_length", value=value)
    if len(value) == 4:
        return str(3 * _weighted(value, (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)) % 10)
    total = _weighted(value, (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS))
    return str(_FIVE_MINUS.index(str(-total % 10)))


def _weighted(value: str, tables: tuple[str, ...]) -> int:
    return sum(int(table[int(digit)]) for table, digit in zip(tables, value, strict=True))


def _normalised_layout(layout: str, prefix: str) -> str:
    letters = "".join(layout.split())
    if letters.startswith(prefix):
        letters = "P" * len(prefix) + letters[len(prefix) :]
    rest = letters.removeprefix("P" * len(prefix))
    well_formed = (
        len(letters) - len(rest) == len(prefix)
        and set(rest) <= set("IVKC")
        and {"I", "V"} <= set(rest)
        and rest.count("K") <= 1
        and rest.find("C") in (-1, len(rest) - 1)
        and len(letters) in (8, 12, 13)
    )
    if not well_formed:
        raise BadInputError("barcode.rule_layout", layout=layout, prefix=prefix)
    return letters


def _check_value(rule: EmbeddedRule) -> None:
    digits = rule.layout.count("V")
    if rule.kind not in get_args(Kind):
        raise BadInputError("barcode.rule_kind", kind=rule.kind)
    if "K" in rule.layout and digits not in (4, 5):
        raise BadInputError("barcode.rule_verifier", layout=rule.layout)
    # A price finer than the currency's minor unit would have to be rounded here.
    most = min(digits, minor_digits(rule.currency)) if rule.kind == "price" else digits
    if not 0 <= rule.decimals <= most:
        raise BadInputError("barcode.rule_decimals", decimals=rule.decimals, most=most)


def _take_apart(code: str, rule: EmbeddedRule) -> EmbeddedCode:
    digits = _digits_of(code, rule.layout, "V")
    verifier = _digits_of(code, rule.layout, "K")
    number = int(digits)
    return EmbeddedCode(
        code=code,
        rule=rule,
        item=_digits_of(code, rule.layout, "I"),
        value=Decimal(number).scaleb(-rule.decimals),
        price_cents=number * 10 ** (minor_digits(rule.currency) - rule.decimals) if rule.kind == "price" else None,
        check_digit_ok=not rule.layout.endswith("C") or has_valid_check_digit(code),
        verifier_ok=value_verifier(digits) == verifier if verifier else None,
    )


def _digits_of(code: str, layout: str, letter: str) -> str:
    return "".join([digit for digit, place in zip(code, layout, strict=True) if place == letter])


# Usually described for Italy but not confirmed by a GS1 Italy document: a start for the shop to change, not a rule.
ITALIAN_DEFAULT_RULES: tuple[EmbeddedRule, ...] = (EmbeddedRule("2", "2 IIIIII VVVVV C", "price", 2),)
