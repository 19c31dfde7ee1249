"""What a chain's first entry says: which key signs it, what it is for, which chain it follows.

The table of chains proves nothing. A genesis does, when the till's own key signed it, or when a genuine chain was
opened behind the very entry that its chain ends with: nobody who makes up a key can make up that.
"""

from dataclasses import dataclass

from commerce.bodies.chain import ChainOpened
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.ledger import Entry, check_content, read_header, verify_signature
from terminal.db import ledger
from terminal.db.connection import Queries


@dataclass(frozen=True, slots=True)
class Genesis:
    """A chain's first entry, as it was written; who signed it is another question."""

    chain: str
    entry: Entry
    header: dict[str, object]
    opened: ChainOpened


def read_genesis(entry: Entry | None) -> ChainOpened | None:
    """Return what a genesis says; None where there is none, or nobody can read it: the walk names it."""
    if entry is None or entry.seq != 1:
        return None
    try:
        return read(ChainOpened, entry.body)
    except (BadInputError, ValueError, TypeError):
        return None


def find_genesis(queries: Queries, chain: str) -> ChainOpened | None:
    """Return what a chain's genesis says; None where there is none, or nobody can read it."""
    return read_genesis(ledger.find_entry(queries, chain, 1))


def find_key(entry: Entry | None) -> bytes | None:
    """Return the key that a genesis brings; whether it is to be believed is another question."""
    opened = read_genesis(entry)
    return None if opened is None else bytes.fromhex(opened.public_key)


def key_of(queries: Queries, chain: str, own: bytes) -> bytes:
    """Return the key that signs a chain's entries: the till's ``own``, or the one it had before."""
    return Keys(queries, own).of(chain)


class Keys:
    """The keys of a ledger's chains, as far as its entries prove them."""

    def __init__(self, queries: Queries, own: bytes) -> None:
        self._queries = queries
        self._own = own
        written = ledger.list_written_chains(queries)
        found = (_as_written(chain, ledger.find_entry(queries, chain, 1)) for chain in written)
        self.genesis = {one.chain: one for one in found if one is not None}

    def of(self, chain: str) -> bytes:
        """Return the key that a later chain vouches for, else the till's own."""
        return self._vouched(chain, frozenset()) or self._own

    def proven(self, chain: str) -> bytes | None:
        """Return the key that signed a chain's genesis, None where nothing proves that it is genuine."""
        genesis = self.genesis.get(chain)
        if genesis is None:
            return None
        return next((key for key in (self._own, self.of(chain)) if _is_signed(genesis, key)), None)

    def _vouched(self, chain: str, seen: frozenset[str]) -> bytes | None:
        genesis = self.genesis.get(chain)
        if genesis is None or chain in seen:
            return None
        for later in self.genesis.values():
            if later.opened.previous_chain == chain and self._vouches(later, chain, seen | {chain}):
                return bytes.fromhex(genesis.opened.public_key)
        return None

    def _vouches(self, later: Genesis, chain: str, seen: frozenset[str]) -> bool:
        key = self._vouched(later.chain, seen) or self._own
        end = ledger.find_hash(self._queries, chain, later.opened.previous_seq)
        return _is_signed(later, key) and end == bytes.fromhex(later.opened.previous_head)


def _as_written(chain: str, entry: Entry | None) -> Genesis | None:
    opened = read_genesis(entry)
    if entry is None or opened is None:
        return None
    try:
        header = read_header(entry)
    except (BadInputError, ValueError, TypeError):
        return None
    return None if check_content(entry, header, chain) else Genesis(chain, entry, header, opened)


def _is_signed(genesis: Genesis, key: bytes) -> bool:
    return verify_signature(key, genesis.entry.hash, genesis.entry.signature)
