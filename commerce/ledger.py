"""The ledger entry: complete, hashed, chained and signed from the first day, because it is never migrated.

Header and body are RFC 8785; they are stored and sent as the very bytes that were hashed and never serialised again.
``hash`` = SHA-256(domain tag + header bytes); the Ed25519 signature is over the 32 bytes of ``hash``.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commerce.bodies.chain import ChainOpened, KeyRotated, OpeningReason
from commerce.bodies.form import personal_of, read
from commerce.canonical import canonical_bytes, parse_canonical
from commerce.dates import utc_text
from commerce.errors import BadInputError
from commerce.kinds import ChainMode as ChainMode
from commerce.kinds import Kind as Kind

ENTRY_FORMAT = 1
NO_HASH = bytes(32)
_ENTRY_TAG = b"cassaforte.entry.v1\x00"
_PERSONAL_TAG = b"cassaforte.personal.v1\x00"
_HEAD_TAG = b"cassaforte.head.v1\x00"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes: the same for every entry of a chain."""

    company: str
    shop: str
    till: str
    chain: str
    app_version: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its last sequence and hash. ``seq`` 0 with NO_HASH is an empty chain."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What one entry says beside its body."""

    id: str
    kind: Kind
    at: datetime
    utc_offset: str
    business_day: date
    till_session: str | None = None
    operator: str | None = None
    approved_by: str | None = None
    command_id: str | None = None
    clock_suspect: bool = False
    kind_version: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed entry as it is stored and sent. ``personal`` may be erased later without breaking the chain."""

    seq: int
    header: bytes
    body: bytes
    hash: bytes
    signature: bytes
    personal: bytes | None = None


class Signer:
    """A till's (or central's) key; the key id is the first half of SHA-256 of the public key, in hex."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 byte signature."""
        return self._key.sign(message)


def key_id_of(public_key: bytes) -> str:
    """Return the id under which headers name a key."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def seal(
    origin: Origin,
    head: Head,
    facts: Facts,
    body: Mapping[str, object] | bytes,
    signer: Signer,
    personal: bytes | None = None,
) -> Entry:
    """Return the next entry of a chain after ``head``; TypeError for a body the ledger cannot hold.

    Bytes are a body in canonical form already.
    """
    body_bytes = body if isinstance(body, bytes) else canonical_bytes(body)
    header = {
        "format": ENTRY_FORMAT,
        "company": origin.company,
        "shop": origin.shop,
        "till": origin.till,
        "chain": origin.chain,
        "seq": head.seq + 1,
        "id": facts.id,
        "kind": facts.kind.value,
        "kind_version": facts.kind_version,
        "at": utc_text(facts.at),
        "utc_offset": facts.utc_offset,
        "business_day": facts.business_day.isoformat(),
        "till_session": facts.till_session,
        "operator": facts.operator,
        "approved_by": facts.approved_by,
        "command_id": facts.command_id,
        "app_version": origin.app_version,
        "key_id": signer.key_id,
        "clock_suspect": facts.clock_suspect,
        "prev": head.hash.hex(),
        "body_hash": hashlib.sha256(body_bytes).hexdigest(),
    }
    header_bytes = canonical_bytes(header)
    digest = entry_hash(header_bytes)
    return Entry(head.seq + 1, header_bytes, body_bytes, digest, signer.sign(digest), personal)


HEADER_KEYS = frozenset(
    [
        "format",
        "company",
        "shop",
        "till",
        "chain",
        "seq",
        "id",
        "kind",
        "kind_version",
        "at",
        "utc_offset",
        "business_day",
        "till_session",
        "operator",
        "approved_by",
        "command_id",
        "app_version",
        "key_id",
        "clock_suspect",
        "prev",
        "body_hash",
    ]
)


PreviousSource = Literal["ledger", "head_file", "central"]


def genesis_body(
    signer: Signer,
    mode: ChainMode,
    reason: str,
    previous_chain: str | None,
    previous: Head,
    source: PreviousSource = "ledger",
) -> dict[str, object]:
    """Return the body of ``chain_opened``; its entry is sealed with ``prev`` = the old chain's head hash.

    ``previous`` is the newest head of the old chain that is known, and ``source`` says to whom.
    """
    opened = ChainOpened(
        public_key=signer.public_key.hex(),
        key_id=signer.key_id,
        mode=mode,
        reason=OpeningReason(reason),
        previous_chain=previous_chain,
        previous_seq=previous.seq,
        previous_head=previous.hash.hex(),
        previous_source=source if previous_chain else None,
    )
    return opened.as_body()


def entry_hash(header: bytes) -> bytes:
    """Return the hash that identifies and chains an entry."""
    return hashlib.sha256(_ENTRY_TAG + header).digest()


def personal_part(fields: Mapping[str, object]) -> tuple[bytes, str]:
    """Return personal data as its own bytes (with a random salt) and the digest that the body refers to."""
    encoded = canonical_bytes({"salt": secrets.token_hex(16), "fields": dict(fields)})
    return encoded, personal_digest(encoded)


def personal_digest(encoded: bytes) -> str:
    """Return the digest under which a body refers to personal data."""
    return hashlib.sha256(_PERSONAL_TAG + encoded).hexdigest()


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature over the message is by that key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Problem:
    """The first entry that does not hold: stable code and where."""

    chain: str
    seq: int
    code: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking a chain found; ``problem`` is None when everything holds."""

    chain: str
    entries: int
    head: Head
    problem: Problem | None


def read_header(entry: Entry) -> dict[str, object]:
    """Return the header's fields; BadInputError ``ledger.header`` when they are not those of the format."""
    header = parse_canonical(entry.header)
    if header.keys() != HEADER_KEYS or header["format"] != ENTRY_FORMAT:
        raise BadInputError("ledger.header")
    return header


def check_content(entry: Entry, header: Mapping[str, object], chain: str) -> str | None:
    """Return why an entry is not what its own header says, whatever stands before it (a stable code), or None."""
    if header["seq"] != entry.seq or header["chain"] != chain:
        return "ledger.misplaced"
    if entry_hash(entry.header) != entry.hash:
        return "ledger.header_changed"
    if hashlib.sha256(entry.body).hexdigest() != header["body_hash"]:
        return "ledger.body_changed"
    return None


def check_link(entry: Entry, header: Mapping[str, object], chain: str, previous: Head) -> str | None:
    """Return why an entry does not follow ``previous`` on its chain (a stable code), or None when it does.

    Checks identity, order, both hashes; not the signature.
    """
    code = check_content(entry, header, chain)
    if code is not None:
        return code
    if entry.seq != previous.seq + 1:
        return "ledger.missing"
    if header["prev"] != previous.hash.hex():
        return "ledger.broken_link"
    return None


def personal_problem(entry: Entry) -> str | None:
    """Return what speaks against an entry's personal part (a stable code); one that was erased is fine."""
    if entry.personal is None:
        return None
    try:
        said = personal_of(entry.body)
    except BadInputError:
        return "ledger.unreadable"
    return None if said == personal_digest(entry.personal) else "ledger.personal_changed"


def verify_chain(
    chain: str,
    entries: Iterable[Entry],
    *,
    start: Head | None = None,
    public_key: bytes | None = None,
    known_head: Head | None = None,
) -> Verdict:
    """Walk a chain in order of seq; check every link, hash and signature and name the first entry that fails.

    Without ``start`` the walk begins at the genesis entry, whose body brings the key; with ``public_key`` it must be
    that one, or the chain only agrees with itself. With ``known_head`` a truncated tail is named too
    (``ledger.truncated``, at the first missing seq), and so is a head that differs.
    """
    head = start or Head(0, NO_HASH)
    count = 0
    for entry in entries:
        code, public_key = _check_entry(chain, entry, head, public_key)
        if code is None and known_head and entry.seq == known_head.seq and entry.hash != known_head.hash:
            code = "ledger.other_head"
        if code:
            return Verdict(chain, count, head, Problem(chain, entry.seq, code))
        head, count = Head(entry.seq, entry.hash), count + 1
    if known_head and head.seq < known_head.seq:
        return Verdict(chain, count, head, Problem(chain, head.seq + 1, "ledger.truncated"))
    return Verdict(chain, count, head, None)


def _check_entry(chain: str, entry: Entry, head: Head, public_key: bytes | None) -> tuple[str | None, bytes | None]:
    """Return the problem's code, if any, and the key that signs the entries after this one."""
    try:
        header = read_header(entry)
        if entry.seq == 1 and head.seq == 0:  # a genesis links to the previous chain's head
            head = Head(0, bytes.fromhex(str(header["prev"])))
        code = check_link(entry, header, chain, head)
        if code:
            return code, public_key
        if entry.seq == 1:
            named = _key_of_genesis(entry, header)
            public_key = named if public_key in (None, named) else None
        if public_key is None or not verify_signature(public_key, entry.hash, entry.signature):
            return "ledger.signature", public_key
        if header["kind"] == Kind.KEY_ROTATED:
            public_key = bytes.fromhex(read(KeyRotated, entry.body).public_key)
    except (BadInputError, ValueError, KeyError):
        return "ledger.unreadable", public_key
    return personal_problem(entry), public_key


def _key_of_genesis(entry: Entry, header: Mapping[str, object]) -> bytes | None:
    if header["kind"] != Kind.CHAIN_OPENED:
        return None
    body = read(ChainOpened, entry.body)
    public_key = bytes.fromhex(body.public_key)
    holds = body.previous_head == header["prev"] and key_id_of(public_key) == header["key_id"] == body.key_id
    return public_key if holds else None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """Central's word that it holds a chain up to here: the till's proof of delivery, kept outside ``ledger.db``."""

    till: str
    chain: str
    head: Head
    at: str
    public_key: bytes
    signature: bytes

    def as_json(self) -> dict[str, object]:
        """Return the form kept in a file and sent on the wire."""
        return {
            **_head_statement(self.till, self.chain, self.head, self.at),
            "public_key": self.public_key.hex(),
            "signature": self.signature.hex(),
        }


def sign_head(signer: Signer, till: str, chain: str, head: Head, at: datetime) -> SignedHead:
    """Return the statement that the signer holds ``chain`` up to ``head``."""
    statement = _head_statement(till, chain, head, utc_text(at))
    return SignedHead(till, chain, head, utc_text(at), signer.public_key, signer.sign(_head_digest(statement)))


def read_signed_head(document: Mapping[str, object]) -> SignedHead:
    """Read ``SignedHead.as_json``; BadInputError ``head.unreadable`` or ``head.signature``."""
    try:
        head = Head(int(str(document["seq"])), bytes.fromhex(str(document["hash"])))
        signed = SignedHead(
            str(document["till"]),
            str(document["chain"]),
            head,
            str(document["at"]),
            bytes.fromhex(str(document["public_key"])),
            bytes.fromhex(str(document["signature"])),
        )
    except (KeyError, ValueError) as error:
        raise BadInputError("head.unreadable") from error
    digest = _head_digest(_head_statement(signed.till, signed.chain, signed.head, signed.at))
    if not verify_signature(signed.public_key, digest, signed.signature):
        raise BadInputError("head.signature")
    return signed


def _head_statement(till: str, chain: str, head: Head, at: str) -> dict[str, object]:
    return {"till": till, "chain": chain, "seq": head.seq, "hash": head.hash.hex(), "at": at}


def _head_digest(statement: Mapping[str, object]) -> bytes:
    return hashlib.sha256(_HEAD_TAG + canonical_bytes(statement)).digest()
