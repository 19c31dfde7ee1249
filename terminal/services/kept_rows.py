"""Registry rows as they were kept: used only where they still are as central sent them to this till.

Each row carries central's digest, made with a secret that is not in the file. A row that was deleted has none to ask,
and one of yesterday has a good one: a seal is over the whole set, and the feed's cursor goes with it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

import orjson

from commerce.rows import row_digest
from terminal.db.connection import Queries
from terminal.db.registry import KeptRow, read_kept

Rows = Mapping[tuple[str, str], KeptRow]
SET_NAME = "operating"
"""What is named where rows are gone, or all of them are from another day."""
_TAG = b"cassaforte set 1\n"


def read_rows(queries: Queries, secret: bytes) -> tuple[dict[tuple[str, str], KeptRow], tuple[str, ...]]:
    """Return the rows that are as central sent them, and the names of those that are not."""
    kept, seal = read_kept(queries)
    good = {(row.kind, row.id): row for row in kept if is_as_sent(row, secret)}
    changed = tuple(sorted(f"{row.kind}/{row.id}" for row in kept if (row.kind, row.id) not in good))
    if not changed and seal != (seal_of(good.values(), secret) if kept or seal is not None else None):
        changed = (SET_NAME,)
    return good, changed


def is_as_sent(row: KeptRow, secret: bytes) -> bool:
    """Return whether a row is what central sent; whatever type somebody put into the file, it is not."""
    try:
        made = row_digest(secret, row.kind, row.id, row.version, row.encoded)
        orjson.loads(row.encoded)
    except (TypeError, ValueError):
        return False
    return isinstance(row.digest, bytes) and hmac.compare_digest(made, row.digest)


def seal_of(rows: Iterable[KeptRow], secret: bytes) -> str:
    """Return the seal over a whole set."""
    named = sorted((row.kind, row.id, row.digest.hex()) for row in rows)
    return hmac.digest(secret, _TAG + orjson.dumps(named), hashlib.sha256).hex()
