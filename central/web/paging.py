"""Pages by key: the address carries where the last page ended, so that a growing list never shifts under a reader."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a list: its rows, and where the next one begins; "" on the last."""

    rows: list[Any]
    older: str


def sheet_of(rows: list[Any], size: int, place: Callable[[Any], Sequence[str | int]]) -> Sheet:
    """Return a page out of its rows and one more, if there is one."""
    return Sheet(rows[:size], encode_cursor(*place(rows[size - 1])) if len(rows) > size else "")


def place_in(request: web.Request, name: str, length: int) -> tuple[str | int, ...] | None:
    """Return where the page of a list begins that an address asks for; None for the first."""
    text = request.query.get(name, "")
    return tuple(decode_cursor(text, length)) if text else None


def _is_key(key: object) -> bool:
    if isinstance(key, str):
        return "\x00" not in key
    return type(key) is int and abs(key) < 2**63
