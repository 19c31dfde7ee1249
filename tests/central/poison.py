"""What a broken or hostile till may put in any place of a message, and where the places are."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
MISSING = object()
POISON: dict[str, Any] = {
    "2^31": 2**31,
    "2^33": 2**33,
    "2^53": 2**53,
    "2^63": 2**63,
    "2^64": 2**64,
    "negative": -1,
    "-2^64": -(2**64),
    "fraction": 1.5,
    "empty": "",
    "4 KB": "x" * 4096,
    "1 MB": "y" * 2**20,
    "control": "a\x00b\x1b[2J",
    "NUL": "\x00",
    "NFD": "Caffe\u0300",
    "digits": "٣",
    "year 9999": "9999-12-31T23:59:59.999999Z",
    "day 9999": "9999-12-31",
    "year 1": "0001-01-01T00:00:00.000000Z",
    "missing": MISSING,
    "null": None,
    "list": [[]],
    "object": {"\x00": 2**64},
    "true": True,
}


def places(message: object, path: Path = ()) -> Iterator[Path]:
    """Every place of a message, those of lists by their first element."""
    if path:
        yield path
    items: Any = ()
    if isinstance(message, dict):
        items = message.items()
    elif isinstance(message, list):
        items = list(enumerate(message))[:1]
    for key, value in items:
        yield from places(value, (*path, key))


def poisoned(message: Any, path: Path, value: object) -> Any:  # noqa: ANN401 - JSON
    """A copy of a message with another value in one place."""
    changed = copy.deepcopy(message)
    *way, last = path
    place = changed
    for key in way:
        place = place[key]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return changed


def all_poisoned(message: object) -> Iterator[tuple[str, Any]]:
    """Every message that is wrong in one place, each with a name."""
    for path in places(message):
        for name, value in POISON.items():
            yield f"{'.'.join(map(str, path))} = {name}", poisoned(message, path, value)
