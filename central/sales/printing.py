"""A receipt as text, drawn from the body that was issued: in its language, with its layout, whatever they are now."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from commerce.money import cents_decimal, minor_digits
from commerce.texts import translator

WIDTH = 40


def receipt_text(body: Mapping[str, Any], issued_at: datetime, utc_offset: str) -> str:
    """Return the receipt's lines; time and offset (``+01:00``) are the entry's."""
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{utc_offset}").tzinfo
    local = issued_at.astimezone(zone or UTC)
    return "\n".join(line.rstrip() for line in _lines(body, local))


def _lines(body: Mapping[str, Any], local: datetime) -> Iterator[str]:
    language, currency = body["language"], body["currency"]
    t = translator(language).t
    amount = _Amounts(language, currency)
    seller = body["seller"]
    for text in (seller["company_name"], seller["shop_name"], *seller["address"], seller["tax_id"]):
        yield from _centred(text)
    for text in body["layout"]["header"]:
        yield from _centred(text)
    yield ""
    for line in body["lines"]:
        yield from _sale_line(line, language, amount)
    yield "-" * WIDTH
    settlement = body["settlement"]
    yield _pair(t("TOTAL"), f"{currency} {amount.of(settlement['total'])}")
    for name, text in (("deposits", t("Deposits")), ("rounding", t("Rounding")), ("excess", t("Voucher excess"))):
        if settlement[name]:
            yield _pair(text, amount.of(settlement[name]))
    for tender in body["tenders"]:
        yield _pair(_name(tender["names"], language), amount.of(tender["value"]))
    if settlement["change"]:
        yield _pair(t("Change"), amount.of(settlement["change"]))
    yield ""
    for tax in body["taxes"]:
        label = tax["receipt_code"] or f"{amount.plain(Decimal(tax['rate']))}%"
        yield _pair(t("VAT {rate} on {taxable}", rate=label, taxable=amount.of(tax["taxable"])), amount.of(tax["tax"]))
    yield ""
    document = body["document"]
    yield _pair(document["formatted"], _moment(local, language))
    yield _pair(t("Till"), seller["till_name"])
    for text in body["layout"]["footer"]:
        yield from _centred(text)


class _Amounts:
    """Amounts in the document's language."""

    def __init__(self, language: str, currency: str) -> None:
        self._locale = "it_IT" if language == "it" else "en_GB"
        self._currency = currency
        digits = minor_digits(currency)
        self._pattern = "#,##0" + ("." + "0" * digits if digits else "")

    def of(self, cents: int) -> str:
        """Return minor units with the currency's decimals."""
        return str(format_decimal(cents_decimal(cents, self._currency), self._pattern, locale=self._locale))

    def price(self, price: str) -> str:
        """Return a unit price with no fewer decimals than the currency has."""
        value = Decimal(price).normalize()
        digits = max(minor_digits(self._currency), -int(value.as_tuple().exponent))
        return str(format_decimal(value, "#,##0." + "0" * digits, locale=self._locale))

    def plain(self, value: Decimal) -> str:
        """Return a number without trailing zeros."""
        shown = value.normalize() if value else Decimal(0)
        return str(format_decimal(shown, locale=self._locale, decimal_quantization=False))


def _sale_line(line: Mapping[str, Any], language: str, amount: _Amounts) -> Iterator[str]:
    vat = line["vat"]
    code = vat["receipt_code"] or f"{amount.plain(Decimal(vat['rate']))}%"
    *more, last = _wrapped(_name(line["names"], language) or line["code"] or "-", WIDTH - 17)
    yield from more
    yield f"{last:<{WIDTH - 17}} {code:>5} {amount.of(line['total']):>10}"
    quantity = Decimal(line["quantity"])
    if quantity != 1:
        yield f"  {amount.plain(quantity)} {line['unit']} x {amount.price(line['unit_price'])}"


def _moment(local: datetime, language: str) -> str:
    return f"{local:%d/%m/%Y %H:%M}" if language == "it" else f"{local:%d %b %Y %H:%M}"


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")


def _pair(left: str, right: str) -> str:
    return f"{left[: WIDTH - len(right) - 1]:<{WIDTH - len(right)}}{right}"


def _centred(text: str) -> Iterator[str]:
    for part in _wrapped(text, WIDTH):
        yield part.center(WIDTH)


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + bool(lines[-1]) > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()[:width]
    return lines
