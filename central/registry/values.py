"""What the registry holds, as values, and the rows that tills read of them (last section of docs/architecture.md)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from commerce.errors import BadInputError, RuleError
from commerce.money import MAX_PRICE, PRICE_SCALE, parse_decimal, price_text, rate_text, round_half_up
from commerce.texts import LANGUAGES
from commerce.vat import Treatment

Names = Mapping[str, str]
UNITS = ("pc", "kg", "g", "l", "ml", "m", "pack")
MAX_TEXT = 200
MAX_CODES = 50
MAX_CODE = 64
MAX_VAT_CODE, MAX_RATES = 16, 64


@dataclass(frozen=True, slots=True)
class ItemCard:
    """An item as head office edits it; ``price`` None is asked at the till."""

    sku: str
    names: dict[str, str]
    vat_code: str
    price: Decimal | None = None
    codes: tuple[str, ...] = ()
    unit: str = "pc"
    brand: str = ""
    size: str = ""
    rank: int = 0

    def row(self) -> dict[str, Any]:
        """Return the item as tills read it."""
        return {
            "sku": self.sku,
            "names": self.names,
            "unit": self.unit,
            "vat_code": self.vat_code,
            "price": None if self.price is None else price_text(self.price),
            "codes": list(self.codes),
            "rank": self.rank,
        }

    def checked(self) -> "ItemCard":
        """Return the item; BadInputError names what about it cannot be."""
        if not self.sku or len(self.sku) > MAX_CODE:
            raise BadInputError("item.sku")
        if not any(self.names.values()) or any(len(name) > MAX_TEXT for name in self.names.values()):
            raise BadInputError("item.name")
        texts = (self.sku, self.brand, self.size, *self.names.values(), *self.codes)
        if any(len(text) > MAX_TEXT or not _can_be_shown(text) for text in texts) or not set(self.names) <= set(
            LANGUAGES
        ):
            raise BadInputError("item.text")
        if self.unit not in UNITS:
            raise BadInputError("item.unit", unit=self.unit)
        if self.price is not None and self.price < 0:
            raise BadInputError("item.price_negative")
        if len(self.codes) > MAX_CODES or any(not 0 < len(code) <= MAX_CODE for code in self.codes):
            raise BadInputError("item.codes")
        if len(set(self.codes)) != len(self.codes):
            raise BadInputError("item.codes")
        return self

    def words(self) -> str:
        """Return the words that the item is found by, in every language."""
        return " ".join(dict.fromkeys(search_words(" ".join((*self.names.values(), self.brand, self.size)))))

    def sort_name(self) -> str:
        """Return the text that lists sort by."""
        return " ".join(filter(None, (next(iter(self.names.values()), ""), self.brand, self.size))).casefold()


@dataclass(frozen=True, slots=True)
class VatCard:
    """A VAT code with the dates its rates hold from."""

    code: str
    names: dict[str, str]
    rates: tuple[tuple[date, Decimal], ...]
    treatment: Treatment = Treatment.TAXED
    natura: str | None = None
    receipt_code: str | None = None
    is_default: bool = False
    position: int = 0

    def can_be_shown(self) -> bool:
        """Tell whether code and names are there and short: every line of every sale copies them."""
        codes = (self.code, self.natura or "", self.receipt_code or "")
        short = all(len(code) <= MAX_VAT_CODE for code in codes) and len(self.rates) <= MAX_RATES
        named = any(self.names.values()) and all(len(name) <= MAX_TEXT for name in self.names.values())
        return bool(self.code) and short and named and all(map(str.isprintable, (*codes, *self.names.values())))

    def row(self) -> dict[str, Any]:
        """Return the code as tills read it."""
        return {
            "code": self.code,
            "names": self.names,
            "rates": [[since.isoformat(), rate_text(rate)] for since, rate in self.rates],
            "treatment": self.treatment.value,
            "natura": self.natura,
            "receipt_code": self.receipt_code,
            "default": self.is_default,
        }


@dataclass(frozen=True, slots=True)
class TillSettings:
    """How the tills of a shop work. ``version`` is put in when they are published."""

    drawer: str
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    layout_version: int = 1
    cash_step: int | None = None
    fiscal_required: bool = False
    warehouse: str | None = None
    pos_type: str = "RECEIPT"
    vat_mode: str = "gross"
    series_formula: str = "{series}/{yy}/{number:6}"
    series_period: str = "yearly"
    unknown_price: str = "ask"
    embedded_rules: tuple[dict[str, Any], ...] = field(default=())

    def row(self, version: int) -> dict[str, Any]:
        """Return the settings as tills read them."""
        layout = {"code": "receipt", "version": self.layout_version, "header": list(self.header)}
        return {
            "version": version,
            "pos_type": self.pos_type,
            "vat_mode": self.vat_mode,
            "cash_step": self.cash_step,
            "warehouse": self.warehouse,
            "drawer": self.drawer,
            "layout": {**layout, "footer": list(self.footer)},
            "embedded_rules": [dict(rule) for rule in self.embedded_rules],
            "fiscal_required": self.fiscal_required,
            "series_formula": self.series_formula,
            "series_period": self.series_period,
            "unknown_price": self.unknown_price,
        }


def read_settings(row: Mapping[str, Any]) -> TillSettings:
    """Read ``TillSettings.row``."""
    layout = row["layout"]
    return TillSettings(
        drawer=row["drawer"],
        header=tuple(layout["header"]),
        footer=tuple(layout["footer"]),
        layout_version=layout["version"],
        cash_step=row["cash_step"],
        fiscal_required=row["fiscal_required"],
        warehouse=row["warehouse"],
        pos_type=row["pos_type"],
        vat_mode=row["vat_mode"],
        series_formula=row["series_formula"],
        series_period=row["series_period"],
        unknown_price=row["unknown_price"],
        embedded_rules=tuple(row["embedded_rules"]),
    )


def parse_price(text: str, mark: str | None = None) -> Decimal | None:
    """Read a price as people write it: point or comma; an empty text is no price.

    ``mark`` is the decimal mark where it is known. Else, where both occur, it is the last one; a single one before
    three figures can be either (``1.000``), and is asked back. BadInputError ``price.ambiguous``, ``number.unreadable``
    or ``item.price_negative``.
    """
    cleaned = "".join(text.split()).replace("€", "").replace("\xa0", "").strip()
    if not cleaned:
        return None
    plain = _with_point(cleaned) if mark is None else _with_marks(cleaned, mark)
    price = parse_decimal(plain, PRICE_SCALE)
    if price < 0:
        raise BadInputError("item.price_negative", field="price")
    return price


def settle_neighbour(text: str) -> str | None:
    """Return the price that a computed cell stands for, None unless it is that but for its last binary digits.

    A spreadsheet's 1.1 × 3 is 3.3000000000000003. One that only has many decimals, as a third of 10, stays what it is.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -PRICE_SCALE or not 0 < abs(value) < MAX_PRICE:
        return None
    settled = round_half_up(value, PRICE_SCALE)
    return f"{settled:f}" if abs(value - settled) <= abs(value) * _NEIGHBOUR else None


_NEIGHBOUR = Decimal("2e-15")  # a few steps of a binary number of 53 bits
_EITHER = re.compile(r"-?[1-9][0-9]{0,2}([.,])[0-9]{3}")


def _with_marks(text: str, mark: str) -> str:
    other = "," if mark == "." else "."
    whole, found, decimals = text.partition(mark)
    return f"{_without_groups(whole, other, text)}.{decimals}" if found else _without_groups(whole, other, text)


def _with_point(text: str) -> str:
    if _EITHER.fullmatch(text):
        small, large = _readings(text.replace(",", "."))
        raise BadInputError("price.ambiguous", field="price", value=text, small=small, large=large)
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0:
        return text
    if point < comma:
        whole, _, decimals = text.rpartition(",")
        return f"{_without_groups(whole, '.', text)}.{decimals}"
    whole, _, decimals = text.rpartition(".")
    return f"{_without_groups(whole, ',', text)}.{decimals}"


def _readings(plain: str) -> tuple[Decimal, Decimal]:
    """Return what ``1.000`` can be, with the decimals that people write; three of them would be asked back again."""
    small, large = Decimal(plain), Decimal(plain.replace(".", ""))
    decimals = next((places for places in (2, 4) if round_half_up(small, places) == small), 4)
    return round_half_up(small, decimals), round_half_up(large, 2)


def _without_groups(whole: str, mark: str, text: str) -> str:
    """Take the marks of thousands out; anything that does not look like thousands is refused."""
    groups = whole.split(mark)
    if any(len(group) != 3 for group in groups[1:]):
        raise BadInputError("number.unreadable", value=text)
    return "".join(groups)


def _can_be_shown(text: str) -> bool:
    """Barcodes may carry the separator that GS1 puts into them, and items are searched by them; the rest is words."""
    return text.replace("\x1d", "").isprintable()


def search_words(text: str) -> list[str]:
    """Return the words of a text as search compares them: lower case, no accents, letters and digits only."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _NO_WORD.sub(" ", text.casefold()).split()


_NO_WORD = re.compile(r"[\W_]+")


def check_rates(rates: tuple[tuple[date, Decimal], ...]) -> None:
    """RuleError ``vat.rates`` unless there is at least one rate, each from a day of its own, from 0 to 100 %."""
    days = [since for since, _ in rates]
    if not rates or len(set(days)) != len(days) or any(not 0 <= rate <= 100 for _, rate in rates):
        raise RuleError("vat.rates")
