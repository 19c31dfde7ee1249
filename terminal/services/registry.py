"""The operating set taken over from central: idempotent, and the ledger says which rules hold from when."""

import hashlib
from collections.abc import Sequence

from commerce.bodies.chain import SettingApplied
from commerce.canonical import canonical_bytes
from commerce.wire import OPERATING_KINDS, Change
from terminal.db import ledger, registry
from terminal.services.chains import Moment, Write

FEED = "operating"
_IN_THE_LEDGER = ("company", "shop", "till_settings")


def apply_operating(
    write: Write, moment: Moment, changes: Sequence[Change], *, cursor: str | None = None, whole: bool = False
) -> None:
    """Apply changed rows (all rows there are, when ``whole``) and the cursor behind them.

    New settings, company and shop rows are named by a ``setting_applied`` entry; rows of other kinds are passed over.
    """
    rows = [change for change in changes if change.kind in OPERATING_KINDS]
    for change in rows:
        if change.row is None:
            registry.drop_row(write.tx, change.kind, change.id)
        else:
            _apply_row(write, moment, change)
    if whole:
        registry.drop_others(write.tx, ((change.kind, change.id) for change in rows))
    if cursor is not None:
        ledger.set_pull_cursor(write.tx, FEED, cursor)


def _apply_row(write: Write, moment: Moment, change: Change) -> None:
    encoded = canonical_bytes(change.row or {})
    if registry.find_row(write.tx, change.kind, change.id) == (change.version, encoded):
        return
    registry.put_row(write.tx, change.kind, change.id, change.version, encoded)
    if change.kind in _IN_THE_LEDGER:
        digest = hashlib.sha256(encoded).hexdigest()
        write.record(moment, SettingApplied(change.kind, change.id, change.version, digest))
