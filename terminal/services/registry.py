"""The operating set taken over from central: idempotent, and the ledger says which rules hold from when.

A row that makes no sense here is set aside alone: what it was before stays in use, and the others apply.
"""

import hashlib
from collections.abc import Iterable, Sequence

from commerce.bodies.chain import SettingApplied
from commerce.canonical import canonical_bytes
from commerce.dates import utc_text
from commerce.wire import CATALOG_KINDS, OPERATING_KINDS, Change
from terminal.db import ledger, registry
from terminal.services.chains import Moment, Write
from terminal.services.identity import Identity
from terminal.services.operating import NONSENSE, read_row

FEED = "operating"
CATALOG_FEED = "catalog"
FEED_VERSION = 1
"""Raise it when this program reads more of a row than the one before: tills then begin the feed anew."""
_IN_THE_LEDGER = ("company", "shop", "till_settings")


def understood_by(identity: Identity) -> str:
    """Return what goes with a cursor: with another program, another till or another secret, a feed begins anew.

    What an older program passed over would never come again, and PIN verifiers are good with one secret only.
    """
    kinds = "+".join((*OPERATING_KINDS, *CATALOG_KINDS))
    secret = hashlib.sha256(identity.secret).hexdigest()[:16]
    return f"{FEED_VERSION}/{kinds}/{identity.till_id}/{secret}"


def apply_operating(
    write: Write,
    moment: Moment,
    changes: Sequence[Change],
    *,
    cursor: tuple[str, str] | None = None,
    whole: bool = False,
) -> None:
    """Apply changed rows (all rows there are, when ``whole``) and the cursor behind them, with what was understood.

    New settings, company and shop rows are named by a ``setting_applied`` entry; rows of other kinds are passed over.
    """
    rows = [change for change in changes if change.kind in OPERATING_KINDS]
    if whole:
        registry.drop_others(write.tx, ((change.kind, change.id) for change in rows))
        registry.drop_rows_aside(write.tx, OPERATING_KINDS)
    for change in rows:
        if change.row is None:
            registry.drop_row(write.tx, change.kind, change.id)
            registry.take_back(write.tx, change.kind, change.id)
        else:
            _apply_row(write, moment, change)
    if cursor is not None:
        ledger.set_pull_cursor(write.tx, FEED, *cursor)


def note_catalogue(write: Write, understood: str) -> None:
    """Keep that a whole catalogue was taken over: nothing of it is set aside. Its cursor is in the file itself."""
    registry.drop_rows_aside(write.tx, CATALOG_KINDS)
    ledger.set_pull_cursor(write.tx, CATALOG_FEED, "", understood)


def note_items(write: Write, moment: Moment, changes: Iterable[Change], bad: Iterable[Change]) -> None:
    """Keep which items were set aside; those that came well are so no longer."""
    still_bad = {(change.kind, change.id) for change in bad}
    for change in changes:
        if (change.kind, change.id) not in still_bad:
            registry.take_back(write.tx, change.kind, change.id)
    for change in bad:
        registry.set_aside(write.tx, change.kind, change.id, change.version, utc_text(moment.at))


def _apply_row(write: Write, moment: Moment, change: Change) -> None:
    try:
        encoded = canonical_bytes(change.row or {})
        read_row(change.kind, change.id, change.row or {})
    except NONSENSE:
        registry.set_aside(write.tx, change.kind, change.id, change.version, utc_text(moment.at))
        return
    registry.take_back(write.tx, change.kind, change.id)
    if registry.find_row(write.tx, change.kind, change.id) == (change.version, encoded):
        return
    registry.put_row(write.tx, change.kind, change.id, change.version, encoded)
    if change.kind in _IN_THE_LEDGER:
        digest = hashlib.sha256(encoded).hexdigest()
        write.record(moment, SettingApplied(change.kind, change.id, change.version, digest))
