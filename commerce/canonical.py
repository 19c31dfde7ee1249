"""RFC 8785 (JSON Canonicalization Scheme) within the ledger's limits, by orjson.

With ASCII keys, integers below 2**53, no floats and NFC text, orjson's sorted output is byte for byte that of RFC 8785
and 25 times faster than the reference implementation, which stays the oracle in the tests.
"""

import unicodedata
from collections.abc import Collection, Mapping
from typing import cast

import orjson

from commerce.errors import BadInputError

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_CONTAINERS = frozenset((dict, list, tuple))
_LEAVES = frozenset((str, int, bool, type(None), orjson.Fragment))


def canonical_bytes(value: Mapping[str, object]) -> bytes:
    """Return the canonical bytes; TypeError for a float, a key that is not ASCII text, or a type JSON lacks.

    Text that is not in NFC is normalised, and loses its NUL characters, which no database keeps: a name typed on
    another system must never keep a sale from being written.
    """
    _refuse_other_types(value)
    return canonical_bytes_of_form(value)


def canonical_bytes_of_form(value: Mapping[str, object]) -> bytes:
    """Return the canonical bytes of what the reader of a form takes, which need not be walked for other types."""
    try:
        encoded = orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise TypeError(str(error)) from error
    if b"\\u0000" not in encoded and (encoded.isascii() or unicodedata.is_normalized("NFC", encoded.decode())):
        return encoded
    return orjson.dumps(_to_nfc(value), option=_OPTIONS)


def parse_canonical(encoded: bytes) -> dict[str, object]:
    """Read the bytes of an object; BadInputError ``json.unreadable`` for anything else."""
    try:
        value = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise BadInputError("json.unreadable") from error
    if not isinstance(value, dict):
        raise BadInputError("json.unreadable")
    return cast("dict[str, object]", value)


def _refuse_other_types(root: Mapping[str, object]) -> None:
    """Walk without recursion, and past plain values at once: this runs inside every commit."""
    stack: list[object] = [root]
    while stack:
        members = _members(stack.pop())
        if _LEAVES.issuperset(map(type, members)):
            continue
        for item in members:
            kind = type(item)
            if kind in _CONTAINERS:
                stack.append(item)
            elif kind not in _LEAVES:
                raise TypeError(f"{kind.__name__} has no place in the ledger")


def _members(container: object) -> Collection[object]:
    if not isinstance(container, dict):
        return cast("Collection[object]", container)
    if not "".join(container).isascii():
        raise TypeError("keys of the ledger are ASCII")
    return container.values()


def _to_nfc(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\0", ""))
    if isinstance(value, dict):
        return {key: _to_nfc(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_nfc(item) for item in value]
    return value
