"""Storing a push: verify against the head under its lock, keep the raw entries, advance the head. One transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from central.db.events import emit
from central.db.signals import STORED, mark
from central.tills import chains
from central.tills.chains import ChainRow
from central.tills.values import Arrived, Batch, Gap, KnownTill, Stored
from commerce.canonical import parse_canonical
from commerce.errors import BadInputError
from commerce.ledger import ChainMode, Head, Kind, check_link, verify_signature


def store(connection: Connection, batch: Batch, at: datetime) -> Stored | Gap:
    """Keep what is new of a batch and return the new head; entries beside stored ones become forks.

    Serialised per chain by the lock on its head.
    """
    first = batch.entries[0]
    chain = chains.lock(connection, batch.till, batch.chain)
    if chain is None:
        if first.entry.seq != 1:
            return Gap(1)
        chain = _open_chain(connection, batch, first, at)
    new = _contiguous(batch.entries, chain.seq + 1)
    walk = _verify(chain, batch, new)
    if new:
        _keep(connection, batch, chain, walk, new, at)
    taken = set(map(id, new))
    known = [one for one in batch.entries if one.entry.seq <= walk.head.seq and id(one) not in taken]
    forked = _keep_forks(connection, batch, known, at) if known else 0
    if batch.entries[-1].entry.seq > walk.head.seq:
        return Gap(walk.head.seq + 1)
    return Stored(walk.head, len(new), forked, len(walk.problems))


def _contiguous(entries: Sequence[Arrived], expected: int) -> list[Arrived]:
    """Return the entries from the expected one up to the first gap, one for each sequence."""
    taken: list[Arrived] = []
    for one in entries:
        if one.entry.seq == expected:
            taken.append(one)
            expected += 1
        elif one.entry.seq > expected:
            break
    return taken


def _open_chain(connection: Connection, batch: Batch, first: Arrived, at: datetime) -> ChainRow:
    """Open a chain as its genesis says, when an enrolled key of the till signs it."""
    keys = chains.enrolled_keys(connection, batch.till.till)
    mode, public_key = batch.till.mode, keys[0]
    try:
        body = parse_canonical(first.entry.body)
        said_key, said_mode = bytes.fromhex(str(body["public_key"])), ChainMode(str(body["mode"]))
        public_key = said_key if said_key in keys else public_key
        mode = said_mode.value if said_mode is not ChainMode.LIVE else mode
    except (BadInputError, ValueError, KeyError):
        pass  # kept and set aside like any other entry that cannot be read
    return chains.open_chain(connection, batch.till, batch.chain, mode, public_key, at)


@dataclass(slots=True)
class _Walk:
    """How far the chain came, with which key, and what is to be set aside why."""

    head: Head
    public_key: bytes
    problems: dict[int, str] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)


def _verify(chain: ChainRow, batch: Batch, new: Sequence[Arrived]) -> _Walk:
    walk = _Walk(Head(chain.seq, chain.hash), chain.public_key)
    for one in new:
        problem = _problem(one, batch.chain, walk.head) or ("till.revoked" if chain.revoked else None)
        if problem:
            walk.problems[one.entry.seq] = problem
        walk.keys.append(walk.public_key)
        if one.header and one.header["kind"] == Kind.KEY_ROTATED and not problem:
            _rotate(walk, one)
        walk.head = Head(one.entry.seq, one.hash)
    if new and not _is_signed(new[-1], walk.keys[-1]):
        _check_all_signatures(walk, new)
    return walk


def _problem(one: Arrived, chain: str, head: Head) -> str | None:
    if one.header is None:
        return one.problem
    try:
        if one.entry.seq == 1:  # a genesis links to the head of the chain before
            head = Head(0, bytes.fromhex(str(one.header["prev"])))
            if one.header["kind"] != Kind.CHAIN_OPENED:
                return "ledger.no_genesis"
        return check_link(one.entry, one.header, chain, head) or one.problem
    except ValueError:
        return "ledger.unreadable"


def _rotate(walk: _Walk, one: Arrived) -> None:
    """The new key counts only when the old one signed for it."""
    try:
        new_key = bytes.fromhex(str(parse_canonical(one.entry.body)["public_key"]))
    except (BadInputError, ValueError, KeyError):
        walk.problems[one.entry.seq] = "ledger.unreadable"
        return
    if _is_signed(one, walk.public_key) and len(new_key) == 32:
        walk.public_key = new_key
    else:
        walk.problems[one.entry.seq] = "ledger.signature"


def _check_all_signatures(walk: _Walk, new: Sequence[Arrived]) -> None:
    for one, key in zip(new, walk.keys, strict=True):
        if not _is_signed(one, key):
            walk.problems.setdefault(one.entry.seq, "ledger.signature")


def _is_signed(one: Arrived, public_key: bytes) -> bool:
    return verify_signature(public_key, one.hash, one.entry.signature)


def _keep(
    connection: Connection, batch: Batch, chain: ChainRow, walk: _Walk, new: Sequence[Arrived], at: datetime
) -> None:
    till = batch.till
    chains.keep(connection, till.till, batch.chain, new, walk.head, at)
    if walk.public_key != chain.public_key:
        chains.change_key(connection, till.till, batch.chain, walk.public_key)
    if walk.problems:
        chains.insert_set_aside(connection, till.till, batch.chain, walk.problems, at)
        emit(connection, till.company, "till.set_aside", _keys(till, batch.chain, walk.problems), at)
    mark(connection, STORED)


def _keep_forks(connection: Connection, batch: Batch, known: Sequence[Arrived], at: datetime) -> int:
    """Keep entries whose place is taken by other bytes; returns how many there are, old ones included."""
    span = known[0].entry.seq, known[-1].entry.seq
    stored = chains.stored_hashes(connection, batch.till.till, batch.chain, span)
    forks = [one for one in known if stored[one.entry.seq] != one.hash]
    fresh = chains.insert_forks(connection, batch.till.till, batch.chain, forks, at) if forks else []
    emit(connection, batch.till.company, "till.forked", _keys(batch.till, batch.chain, fresh), at)
    return len(forks)


def _keys(till: KnownTill, chain: str, seqs: Sequence[int] | dict[int, str]) -> list[str]:
    return [f"{till.till}/{chain}/{seq}" for seq in seqs]
