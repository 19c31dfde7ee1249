"""The operating set taken over from central: idempotent, and the ledger says which rules hold from when.

A row that makes no sense here is set aside alone: what it was before stays in use, and the others apply.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

import orjson

from commerce.bodies.chain import SettingApplied
from commerce.canonical import canonical_bytes
from commerce.dates import utc_text
from commerce.rows import row_bytes, row_digest
from commerce.wire import CATALOG_KINDS, OPERATING_KINDS, Change
from terminal.db import ledger, registry
from terminal.db.registry import KeptRow
from terminal.services.chains import Moment, Write
from terminal.services.identity import Identity
from terminal.services.kept_rows import Rows, seal_of
from terminal.services.operating import NONSENSE, read_row

FEED = "operating"
CATALOG_FEED = "catalog"
FEED_VERSION = 1
"""Raise it when this program reads more of a row than the one before: tills then begin the feed anew."""
_IN_THE_LEDGER = ("company", "shop", "till_settings")


def understood_by(identity: Identity, cursor: str = "", rows: Rows | None = None) -> str:
    """Return what goes with a cursor: with another program, till or secret, or other rows, a feed begins anew.

    What an older program passed over would never come again, PIN verifiers are good with one secret only, and a cursor
    that somebody moved would keep away what changed.
    """
    kinds = "+".join((*OPERATING_KINDS, *CATALOG_KINDS))
    seal = f"{cursor}/{seal_of((rows or {}).values(), identity.secret)}"
    proof = hmac.digest(identity.secret, b"cassaforte cursor 1\n" + seal.encode(), hashlib.sha256).hex()
    return f"{FEED_VERSION}/{kinds}/{identity.till_id}/{proof}"


def apply_operating(
    write: Write,
    moment: Moment,
    known: Rows,
    changes: Sequence[Change],
    identity: Identity,
    *,
    cursor: str | None = None,
    whole: bool = False,
) -> Rows:
    """Apply changed rows (all rows there are, when ``whole``) and the cursor behind them; return what is known then.

    What was known is told, never read again: the disk may have been changed since. New settings, company and shop rows
    are named by a ``setting_applied`` entry; rows of other kinds are passed over.
    """
    rows = [change for change in changes if change.kind in OPERATING_KINDS]
    after = dict(known)
    if whole:
        named = {(change.kind, change.id) for change in rows}
        after = {key: row for key, row in known.items() if key in named}
        registry.drop_rows_aside(write.tx, OPERATING_KINDS)
    for change in rows:
        if change.row is None:
            after.pop((change.kind, change.id), None)
            registry.take_back(write.tx, change.kind, change.id)
        elif fresh := _read_change(write, moment, change, identity.secret):
            after[change.kind, change.id] = fresh
    for key in after:
        if after[key] != known.get(key):
            _name_in_ledger(write, moment, after[key])
    _keep(write, known, after, identity, cursor=cursor, whole=whole)
    return after


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


def _read_change(write: Write, moment: Moment, change: Change, secret: bytes) -> KeptRow | None:
    try:
        canonical_bytes(change.row or {})
        read_row(change.kind, change.id, change.row or {})
        encoded = row_bytes(change.row or {})
    except NONSENSE:
        registry.set_aside(write.tx, change.kind, change.id, change.version, utc_text(moment.at))
        return None
    registry.take_back(write.tx, change.kind, change.id)
    digest = row_digest(secret, change.kind, change.id, change.version, encoded)
    return KeptRow(change.kind, change.id, change.version, encoded, digest)


def _name_in_ledger(write: Write, moment: Moment, row: KeptRow) -> None:
    if row.kind in _IN_THE_LEDGER:
        digest = hashlib.sha256(canonical_bytes(orjson.loads(row.encoded))).hexdigest()
        write.record(moment, SettingApplied(row.kind, row.id, row.version, digest))


def _keep(write: Write, known: Rows, after: Rows, identity: Identity, *, cursor: str | None, whole: bool) -> None:
    """Bring the disk to what is known now, its seal with it; a cursor that was good stays so."""
    tx, before = write.tx, {} if whole else known
    if whole:
        registry.drop_rows(tx)
    for kind, row_id in before.keys() - after.keys():
        registry.drop_row(tx, kind, row_id)
    for key, row in after.items():
        if row != before.get(key):
            registry.put_row(tx, row)
    if whole or after != known:
        ledger.set_meta(tx, registry.SEAL_KEY, seal_of(after.values(), identity.secret))
    if cursor is None and (kept := ledger.find_pull_cursor(tx, FEED)):
        cursor = kept[0] if kept[1] == understood_by(identity, kept[0], known) else None
    if cursor is not None:
        ledger.set_pull_cursor(tx, FEED, cursor, understood_by(identity, cursor, after))
