"""What a scanned or typed code stands for: exactly one item, or a clear no. Never a guess."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commerce.barcode import (
    GS,
    EmbeddedCode,
    Gs1Reading,
    ScannedCode,
    lookup_keys,
    normalise_scan,
    parse_embedded,
    read_gs1,
)
from commerce.errors import BadInputError, ConflictError, NotFoundError, RuleError
from commerce.money import amount_cents
from terminal.db.catalog import Catalog
from terminal.db.catalog_rows import Item
from terminal.services.operating import OperatingSet

_ISO_NUMBERS = {"EUR": "978", "USD": "840", "GBP": "826", "CHF": "756", "HRK": "191"}
_SPACES = " \t\r\n"  # not what ``strip`` takes: a leading GS is the FNC1 that makes a GS1 message of the rest
_WEB = ("http://", "https://", "HTTP://", "HTTPS://")


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item with what its code carried: a quantity, or an amount that stands as printed. None: it carried none."""

    item: Item
    code: str
    quantity: Decimal | None = None
    label_cents: int | None = None


def resolve_code(catalog: Catalog, raw: str, operating: OperatingSet, today: date) -> FoundItem:
    """Return the one item of a code: as it came, then by the shop's embedded rules, then by GS1 elements.

    NotFoundError ``code.unknown``, ConflictError ``code.ambiguous``, BadInputError ``gs1.…`` for a GS1 message that
    breaks GS1's rules, RuleError ``code.other_currency``.
    """
    scan = normalise_scan(raw.strip(_SPACES).rstrip(GS))
    item = _only_item(catalog, lookup_keys(scan), raw)
    if item:
        return FoundItem(item, raw)
    embedded = parse_embedded(scan.data, operating.settings.embedded_rules)
    if embedded:
        return _embedded_item(catalog, embedded, raw)
    if scan.is_gs1 or scan.data.startswith(_WEB):
        return _gs1_item(catalog, scan, operating, today)
    raise NotFoundError("code.unknown", code=raw)


def _only_item(catalog: Catalog, keys: Iterable[str], raw: str) -> Item | None:
    for key in keys:
        items = catalog.find_by_code(key)
        if len(items) > 1:
            candidates = [{"item": item.id, "names": item.names, "sku": item.sku} for item in items]
            raise ConflictError("code.ambiguous", code=raw, candidates=candidates)
        if items:
            return items[0]
    return None


def _embedded_item(catalog: Catalog, embedded: EmbeddedCode, raw: str) -> FoundItem:
    """A label that was misread must not become a price: wrong digits make the code unknown."""
    if not embedded.check_digit_ok or embedded.verifier_ok is False:
        raise NotFoundError("code.unknown", code=raw, check_digit="wrong")
    item = _only_item(catalog, embedded.item_keys, raw)
    if item is None:
        raise NotFoundError("code.unknown", code=raw)
    if embedded.price_cents is not None:
        return FoundItem(item, raw, label_cents=embedded.price_cents)
    return FoundItem(item, raw, quantity=embedded.value)


def _gs1_item(catalog: Catalog, scan: ScannedCode, operating: OperatingSet, today: date) -> FoundItem:
    try:
        reading = read_gs1(scan.raw, today=today)
    except BadInputError:
        if scan.is_gs1:
            raise
        raise NotFoundError("code.unknown", code=scan.raw) from None
    item = _only_item(catalog, lookup_keys(reading.gtin), scan.raw) if reading.gtin else None
    if item is None:
        raise NotFoundError("code.unknown", code=scan.raw)
    currency = operating.company.currency
    if reading.price is None:
        return FoundItem(item, scan.raw, quantity=_measure(reading))
    if reading.price.currency_number not in (None, _ISO_NUMBERS.get(currency)):
        raise RuleError("code.other_currency", code=scan.raw, currency=currency)
    weight = reading.net_weight_kg
    return FoundItem(item, scan.raw, quantity=weight, label_cents=amount_cents(reading.price.amount, currency))


def _measure(reading: Gs1Reading) -> Decimal | None:
    """Return the weight, else the count, that a message carries; one of zero is one all the same."""
    if reading.net_weight_kg is not None:
        return reading.net_weight_kg
    return None if reading.count is None else Decimal(reading.count)
