"""Finds the reader of an entry's body by kind and version: every version ever released stays here."""

from collections.abc import Mapping

from commerce.bodies import alarm, approval, chain, effect, sale, session
from commerce.bodies.form import Body, read
from commerce.errors import BadInputError

_ALL: tuple[type[Body], ...] = (
    chain.ChainOpened,
    chain.KeyRotated,
    chain.Checkpoint,
    chain.ClockCorrected,
    chain.SettingApplied,
    session.OperatorSignedOn,
    session.OperatorSignedOff,
    session.SessionOpened,
    session.SessionClosed,
    session.CashMoved,
    approval.ApprovalGiven,
    sale.SaleCompleted,
    sale.SaleVoided,
    sale.LineVoided,
    sale.DocumentIssued,
    effect.EffectIntended,
    effect.EffectSettled,
    alarm.AlarmRaised,
)
BODIES: Mapping[tuple[str, int], type[Body]] = {(body.KIND.value, body.VERSION): body for body in _ALL}


def read_body(kind: str, version: int, encoded: bytes) -> Body:
    """Return the body of an entry; BadInputError ``body.unknown`` or ``body.unreadable``."""
    found = BODIES.get((kind, version))
    if found is None:
        raise BadInputError("body.unknown", kind=kind[:64], version=version)
    return read(found, encoded)
