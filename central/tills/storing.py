"""Storing a push: verify against the head under its lock, keep the raw entries, advance the head. One transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from central.db.engine import Database
from central.db.events import emit
from central.db.faults import is_duplicate
from central.db.signals import STORED, mark
from central.tills import chains
from central.tills.chains import ChainRow
from central.tills.lineage import Lineage
from central.tills.proof import find_evidence
from central.tills.values import Arrived, Batch, Gap, KnownTill, Stored
from central.tills.verifying import Walk, content_problem, verify_batch
from commerce.bodies.chain import ChainOpened
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.ledger import NO_HASH, ChainMode, Head


async def keep_batch(database: Database, batch: Batch, at: datetime) -> Stored | Gap:
    """Keep a batch in one transaction; an id that another entry has is rare enough to be found out by the tables."""
    job = partial(store, batch=batch, at=at)
    try:
        return await database.receive(job)
    except DBAPIError as error:
        if not is_duplicate(error):
            raise
        return await database.receive(partial(job, shared_ids=True))


def store(connection: Connection, batch: Batch, at: datetime, *, shared_ids: bool = False) -> Stored | Gap:
    """Keep what is new of a batch and return the new head; entries beside stored ones become forks.

    Serialised per chain by the lock on its head. An entry whose id another one holds breaks the table's rule; told
    that there may be such (``shared_ids``), it is stored all the same and set aside.
    """
    first = batch.entries[0]
    chain = chains.lock(connection, batch.till, batch.chain)
    if chain is None:
        if first.entry.seq != 1:
            return Gap(1)
        chain = _open_chain(connection, batch, first, at)
    new = _contiguous(batch.entries, chain.seq + 1)
    walk = _verify(connection, chain, batch, new)
    taken = set(map(id, new))
    if new:
        _keep(connection, batch, chain, walk, _with_ids(connection, walk, new, shared=shared_ids), at)
    known = [one for one in batch.entries if one.entry.seq <= walk.head.seq and id(one) not in taken]
    forked = _keep_forks(connection, batch, chain, known, at) if known else 0
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
        opened = read(ChainOpened, first.entry.body)
        said_key, said_mode = bytes.fromhex(opened.public_key), opened.mode
        public_key = said_key if said_key in keys else public_key
        if said_mode is not ChainMode.LIVE and _proves_first(batch, public_key):
            mode = said_mode.value
    except BadInputError:
        pass  # kept and set aside like any other entry that cannot be read
    return chains.open_chain(connection, batch.till, batch.chain, mode, public_key, at)


def _proves_first(batch: Batch, public_key: bytes) -> bool:
    walk = verify_batch(_contiguous(batch.entries, 1), batch.chain, Head(0, NO_HASH), public_key, lambda: True)
    return walk.proven[0] and 1 not in walk.problems


def _verify(connection: Connection, chain: ChainRow, batch: Batch, new: Sequence[Arrived]) -> Walk:
    till, head = batch.till.till, Head(chain.seq, chain.hash)

    def head_is_sound() -> bool:
        found = find_evidence(connection, till, batch.chain, head.seq, head.hash)
        return found is not None and found.is_genuine

    walk = verify_batch(new, batch.chain, head, chain.public_key, head_is_sound)
    if new and new[0].entry.seq == 1 and 1 not in walk.problems and not _continues(connection, till, new[0]):
        walk.problems[1] = "ledger.previous_chain"
    _ask_their_history(connection, chain, batch, new, walk)
    if chain.revoked:
        walk.problems = {one.entry.seq: walk.problems.get(one.entry.seq, "till.revoked") for one in new}
    return walk


def _ask_their_history(
    connection: Connection, chain: ChainRow, batch: Batch, new: Sequence[Arrived], walk: Walk
) -> None:
    """Tell entries that go on from beside the chain, under a key of their own history, from those nobody signed."""
    doubtful = [one for one in new if walk.problems.get(one.entry.seq) == "ledger.signature"]
    if not doubtful or chain.seq == 0:
        return
    lineage = Lineage(
        connection, batch.till.till, batch.chain, chains.keys_of(connection, batch.till.till, batch.chain)
    )
    for one in batch.entries:
        lineage.learn(one)
    walk.problems |= {one.entry.seq: lineage.judge(one) or "ledger.signature" for one in doubtful}
    walk.next_keys = {one.entry.seq: key for one in doubtful if (key := lineage.learn(one))}


def _continues(connection: Connection, till: str, genesis: Arrived) -> bool:
    """Tell whether the chain that a genesis names ended as it says, as far as that chain is held here."""
    opened = read(ChainOpened, genesis.entry.body)
    if opened.previous_chain is None:
        return True
    held = chains.hashes_at(connection, till, opened.previous_chain, opened.previous_seq)
    return not held or bytes.fromhex(opened.previous_head) in held


def _with_ids(connection: Connection, walk: Walk, new: Sequence[Arrived], *, shared: bool) -> list[Arrived]:
    """Take their ids from entries that nobody signed, or somebody may later be refused the use of his own."""
    kept = [one if genuine else replace(one, id=None) for one, genuine in zip(new, walk.genuine(new), strict=True)]
    return _without_shared_ids(connection, walk, kept) if shared else kept


def _without_shared_ids(connection: Connection, walk: Walk, new: Sequence[Arrived]) -> list[Arrived]:
    """Take the ids away that another entry holds already, and say so."""
    held = chains.held_ids(connection, [one.id for one in new if one.id])
    kept = []
    for one in new:
        if one.id in held:
            walk.problems.setdefault(one.entry.seq, "ledger.shared_id")
            kept.append(replace(one, id=None))
        else:
            kept.append(one)
            held.update({one.id} if one.id else ())
    return kept


def _keep(
    connection: Connection, batch: Batch, chain: ChainRow, walk: Walk, new: Sequence[Arrived], at: datetime
) -> None:
    till = batch.till
    chains.keep(connection, till.till, batch.chain, new, walk.head, at)
    if walk.rotated:
        chains.change_key(connection, till.till, batch.chain, walk.rotated)
    if walk.problems:
        chains.insert_set_aside(connection, till.till, batch.chain, walk.problems, at, walk.next_keys)
        emit(connection, till.company, "till.set_aside", _keys(till, batch.chain, walk.problems), at)
    mark(connection, STORED)


def _keep_forks(connection: Connection, batch: Batch, chain: ChainRow, known: Sequence[Arrived], at: datetime) -> int:
    """Keep entries whose place is taken by other bytes; returns how many there are, old ones included."""
    till, span = batch.till.till, (known[0].entry.seq, known[-1].entry.seq)
    stored = chains.stored_hashes(connection, till, batch.chain, span)
    forks = [one for one in known if stored[one.entry.seq] != one.hash]
    fresh = chains.fresh_forks(connection, till, batch.chain, forks) if forks else []
    if fresh:
        keys, shut_out = chains.keys_of(connection, till, batch.chain), "till.revoked" if chain.revoked else None
        lineage = Lineage(connection, till, batch.chain, keys)
        checked = []
        for one in fresh:
            problem = content_problem(one, batch.chain) or lineage.judge(one) or shut_out
            checked.append((one, problem, lineage.learn(one)))
        chains.insert_forks(connection, till, batch.chain, checked, at)
    seqs = [one.entry.seq for one in fresh]
    emit(connection, batch.till.company, "till.forked", _keys(batch.till, batch.chain, seqs), at)
    return len(forks)


def _keys(till: KnownTill, chain: str, seqs: Sequence[int] | dict[int, str]) -> list[str]:
    return [f"{till.till}/{chain}/{seq}" for seq in seqs]
