"""The digest of a registry row for one till: who has that till's secret made it, and nobody else did since.

Central makes one for each row it serves; the till asks it when the row comes, and again whenever it uses what it kept.
"""

import hashlib
import hmac
from collections.abc import Mapping

import orjson

_TAG = b"cassaforte row 1\n"
_FILE_TAG = b"cassaforte catalogue 1\n"


def row_bytes(row: Mapping[str, object]) -> bytes:
    """Return a row's bytes, the same at both ends: JSON with sorted keys."""
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def row_digest(secret: bytes, kind: str, row_id: str, version: int, encoded: bytes | None) -> bytes:
    """Return the digest of a row (``row_bytes``; None where it was deleted) for the till with this secret."""
    row = None if encoded is None else orjson.Fragment(encoded)
    return hmac.digest(secret, _TAG + orjson.dumps([kind, row_id, version, row]), hashlib.sha256)


def catalogue_statement(company: str, digest: bytes) -> bytes:
    """Return what central signs of a catalogue file: whose it is, and the SHA-256 of its plain bytes.

    The feed's epoch and the cursor behind the file stand in it, so that they are signed too.
    """
    return hashlib.sha256(_FILE_TAG + orjson.dumps([company, digest.hex()])).digest()
