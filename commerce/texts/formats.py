"""Numbers, money and times as people of one language write them; symbols come from CLDR, once per language."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import get_currency_symbol
from typing_extensions import TypedDict

from commerce.money import minor_digits

# English as a European shop writes it: day before month, 24 hours.
_LOCALES = {"en": "en_GB", "it": "it_IT"}


class MoneyFormat(TypedDict):
    """How a page shows digits that are being typed as an amount; it puts separators in, it never calculates."""

    decimal: str
    group: str
    digits: int
    prefix: str
    suffix: str


class Formats:
    """Formats values for one language."""

    def __init__(self, language: str) -> None:
        """Read the language's symbols; babel's own functions take 70 µs an amount, far too long for a frame."""
        self.language = language
        self._locale = Locale.parse(_LOCALES.get(language, _LOCALES["en"]))
        symbols = self._locale.number_symbols["latn"]
        self.decimal, self.group, self._minus = symbols["decimal"], symbols["group"], symbols["minusSign"]
        pattern = self._locale.currency_formats["standard"]
        self._prefix, self._suffix = pattern.prefix[0], pattern.suffix[0]

    def money(self, cents: int, currency: str) -> str:
        """Return an amount with its currency."""
        symbol = _symbol(currency, self._locale)
        sign = self._minus if cents < 0 else ""
        shown = self._digits(abs(cents), minor_digits(currency))
        return f"{sign}{self._prefix.replace('¤', symbol)}{shown}{self._suffix.replace('¤', symbol)}"

    def amount(self, cents: int, currency: str) -> str:
        """Return an amount without its currency, for columns."""
        return ("" if cents >= 0 else self._minus) + self._digits(abs(cents), minor_digits(currency))

    def quantity(self, quantity: Decimal) -> str:
        """Return a quantity with as many decimals as it has."""
        return self._decimal(quantity, 0)

    def price(self, price: Decimal, currency: str) -> str:
        """Return a unit price: the currency's decimals, more only where it has more."""
        return self._decimal(price, minor_digits(currency))

    def percent(self, rate: Decimal) -> str:
        """Return a VAT rate."""
        return f"{self._decimal(rate, 0)}%"

    def time(self, at: datetime) -> str:
        """Return hours and minutes."""
        return format_time(at, "HH:mm", locale=self._locale)

    def day(self, at: date) -> str:
        """Return a date."""
        return format_date(at, "medium", locale=self._locale)

    def moment(self, at: datetime) -> str:
        """Return a date with hours and minutes."""
        return format_datetime(at, "d MMM y, HH:mm", locale=self._locale)

    def typing(self, currency: str) -> MoneyFormat:
        """Return what a page needs to show an amount while it is typed."""
        symbol = _symbol(currency, self._locale)
        return {
            "decimal": self.decimal,
            "group": self.group,
            "digits": minor_digits(currency),
            "prefix": self._prefix.replace("¤", symbol),
            "suffix": self._suffix.replace("¤", symbol),
        }

    def _digits(self, minor: int, places: int) -> str:
        whole, part = divmod(minor, 10**places)
        shown = f"{whole:,}".replace(",", self.group)
        return f"{shown}{self.decimal}{part:0{places}d}" if places else shown

    def _decimal(self, value: Decimal, least: int) -> str:
        whole, _, part = f"{abs(value):,f}".partition(".")
        part = part.rstrip("0").ljust(least, "0")
        sign = self._minus if value < 0 else ""
        return f"{sign}{whole.replace(',', self.group)}{self.decimal if part else ''}{part}"


@lru_cache(maxsize=8)
def formats(language: str) -> Formats:
    """Return the formats of a language, made once."""
    return Formats(language)


@lru_cache(maxsize=64)
def _symbol(currency: str, locale: Locale) -> str:
    return get_currency_symbol(currency, locale)
