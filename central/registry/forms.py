"""Reads what people typed into the registry's forms; what cannot be is said with the words of the field."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from central.identity.passwords import PinHash
from central.registry.service import OperatorCard
from central.registry.values import ItemCard, TillSettings, VatCard, parse_price
from commerce.errors import BadInputError
from commerce.money import RATE_SCALE, parse_decimal
from commerce.rights import ALL_RIGHTS
from commerce.texts import LANGUAGES
from commerce.vat import Treatment

Form = Mapping[str, str]
MAX_LAYOUT_LINES = 12
MAX_LAYOUT_WIDTH = 48


def read_version(form: Form) -> int | None:
    """Return the version that was shown with the form, or the one that it is to be saved over on purpose."""
    text = form.get("over") or form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def read_item(form: Form, before: ItemCard | None = None) -> ItemCard:
    """Return the item a form describes."""
    codes = form.get("codes", "").replace(",", " ").replace(";", " ").split()
    return ItemCard(
        sku=form.get("sku", "").strip(),
        names=read_names(form),
        vat_code=form.get("vat_code", ""),
        price=parse_price(form.get("price", "")),
        codes=tuple(dict.fromkeys(codes)),
        unit=form.get("unit", "pc"),
        brand=form.get("brand", "").strip()[:200],
        size=form.get("size", "").strip()[:200],
        rank=before.rank if before else 0,
    )


def read_names(form: Form) -> dict[str, str]:
    """Return the names that were typed, per language."""
    names = {language: form.get(f"name_{language}", "").strip() for language in LANGUAGES}
    return {language: name for language, name in names.items() if name}


def read_vat(form: Form, position: int, *, is_default: bool) -> VatCard:
    """Return the VAT code a form describes; its rates are lines of date and percent."""
    try:
        treatment = Treatment(form.get("treatment", "taxed"))
    except ValueError as error:
        raise BadInputError("vat.form") from error
    return VatCard(
        code=form.get("code", "").strip(),
        names=read_names(form),
        rates=read_rates(form.get("rates", "")),
        treatment=treatment,
        natura=form.get("natura", "").strip() or None,
        receipt_code=form.get("receipt_code", "").strip() or None,
        is_default=is_default,
        position=position,
    )


def read_operator(form: Form, pin: PinHash | None) -> OperatorCard:
    """Return the operator a form describes; only a form that shows the rights changes them."""
    rights = tuple(right for right in ALL_RIGHTS if form.get(f"right_{right}") == "1") if form.get("rights") else None
    return OperatorCard(form.get("name", ""), form.get("shop", ""), rights, form.get("active", "1") == "1", pin)


def read_rates(text: str) -> tuple[tuple[date, Decimal], ...]:
    """Return rates from lines such as ``2013-10-01 22``; BadInputError ``vat.rates_form``."""
    rates = []
    for line in filter(None, map(str.strip, text.splitlines())):
        since, _, rate = line.partition(" ")
        try:
            rates.append((date.fromisoformat(since), parse_decimal(rate.strip(" %").replace(",", "."), RATE_SCALE)))
        except (ValueError, BadInputError) as error:
            raise BadInputError("vat.rates_form", line=line[:40]) from error
    return tuple(sorted(rates))


def read_settings_form(form: Form, before: TillSettings) -> TillSettings:
    """Return a shop's till settings as a form describes them; what has no field stays."""
    step = form.get("cash_step", "").strip()
    if step and (not step.isdecimal() or len(step) > 3 or not 0 < int(step) <= 100):
        raise BadInputError("till_settings.cash_step")
    return replace(
        before,
        header=_layout_lines(form.get("header", "")),
        footer=_layout_lines(form.get("footer", "")),
        cash_step=int(step) if step else None,
        fiscal_required=form.get("fiscal_required") == "1",
    )


def _layout_lines(text: str) -> tuple[str, ...]:
    lines = tuple("".join(char for char in line if char.isprintable()).strip() for line in text.splitlines())
    kept = tuple(filter(None, lines))
    if len(kept) > MAX_LAYOUT_LINES or any(len(line) > MAX_LAYOUT_WIDTH for line in kept):
        raise BadInputError("till_settings.layout", lines=MAX_LAYOUT_LINES, width=MAX_LAYOUT_WIDTH)
    return kept
