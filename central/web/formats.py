"""Numbers, money and times as a person's language writes them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_interval, format_timedelta
from babel.numbers import format_currency, format_decimal

from commerce.money import cents_decimal

_LOCALES = {"en": "en_GB", "it": "it_IT"}


class Formats:
    """Puts values into one language; times are shown in the zone of the shop they belong to."""

    def __init__(self, language: str) -> None:
        """Keep the language's locale; an unknown language reads English."""
        self._locale = _LOCALES.get(language, _LOCALES["en"])

    def money(self, cents: int, currency: str) -> str:
        """Return an amount with its currency: ``1.234,50 €``."""
        return str(format_currency(cents_decimal(cents, currency), currency, locale=self._locale))

    def price(self, price: Decimal | None, currency: str) -> str:
        """Return a unit price with at least the currency's decimals and no needless zeros after them."""
        if price is None:
            return ""
        places = max(2, -int(price.normalize().as_tuple().exponent))
        pattern = "¤#,##0." + "0" * places if self._locale == "en_GB" else "#,##0." + "0" * places + "\xa0¤"
        return str(format_currency(price, currency, pattern, locale=self._locale, currency_digits=False))

    def number(self, value: int | Decimal) -> str:
        """Return a number with its thousands grouped."""
        return str(format_decimal(value, locale=self._locale, decimal_quantization=False))

    def decimals(self, value: Decimal) -> str:
        """Return a number with two decimals, more where it has them: a price whose currency is not at hand."""
        return str(format_decimal(value, "#,##0.00######", locale=self._locale))

    def quantity(self, value: Decimal) -> str:
        """Return a quantity without trailing zeros."""
        return self.number(value.normalize() if value else Decimal(0))

    def rate(self, value: Decimal) -> str:
        """Return a VAT rate with its sign of percent."""
        return f"{self.number(value.normalize() if value else Decimal(0))}\xa0%"

    def whole(self, cents: int, currency: str) -> str:
        """Return an amount of whole units for an axis, without the decimals that it does not have: ``1.500 €``."""
        pattern = "¤#,##0" if self._locale == "en_GB" else "#,##0\xa0¤"
        amount = cents_decimal(cents, currency)
        return str(format_currency(amount, currency, pattern, locale=self._locale, currency_digits=False))

    def percent_change(self, percent: int) -> str:
        """Return by how much something changed: ``+12 %``."""
        return str(format_decimal(percent, "+#,##0;−#,##0", locale=self._locale)) + "\xa0%"

    def day(self, value: date) -> str:
        """Return a date as people write it."""
        return str(format_date(value, "d MMM y", locale=self._locale))

    def day_of(self, value: datetime, zone: str = "UTC") -> str:
        """Return the date that a moment has in a zone."""
        return self.day(value.astimezone(ZoneInfo(zone)).date())

    def weekday(self, value: date) -> str:
        """Return a date with its day of the week."""
        return str(format_date(value, "EEEE d MMMM y", locale=self._locale))

    def moment(self, value: datetime, zone: str = "UTC") -> str:
        """Return date and time in a zone."""
        return str(format_datetime(value, "d MMM y, HH:mm:ss", ZoneInfo(zone), locale=self._locale))

    def minute(self, value: datetime, zone: str = "UTC") -> str:
        """Return date and time in a zone, to the minute."""
        return str(format_datetime(value, "d MMM y, HH:mm", ZoneInfo(zone), locale=self._locale))

    def days(self, since: date, until: date) -> str:
        """Return a span of days, or the one day: ``16–22 Nov 2026``."""
        return self.day(since) if since == until else str(format_interval(since, until, "yMMMd", locale=self._locale))

    def clock(self, value: datetime, zone: str = "UTC") -> str:
        """Return hours and minutes in a zone."""
        return str(format_datetime(value, "HH:mm", ZoneInfo(zone), locale=self._locale))

    def since(self, value: datetime, now: datetime, zone: str = "UTC") -> str:
        """Return a moment as people say since when: the time of the same day, else with its date."""
        own = ZoneInfo(zone)
        is_today = value.astimezone(own).date() == now.astimezone(own).date()
        return self.clock(value, zone) if is_today else self.minute(value, zone)

    def ago(self, value: datetime, now: datetime | None = None) -> str:
        """Return how long ago something was."""
        difference = min(value - (now or datetime.now(UTC)), timedelta(seconds=-1))
        return str(format_timedelta(difference, add_direction=True, locale=self._locale))
