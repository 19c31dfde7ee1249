"""What stands in the registry as its forms show it: a text for every field."""

from decimal import Decimal
from typing import Any

from central.registry.values import ItemCard, TillSettings


def item_form(card: ItemCard) -> dict[str, str]:
    """Return an item's form."""
    return {
        "sku": card.sku,
        "name_it": card.names.get("it", ""),
        "name_en": card.names.get("en", ""),
        "vat_code": card.vat_code,
        "price": "" if card.price is None else _plain(card.price),
        "codes": " ".join(card.codes),
        "unit": card.unit,
        "brand": card.brand,
        "size": card.size,
    }


def settings_form(settings: TillSettings, version: int) -> dict[str, str]:
    """Return the form of a shop's till settings."""
    return {
        "header": "\n".join(settings.header),
        "footer": "\n".join(settings.footer),
        "cash_step": "" if settings.cash_step is None else str(settings.cash_step),
        "fiscal_required": "1" if settings.fiscal_required else "",
        "version": str(version),
    }


def vat_form(row: Any) -> dict[str, str]:  # noqa: ANN401 - a row of the table
    """Return a VAT code's form."""
    return {
        "id": row.id,
        "version": str(row.version),
        "code": row.code,
        "name_it": row.names.get("it", ""),
        "name_en": row.names.get("en", ""),
        "rates": "\n".join(f"{since} {rate}" for since, rate in row.rates),
        "treatment": row.treatment,
        "natura": row.natura or "",
        "receipt_code": row.receipt_code or "",
    }


def _plain(value: Decimal) -> str:
    text = f"{value.normalize():f}"
    whole, _, decimals = text.partition(".")
    places = 4 if len(decimals) == 3 else 2  # three decimals could be thousands, read back
    return f"{whole}.{decimals.ljust(places, '0')}"
