"""``head.json``: central's word on every chain of this till, kept outside the ledger.

It proves what was delivered, and tells a ledger that was put back from an older copy, or lost, from a whole one.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from commerce.errors import BadInputError
from commerce.ledger import SignedHead, read_signed_head

HEAD_FILE = "head.json"

_log = structlog.get_logger("heads")


def read_heads(path: Path) -> list[SignedHead]:
    """Return the heads in the file, or the one that it is; BadInputError ``head.unreadable`` or ``head.signature``."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError("head.unreadable", path=path.name) from error
    heads = document.get("heads", [document]) if isinstance(document, dict) else None
    if not isinstance(heads, list) or not all(isinstance(head, dict) for head in heads):
        raise BadInputError("head.unreadable", path=path.name)
    return [read_signed_head(head) for head in heads]


def find_heads(path: Path, till: str, central_key: bytes) -> list[SignedHead]:
    """Return what this till's central said; a file that cannot be read proves nothing any more, and is said."""
    if not path.exists():
        return []
    try:
        heads = read_heads(path)
    except BadInputError as error:
        _log.warning("central's word is unreadable", file=path.name, code=error.code)
        return []
    return [head for head in heads if head.till == till and head.public_key == central_key]


def merge_heads(known: Iterable[SignedHead], said: Iterable[SignedHead]) -> list[SignedHead]:
    """Return the furthest head of every chain: what central held once is not forgotten."""
    furthest: dict[str, SignedHead] = {}
    for head in (*known, *said):
        kept = furthest.get(head.chain)
        if kept is None or head.head.seq >= kept.head.seq:
            furthest[head.chain] = head
    return list(furthest.values())


def write_heads(path: Path, heads: Sequence[SignedHead], *, durable: bool = True) -> None:
    """Replace the file as a whole: half a proof proves nothing.

    An acknowledgement is not worth a sync of the disk, which sales would wait for: a newer one follows.
    """
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"heads": [head.as_json() for head in heads]}, file, indent=1)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)
