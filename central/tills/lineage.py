"""Which key signs an entry by its own history.

A till that goes on from an older copy writes beside its chain, and its key there may be another than the chain's at
the same place: it changed the key after the copy was made, or the copy changed its own. Such an entry names what it
follows by hash, so its history is followed back to where it leaves the chain, and from there every change of key that
the key before has signed counts. Nothing of this counts by itself: a key that was given up may have been lost too, so
a person decides about each of these entries (``ledger.fork_key``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from central.tills.chains import SigningKey, key_at
from central.tills.tables import ledger_entry, ledger_fork, set_aside
from central.tills.values import Arrived
from commerce.bodies.chain import KeyRotated
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.ledger import Entry, Kind, check_content, read_header, verify_signature

_MOST_LOOKUPS = 1_000  # what goes on beside the chain is stored with its key: a walk is over after a step or two


@dataclass(frozen=True, slots=True)
class _Held:
    """What is held at a place: ``next_key`` where it is known already which key follows it."""

    hash: bytes
    prev: bytes | None
    key: bytes | None  # that it changes to
    signature: bytes
    next_key: bytes | None


@dataclass(slots=True)
class Lineage:
    """The keys of one chain and of what was written beside it."""

    connection: Connection
    till: str
    chain: str
    keys: Sequence[SigningKey]
    _after: dict[bytes, bytes] = field(default_factory=dict)
    _lookups: int = 0

    def judge(self, one: Arrived) -> str | None:
        """Return None for the signature of the chain's key, ``ledger.fork_key`` for that of its own history's."""
        if verify_signature(key_at(self.keys, one.entry.seq), one.hash, one.entry.signature):
            return None
        key = self._key_for(one.entry.seq, _prev(one.header))
        signed = key is not None and verify_signature(key, one.hash, one.entry.signature)
        return "ledger.fork_key" if signed else "ledger.signature"

    def learn(self, one: Arrived) -> bytes | None:
        """Return which key follows an entry, None where its history is not held; what comes next may name it."""
        key = self._key_for(one.entry.seq, _prev(one.header))
        if key is None:
            return None
        prev, new_key = _prev(one.header), _new_key(one.entry, one.header, self.chain)
        return self._follow([_Held(one.hash, prev, new_key, one.entry.signature, None)], key)

    def _key_for(self, seq: int, prev: bytes | None) -> bytes | None:
        """Return which key signs what follows an entry, by walking back to where its history is known."""
        passed: list[_Held] = []
        while prev is not None:
            key = self._after.get(prev)
            if key is None:
                held = self._find(seq - 1 - len(passed), prev)
                if held is None:
                    return None
                key = held.next_key
                if key is None:
                    passed.append(held)
                    prev = held.prev
                    continue
            return self._follow(passed, key)
        return None

    def _follow(self, passed: Sequence[_Held], key: bytes) -> bytes:
        for held in reversed(passed):
            if held.key is not None and verify_signature(key, held.hash, held.signature):
                key = held.key
            self._after[held.hash] = key
        return key

    def _find(self, seq: int, digest: bytes) -> _Held | None:
        """Return what is held with a hash at a place; after an entry that the chain's key has signed, its next one."""
        self._lookups += 1
        if seq < 1 or self._lookups > _MOST_LOOKUPS:
            return None
        for table in (ledger_entry, ledger_fork):
            place = (table.c.till == self.till, table.c.chain == self.chain, table.c.seq == seq, table.c.hash == digest)
            row = self.connection.execute(select(table).where(*place)).first()
            if row is not None:
                return self._held(row, on_chain=table is ledger_entry)
        return None

    def _held(self, row: Row[Any], *, on_chain: bool) -> _Held:
        entry = Entry(row.seq, row.header, row.body, row.hash, row.signature)
        header = _header(entry)
        if not on_chain:
            next_key: bytes | None = row.next_key
        else:
            own = verify_signature(key_at(self.keys, row.seq), row.hash, row.signature)
            next_key = key_at(self.keys, row.seq + 1) if own else self._remembered(row.seq)
        return _Held(row.hash, _prev(header), _new_key(entry, header, self.chain), row.signature, next_key)

    def _remembered(self, seq: int) -> bytes | None:
        """Return what was found out when the entry was set aside: a copy's history may go on for days."""
        aside = set_aside.c
        here = (aside.till == self.till, aside.chain == self.chain, aside.seq == seq)
        return self.connection.execute(select(aside.next_key).where(*here)).scalar()


def _header(entry: Entry) -> dict[str, object] | None:
    try:
        return read_header(entry)
    except BadInputError:
        return None


def _prev(header: dict[str, object] | None) -> bytes | None:
    try:
        return bytes.fromhex(str(header["prev"])) if header else None
    except ValueError:
        return None


def _new_key(entry: Entry, header: dict[str, object] | None, chain: str) -> bytes | None:
    """Return the key that an entry changes to; its body counts only as the header that was signed says it."""
    if header is None or header["kind"] != Kind.KEY_ROTATED or check_content(entry, header, chain) is not None:
        return None
    try:
        return bytes.fromhex(read(KeyRotated, entry.body).public_key)
    except BadInputError:
        return None
