"""What the effect loops act on: documents read back from the ledger, ready for a printer or a fiscal register."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.errors import NotFoundError
from terminal.db import printables
from terminal.db.connection import Readers
from terminal.db.effects import EffectRow
from terminal.db.printables import StoredEntry
from terminal.devices.protocols import FiscalDocument
from terminal.services.fiscal_documents import fiscal_document
from terminal.services.identity import Identity
from terminal.services.printing import RECEIPT, Z_REPORT, PrintableEntry
from terminal.services.register import Register


class Paperwork:
    """The ledger's side of effects (an ``EffectDesk``), and the documents they are about."""

    def __init__(self, register: Register, readers: Readers, identity: Identity) -> None:
        self._register = register
        self._readers = readers
        self._identity = identity

    async def open_effects(self, kind: str) -> Sequence[EffectRow]:
        """Return the effects of one kind that are not settled well, oldest first."""
        return await printables.list_open_effects(self._readers, kind)

    async def start_effect(self, effect: str, baseline: dict[str, Any] | None = None) -> bool:
        """Commit that the act begins."""
        return await self._register.start_effect(effect, baseline)

    async def settle_effect(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        """Commit the outcome."""
        await asyncio.shield(self._register.settle_effect(effect, outcome, reason, reference))

    def show_waiting(self, effect: str, reason: str) -> None:
        """Show why an effect that was begun has no outcome yet."""
        self._register.show_waiting(effect, reason)

    async def may_print(self, effect: EffectRow) -> bool:
        """Return whether paper may come out now: the fiscal register goes first, so that its number is on it."""
        return not await printables.has_open_fiscal_effect(self._readers, effect.of)

    async def printable(self, effect: EffectRow) -> PrintableEntry:
        """Return what the effect prints; NotFoundError ``document.unknown`` when the ledger has no such document."""
        if effect.document_kind == Z_REPORT:
            entry = _found(await printables.find_z_entry(self._readers, effect.of), effect.of)
            language = self._register.state.operating.shop.languages[0]
            return await self._printable(Z_REPORT, entry, self._seller(), language, None)
        entry = _found(await printables.find_document_entry(self._readers, effect.of), effect.of)
        fiscal = await printables.find_fiscal_reference(self._readers, effect.of)
        return await self._printable(RECEIPT, entry, entry.body["seller"], entry.body["language"], fiscal)

    async def fiscal_document(self, effect: EffectRow) -> FiscalDocument:
        """Return what the fiscal register is asked to print."""
        entry = _found(await printables.find_document_entry(self._readers, effect.of), effect.of)
        return fiscal_document(effect.id, read(SaleCompleted, orjson.dumps(entry.body)))

    async def _printable(
        self, kind: str, entry: StoredEntry, seller: dict[str, Any], language: str, fiscal: dict[str, Any] | None
    ) -> PrintableEntry:
        name = await printables.find_operator_name(self._readers, entry.chain, entry.seq) if entry.operator else ""
        return PrintableEntry(
            kind, entry.chain, entry.seq, entry.hash, entry.at, name, entry.body, seller, language, fiscal
        )

    def _seller(self) -> dict[str, Any]:
        operating, till = self._register.state.operating, self._register.state.till
        return {
            "company_name": operating.company.name,
            "tax_id": operating.company.tax_id,
            "country": operating.company.country,
            "shop_name": operating.shop.name,
            "address": list(operating.shop.address),
            "till_name": till.name,
        }


def _found(entry: StoredEntry | None, what: str) -> StoredEntry:
    if entry is None:
        raise NotFoundError("document.unknown", document=what)
    return entry
