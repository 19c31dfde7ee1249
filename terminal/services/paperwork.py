"""What the effect loops act on: documents read back from the ledger, ready for a printer or a fiscal register."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from commerce.bodies.effect import FiscalReference
from commerce.bodies.form import Body
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import SessionClosed
from commerce.errors import NotFoundError
from terminal.db import printables
from terminal.db.connection import Readers
from terminal.db.effects import EffectRow
from terminal.db.printables import StoredEntry
from terminal.devices.protocols import FiscalDocument
from terminal.services.effect_bodies import Z_REPORT
from terminal.services.fiscal_documents import fiscal_document
from terminal.services.printing import PrintableEntry
from terminal.services.register import Register

B = TypeVar("B", bound=Body)


class Paperwork:
    """The ledger's side of effects (an ``EffectDesk``), and the documents they are about."""

    def __init__(self, register: Register, readers: Readers) -> None:
        self._register = register
        self._readers = readers

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
            return await self._printable(_found(await printables.find_z_entry(self._readers, effect.of), effect.of))
        entry = _found(await printables.find_document_entry(self._readers, effect.of), effect.of)
        return await self._printable(entry, await printables.find_fiscal_reference(self._readers, effect.of))

    async def fiscal_document(self, effect: EffectRow) -> FiscalDocument:
        """Return what the fiscal register is asked to print."""
        entry = _found(await printables.find_document_entry(self._readers, effect.of), effect.of)
        return fiscal_document(effect.id, entry.body)

    async def _printable(
        self, entry: StoredEntry[SaleCompleted] | StoredEntry[SessionClosed], fiscal: FiscalReference | None = None
    ) -> PrintableEntry:
        name = await printables.find_operator_name(self._readers, entry.chain, entry.seq) if entry.operator else ""
        return PrintableEntry(entry.body, entry.hash, entry.at, name, entry.mode, fiscal)


def _found(entry: StoredEntry[B] | None, what: str) -> StoredEntry[B]:
    if entry is None:
        raise NotFoundError("document.unknown", document=what)
    return entry
