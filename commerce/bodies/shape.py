"""What a body may hold at all, looked at before its reader makes anything of it.

The reader keeps every fault with a copy of what is wrong: 12 MB of unknown keys took 4 GB, and a list of as many
numbers ended the process. So a body that is larger than a usual one has only so many members, no object with more keys
than a form has, and its types are tried first by a decoder that ends at the first that is wrong.
"""

import json
from functools import cache
from typing import Any

from commerce.errors import BadInputError

FEW_MEMBERS, FEW_BYTES = 20_000, 512 * 1024  # a sale of 400 lines; whatever is wrong with so much can be said
MOST_MEMBERS = 1_000_000  # 5,000 lines with discounts, or a Z that carries 100,000 unknown effects
MOST_KEYS = 64  # of one object: no form has as many


class _TooWideError(Exception):
    """An object has more keys than any form."""


def shape_problem(kind: type, encoded: bytes) -> str | None:
    """Return why a body is not even to be read (a stable code): it would cost more than an honest one of its size."""
    if len(encoded) <= FEW_MEMBERS:  # shorter than so many members, and most bodies are
        return None
    members = encoded.count(b",") + encoded.count(b"[") + encoded.count(b"{")
    if members <= FEW_MEMBERS and len(encoded) <= FEW_BYTES:
        return None
    if members > MOST_MEMBERS:
        return "body.out_of_bounds"
    try:
        json.loads(encoded, object_pairs_hook=_refuse_wide)  # repeated keys count too; nothing of what is read stays
        _decoder(kind).decode(encoded)
    except _TooWideError:
        return "body.out_of_bounds"
    except (ValueError, RecursionError):
        return "body.unreadable"
    return None


def member_of(encoded: bytes, name: str) -> bytes:
    """Return one member of an object in its own bytes, ``null`` where there is none; nothing is made of the others.

    BadInputError ``json.unreadable`` for what is no object.
    """
    return members_of(encoded, (name,))[0]


def members_of(encoded: bytes, names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return some members of an object; as ``member_of``."""
    try:
        found = _outline(names).decode(encoded)
        return tuple(bytes(getattr(found, name)) for name in names)
    except (ValueError, RecursionError) as error:
        raise BadInputError("json.unreadable") from error


def _refuse_wide(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) > MOST_KEYS:
        raise _TooWideError


@cache
def _decoder(kind: type) -> Any:  # noqa: ANN401 - msgspec's own
    import msgspec  # a till that starts reads none so large

    return msgspec.json.Decoder(kind)


@cache
def _outline(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - msgspec's own
    import msgspec

    members = [(name, msgspec.Raw, msgspec.Raw(b"null")) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct("Outline", members))
