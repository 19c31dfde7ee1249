"""Pages by key: the address carries where the last page ended, so that a growing list never shifts under a reader."""

import base64
import binascii

import orjson

from commerce.errors import BadInputError


def encode_cursor(*keys: str | int) -> str:
    """Return the keys of a page's last row as an address carries them."""
    return base64.urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


def decode_cursor(text: str, length: int) -> list[str | int]:
    """Read ``encode_cursor``; BadInputError ``page.cursor`` for anything else."""
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadInputError("page.cursor") from error
    if not isinstance(keys, list) or len(keys) != length:
        raise BadInputError("page.cursor")
    if not all(map(_is_key, keys)):
        raise BadInputError("page.cursor")
    return keys


def _is_key(key: object) -> bool:
    if isinstance(key, str):
        return "\x00" not in key
    return type(key) is int and abs(key) < 2**63
