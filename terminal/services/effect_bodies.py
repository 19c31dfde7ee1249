"""Effects as entries say them: what they are about, on which device, and what became of them."""

from typing import Any

from commerce.bodies.effect import Baseline, EffectIntended, EffectSettled, FiscalReference, Marker, Outcome
from terminal.db import effects
from terminal.db.effects import EffectRow, NewEffect
from terminal.services.chains import Moment, Write

Z_REPORT = "z_report"


def intend(write: Write, moment: Moment, effect: NewEffect) -> None:
    """Write an effect that no sale brings along, with its entry."""
    effects.add_effects(write.tx, [effect])
    write.record(moment, effect_intended(effect, None))


def effect_intended(effect: NewEffect | EffectRow, baseline: dict[str, Any] | None) -> EffectIntended:
    """Return the body that says what is going to be tried; a baseline is what the device said before."""
    document, session = _about(effect)
    return EffectIntended(
        effect=effect.id,
        kind=effect.kind,
        sale=effect.sale,
        document=document,
        session=session,
        device=effect.device,
        attempt=effect.attempt,
        marker=Marker(effect.marker),
        baseline=None if baseline is None else Baseline(_reference(baseline["last"])),
        card=None,
    )


def effect_settled(effect: EffectRow, outcome: str, reason: str, reference: dict[str, Any] | None) -> EffectSettled:
    """Return the body that says what became of it."""
    document, session = _about(effect)
    return EffectSettled(
        effect=effect.id,
        kind=effect.kind,
        sale=effect.sale,
        document=document,
        session=session,
        device=effect.device,
        attempt=effect.attempt,
        outcome=Outcome(outcome),
        reason=reason,
        reference=_reference(reference),
        card_reference=None,
    )


def _about(effect: NewEffect | EffectRow) -> tuple[str | None, str | None]:
    """Return the document or the session that the effect prints."""
    return (None, effect.of) if effect.document_kind == Z_REPORT else (effect.of, None)


def _reference(row: dict[str, Any] | None) -> FiscalReference | None:
    return None if row is None else FiscalReference(**row)
