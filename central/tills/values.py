"""What the parts of this area hand to each other."""

from dataclasses import dataclass
from itertools import chain

from commerce.ledger import Entry, Head


@dataclass(frozen=True, slots=True)
class KnownTill:
    """The till a token belongs to. ``revoked`` tokens still say whose entries come, and nothing more."""

    till: str
    company: str
    shop: str
    mode: str
    token_hash: bytes
    secret: bytes
    revoked: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entry as it came: ``hash`` is that of its header's bytes, ``header`` None when that cannot be read.

    ``id`` is the header's UUID in 16 bytes, None where it has none.
    """

    entry: Entry
    hash: bytes
    header: dict[str, object] | None
    problem: str | None
    id: bytes | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A push whose sender is known, in order of seq."""

    till: KnownTill
    chain: str
    entries: tuple[Arrived, ...]

    @property
    def size(self) -> int:
        """Return the bytes that are kept of it."""
        parts = ((e.header, e.body, e.signature, e.personal or b"") for e in (one.entry for one in self.entries))
        return sum(map(len, chain.from_iterable(parts)))


@dataclass(frozen=True, slots=True)
class Stored:
    """What a push came to: central's head of the chain and what was not taken as it is."""

    head: Head
    added: int
    forked: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing can be stored until this sequence comes."""

    expected: int


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A stored entry on its way to a projection."""

    till: str
    chain: str
    seq: int
    hash: bytes
    kind: str
    header: bytes
    body: bytes
