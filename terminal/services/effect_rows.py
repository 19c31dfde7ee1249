"""Puts the rows of effects right: what is to be printed, sent to the fiscal register or opened, and what came of it.

A document's entry says what it asks for, and every outcome is an entry. A row that is gone, or says something else,
would leave a document unsent, or repeat it. What nobody signed an outcome of may have begun: it is unknown, and asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from commerce.bodies.effect import EffectIntended, EffectSettled
from commerce.bodies.form import read
from commerce.bodies.outline import SaleOutline, read_outline
from commerce.errors import BadInputError
from commerce.kinds import Kind
from commerce.ledger import Problem
from terminal.db import documents, effects, sessions
from terminal.db.connection import Queries, Transaction
from terminal.db.effects import EffectRow
from terminal.db.ledger import LedgerRow
from terminal.services.effect_bodies import Z_REPORT
from terminal.services.integrity import is_genuine
from terminal.services.outcomes import waits

CHANGED = "ledger.effect_changed"
KINDS = frozenset({Kind.SALE_COMPLETED.value, Kind.EFFECT_INTENDED.value, Kind.EFFECT_SETTLED.value})
_TO_COME = ("intended", "started")
_OF_ATTEMPTS = ("card", "card_reversal")  # they have rows of their own


@dataclass(frozen=True, slots=True)
class _Signed:
    """An effect, or its outcome, with the entry that says so."""

    place: tuple[str, bytes]  # the chain and its key
    entry: LedgerRow
    effect: EffectRow


@dataclass(slots=True)
class EffectsSeen:
    """What entries since the last checkpoints say of effects."""

    queries: Queries
    asked: dict[str, _Signed] = field(default_factory=dict)
    settled: dict[str, tuple[_Signed, EffectSettled]] = field(default_factory=dict)

    def note(self, chain: str, key: bytes, row: LedgerRow) -> None:
        """Take in one entry of ``KINDS``."""
        if row.kind == Kind.SALE_COMPLETED:
            for effect in _of_sale(read_outline(SaleOutline, row.entry.body), row.at):
                self.asked[effect.id] = _Signed((chain, key), row, effect)
        elif row.kind == Kind.EFFECT_INTENDED:
            self._note_intended(chain, key, row, read(EffectIntended, row.entry.body))
        else:
            body = read(EffectSettled, row.entry.body)
            if body.effect in self.asked:
                self.settled[body.effect] = (_Signed((chain, key), row, self.asked[body.effect].effect), body)

    def _note_intended(self, chain: str, key: bytes, row: LedgerRow, body: EffectIntended) -> None:
        if body.kind in _OF_ATTEMPTS:
            return
        known = self.asked.get(body.effect)
        if body.baseline is not None and known is not None:  # said before the act, which began then
            begun = replace(known.effect, state="started", baseline=body.baseline.as_body())
            self.asked[body.effect] = replace(known, effect=begun)
        elif known is None and (effect := _again(self.queries, body, row.at)) is not None:
            self.asked[body.effect] = _Signed((chain, key), row, effect)


def put_effects_right(tx: Transaction, seen: EffectsSeen) -> Iterator[Problem]:
    """Write the rows anew that say something else than genuine entries; returns where that was so."""
    for effect, signed in seen.asked.items():
        kept = effects.find_with_open(tx, effect)
        outcome = seen.settled.get(effect)
        wanted = _wanted(signed.effect, outcome[1] if outcome else None, kept)
        if wanted == kept or not (_holds(signed) and (outcome is None or _holds(outcome[0]))):
            continue
        effects.write_effect(tx, wanted[0], is_open=wanted[1])
        chain, _ = signed.place
        yield Problem(chain, signed.entry.entry.seq, CHANGED)
    effects.forget_unreadable(tx)


def _wanted(
    asked: EffectRow, outcome: EffectSettled | None, kept: tuple[EffectRow, bool] | None
) -> tuple[EffectRow, bool]:
    """Return the row, and whether it is open, as entries say it; what they say nothing of stays as it is."""
    row, is_open = kept or (replace(asked, state="lost"), True)
    row = replace(
        row, kind=asked.kind, of=asked.of, title=asked.title, document_kind=asked.document_kind, attempt=asked.attempt,
        marker=asked.marker, device=asked.device, sale=asked.sale,
    )  # fmt: skip
    if outcome is not None:
        if (row.state, row.reason) == (outcome.outcome.value, outcome.reason):
            return row, is_open
        reference = None if outcome.reference is None else outcome.reference.as_body()
        settled = replace(row, state=outcome.outcome.value, reason=outcome.reason, reference=reference)
        return settled, waits(row.kind, settled.state, settled.reason)
    if row.state not in _TO_COME:
        return replace(row, state="unknown", reason="", reference=None, dismissed=False), True
    if row.state == "intended" and asked.state == "started":
        return replace(row, state="started", baseline=asked.baseline), True
    return row, True


def _of_sale(sale: SaleOutline, at: str) -> Iterator[EffectRow]:
    document = sale.document
    for effect in sale.effects:
        if effect.kind not in _OF_ATTEMPTS:
            yield _row(
                effect.id, effect.kind, document.id, document.formatted, document.kind, at, effect.device, sale.sale
            )


def _again(queries: Queries, body: EffectIntended, at: str) -> EffectRow | None:
    """Return an effect that no document's entry brought along, None where nothing is known of what it prints."""
    of = body.document or body.session
    if of is None:
        return None
    title = _title(queries, body)
    if title is None:
        return None
    kind = Z_REPORT if body.document is None else title[1]
    row = _row(body.effect, body.kind, of, title[0], kind, at, body.device, body.sale)
    return replace(row, attempt=body.attempt, marker=body.marker.value)


def _title(queries: Queries, body: EffectIntended) -> tuple[str, str] | None:
    if body.document is not None:
        found = documents.find_row(queries, body.document)
        return None if found is None else (found[1].formatted, found[1].kind)
    try:
        z = sessions.find_z(queries, body.session or "")
    except BadInputError:
        return None
    return None if z is None else (f"Z {z.z_number}", Z_REPORT)


def _row(
    effect: str, kind: str, of: str, title: str, document_kind: str, at: str, device: str | None, sale: str | None
) -> EffectRow:
    nothing: dict[str, Any] | None = None
    return EffectRow(
        effect, kind, of, title, document_kind, "intended", 1, "", "", nothing, nothing, at, False, device, sale
    )


def _holds(signed: _Signed) -> bool:
    chain, key = signed.place
    return is_genuine(chain, signed.entry, key)
