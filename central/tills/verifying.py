"""What the entries of a chain prove.

A signature is over the hash of a header, and the header has the hash of the header before it and of its own body. So a
signed entry proves itself and, link by link, what stands before it, up to the first link that does not hold. From
there back an entry stands on its own: its own signature is checked, and it proves what it links to in its turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from central.tills.values import Arrived
from commerce.bodies.chain import ChainOpened, KeyRotated
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.ledger import Head, Kind, check_link, key_id_of, verify_signature


@dataclass(slots=True)
class Walk:
    """How far a chain came, with which keys, and what is to be set aside why."""

    head: Head
    public_key: bytes
    problems: dict[int, str] = field(default_factory=dict)
    proven: list[bool] = field(default_factory=list)
    rotated: list[tuple[int, bytes]] = field(default_factory=list)  # from this sequence on this key signs
    next_keys: dict[int, bytes] = field(default_factory=dict)  # what signs after those that go on beside the chain

    def genuine(self, entries: Sequence[Arrived]) -> list[bool]:
        """Return which of the entries walked along are, to the byte, the till's own for their place."""
        sound = (self.problems.get(one.entry.seq) not in _UNSOUND for one in entries)
        return [proven and holds for proven, holds in zip(self.proven, sound, strict=True)]


def verify_batch(
    entries: Sequence[Arrived], chain: str, head: Head, public_key: bytes, head_is_sound: Callable[[], bool]
) -> Walk:
    """Return what entries in order of sequence prove after ``head``.

    A link that does not hold speaks against an entry only when the one before it is genuine: after an altered one the
    next is innocent. ``head_is_sound`` is asked whether the entry at ``head`` is, only where it matters.
    """
    walk = Walk(head, public_key)
    keys = []
    for one in entries:
        problem = content_problem(one, chain)
        if problem:
            walk.problems[one.entry.seq] = problem
        keys.append(walk.public_key)
        _rotate(walk, one, problem)
    misplaced = {seq for seq, problem in walk.problems.items() if problem in _ELSEWHERE}
    walk.proven = _prove(entries, keys)
    for one, proven in zip(entries, walk.proven, strict=True):
        if not proven:
            walk.problems.setdefault(one.entry.seq, "ledger.signature")
    for index, one in enumerate(entries):
        if one.entry.seq > 1 and not _follows(one, entries[index - 1].hash if index else head.hash):
            before = walk.proven[index - 1] and one.entry.seq - 1 not in misplaced if index else head_is_sound()
            if before:
                walk.problems.setdefault(one.entry.seq, "ledger.broken_link")
    if entries:
        walk.head = Head(entries[-1].entry.seq, entries[-1].hash)
    return walk


def content_problem(one: Arrived, chain: str) -> str | None:
    """Return what is wrong with an entry by itself: place, hashes, form, and what was found when it arrived."""
    if one.header is None:
        return one.problem
    try:
        before = Head(one.entry.seq - 1, bytes.fromhex(str(one.header["prev"])))
        problem = check_link(one.entry, one.header, chain, before)
    except ValueError:
        return "ledger.unreadable"
    if one.entry.seq == 1 and problem is None:
        problem = _genesis_problem(one, one.header)
    return problem or one.problem


def is_signed(one: Arrived, public_key: bytes) -> bool:
    """Return whether an entry's own signature holds."""
    return verify_signature(public_key, one.hash, one.entry.signature)


def _prove(entries: Sequence[Arrived], keys: Sequence[bytes]) -> list[bool]:
    proven = [False] * len(entries)
    for index in reversed(range(len(entries))):
        later = index + 1
        by_later = later < len(entries) and proven[later] and _follows(entries[later], entries[index].hash)
        proven[index] = by_later or is_signed(entries[index], keys[index])
    return proven


def _follows(one: Arrived, before: bytes) -> bool:
    return one.header is not None and one.header["prev"] == before.hex()


def _rotate(walk: Walk, one: Arrived, problem: str | None) -> None:
    """The new key counts only when the old one signed for it."""
    if one.header is None or one.header["kind"] != Kind.KEY_ROTATED or problem in _UNSOUND:
        return
    try:
        new_key = bytes.fromhex(read(KeyRotated, one.entry.body).public_key)
    except BadInputError:
        walk.problems[one.entry.seq] = "ledger.unreadable"
        return
    if is_signed(one, walk.public_key):
        walk.public_key = new_key
        walk.rotated.append((one.entry.seq + 1, new_key))
    else:
        walk.problems[one.entry.seq] = "ledger.signature"


def _genesis_problem(one: Arrived, header: dict[str, object]) -> str | None:
    if header["kind"] != Kind.CHAIN_OPENED:
        return "ledger.no_genesis"
    try:
        opened = read(ChainOpened, one.entry.body)
    except BadInputError:
        return "ledger.unreadable"
    alone = (opened.previous_seq, opened.previous_head, opened.previous_source) == (0, "00" * 32, None)
    follows = opened.previous_source is not None if opened.previous_chain else alone
    key_id = key_id_of(bytes.fromhex(opened.public_key))
    holds = key_id == opened.key_id == header["key_id"] and opened.previous_head == header["prev"]
    return None if holds and follows else "ledger.genesis"


# The bytes are an entry's of another place: what stands beside it cannot follow it.
_ELSEWHERE = frozenset(("ledger.misplaced", "ledger.unreadable", "ledger.no_genesis", "ledger.other_till"))
_UNSOUND = _ELSEWHERE | {"ledger.header_changed", "ledger.body_changed"}
