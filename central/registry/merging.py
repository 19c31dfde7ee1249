"""Decides for each imported row whether it is new, changes an item or says what is known already."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from central.registry.columns import Finding, ImportRow
from central.registry.queries import StoredItem, items_by_code, items_by_sku
from central.registry.values import ItemCard
from central.web.keytable import KeyTable
from commerce.ids import new_id


@dataclass(frozen=True, slots=True)
class Defaults:
    """What stands in for what a row does not say. ``vat_codes`` maps each code to its newest rate."""

    vat_codes: dict[str, str]
    vat: str | None
    price: Decimal | None
    language: str

    def vat_of(self, row: ImportRow) -> str | None:
        """Return the VAT code that a row names, by code or by rate (``22``, ``22%``); None when it is unknown."""
        if row.vat is None:
            return self.vat
        if row.vat in self.vat_codes:
            return row.vat
        rate = _rate(row.vat)
        return next((code for code, newest in self.vat_codes.items() if rate and Decimal(newest) == rate), None)

    def problem(self, row: ImportRow, cells: tuple[str, ...]) -> Finding | None:
        """Return what is wrong with the row's VAT."""
        if self.vat_of(row) is not None:
            return None
        code = "row.vat_missing" if row.vat is None else "row.vat_unknown"
        return Finding(row.number, code, {"vat": row.vat or "", "codes": ", ".join(self.vat_codes)}, True, cells)


@dataclass(slots=True)
class Plan:
    """What a chunk of rows comes to; each counts once. ``touched`` says which row was an item's first in this chunk."""

    drafts: dict[str, StoredItem] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    touched: dict[str, int] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def items(self) -> list[StoredItem]:
        """Return the items to be written, each once however many rows speak of it."""
        return list(self.drafts.values())


def plan_chunk(
    conn: Connection, company: str, defaults: Defaults, rows: Sequence[ImportRow], touched: KeyTable | None = None
) -> Plan:
    """Compare rows with what is stored: by article number first, then by code.

    Several rows may give codes to one item; whatever else they say of it has to be the same, here and in the chunks
    before, which ``touched`` remembers (hash of the id → row).
    """
    codes = [code for row in rows for code in row.codes]
    holders = items_by_code(conn, company, codes) if codes else {}
    by_sku = items_by_sku(conn, company, [row.sku or row.codes[0] for row in rows])
    plan, before_us = Plan(), touched or KeyTable()
    for row in rows:
        found = by_sku.get(row.sku or row.codes[0])
        others = {one.id: one for code in row.codes for one in holders.get(code, [])}
        problem = _taken(row, found, others)
        if problem:
            plan.findings.append(problem)
            continue
        stored = found or next(iter(others.values()), None)
        before = plan.drafts.get(stored.id, stored) if stored else None
        card = _merged(before.card if before else None, row, defaults)
        first = (plan.touched.get(before.id) or before_us.find(hash(before.id))) if before else 0
        if before and first and replace(card, codes=before.card.codes) != before.card:
            plan.findings.append(Finding(row.number, "row.differs", {"sku": card.sku, "first": first}, True))
            continue
        draft = _add(plan, before, card)
        plan.touched.setdefault(draft.id, row.number)
        by_sku[card.sku] = draft  # the next row of the article
    return plan


def _taken(row: ImportRow, found: StoredItem | None, others: dict[str, StoredItem]) -> Finding | None:
    """A row may not take a code away from another item, nor choose between two."""
    foreign = [one for one in others.values() if one is not found and (found is None or one.id != found.id)]
    if not foreign or (found is None and row.sku is None and len(foreign) == 1):
        return None
    shown = {"code": row.codes[0], "sku": foreign[0].card.sku}
    return Finding(row.number, "row.code_taken", shown, True)


def _merged(before: ItemCard | None, row: ImportRow, defaults: Defaults) -> ItemCard:
    """Return the item as the row wants it; what the row does not say stays, or is the default for a new one."""
    vat = defaults.vat_of(row) or ""
    if before is None:
        price = defaults.price if row.price is None else row.price
        return ItemCard(
            sku=row.sku or row.codes[0],
            names=row.names,
            vat_code=vat,
            price=price,
            codes=row.codes,
            unit=row.unit or "pc",
            brand=row.brand or "",
            size=row.size or "",
            rank=row.rank or 0,
        )
    return ItemCard(
        sku=before.sku,
        names={**before.names, **row.names},
        vat_code=vat if row.vat else before.vat_code,
        price=before.price if row.price is None else row.price,
        codes=tuple(dict.fromkeys((*before.codes, *row.codes))),
        unit=row.unit or before.unit,
        brand=before.brand if row.brand is None else row.brand,
        size=before.size if row.size is None else row.size,
        rank=before.rank if row.rank is None else row.rank,
    )


def _add(plan: Plan, before: StoredItem | None, card: ItemCard) -> StoredItem:
    """Put what a row comes to down; ``before`` is what stands, or what this chunk has made of it already."""
    if before and before.card == card and not before.deleted:
        plan.unchanged += 1
        return before
    draft = StoredItem(before.id if before else new_id(), card, before.version if before else 0)
    if before and before.version:
        plan.known.add(draft.id)
    plan.added += before is None
    plan.changed += before is not None
    plan.drafts[draft.id] = draft
    return draft


def _rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(text.strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() else None
