"""The messages between till and central, versioned. The envelope accepts the current and one older version.

Entries travel as the very bytes that were hashed: header and body are JSON texts inside JSON strings. A request may be
zstd compressed, then its type is ``application/zstd`` (a content encoding would be taken apart by the HTTP library,
where its size cannot be limited first); answers may be under ``Content-Encoding: zstd``. Every request but enrolment
carries the till's token as ``Authorization: Bearer``.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from commerce.bounds import (
    MOST_BODY_BYTES,
    MOST_HEADER_BYTES,
    Count,
    Moment,
    Offset,
    ShortText,
    StableCode,
    short,
)
from commerce.errors import BadInputError
from commerce.ledger import Entry

CATALOGUE_SIGNATURE = "X-Catalogue-Signature"  # of ``commerce.rows.catalogue_statement`` by central's key, in hex
MAX_BATCH_ENTRIES = 1000
# What a push may hold, uncompressed; an entry of 5,000 lines has room.
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_ENROL_BYTES = 4 * 1024
MAX_PERSONAL_BYTES = 64 * 1024
SIGNATURE_CHARS = 88  # 64 bytes in base64
MOST_DEVICES = 64

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=["0123456789abcdef" * 2])]
Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0123456789abcdef" * 4])]
Uuid = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        examples=["019ab0c4-1f00-7000-8000-000000000001"],
    ),
]


class Message(BaseModel):
    """The envelope's common part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wire: Literal[1] = 1


class WireEntry(BaseModel):
    """One entry in its exact bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: Count = Field(ge=1)
    header: str = Field(max_length=MOST_HEADER_BYTES)
    body: str = Field(max_length=MOST_BODY_BYTES)
    hash: Hex64
    signature: str = Field(max_length=SIGNATURE_CHARS)  # base64
    personal: Annotated[str, Field(max_length=MAX_PERSONAL_BYTES)] | None = None


class PushRequest(Message):
    """``POST /sync/v1/ledger``: entries of one chain, in order of seq without a gap."""

    till: Uuid
    chain: Hex32
    entries: list[WireEntry] = Field(min_length=1, max_length=MAX_BATCH_ENTRIES)


class HeadMessage(BaseModel):
    """Central's signed head of a chain (``commerce.ledger.SignedHead.as_json``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    till: Uuid
    chain: Hex32
    seq: Count
    hash: Hex64
    at: Moment
    public_key: Hex64
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$", examples=["0123456789abcdef" * 8])]


class PushAnswer(Message):
    """200: everything up to ``head`` is stored and fsynced. ``forked`` counts entries kept beside other bytes.

    Where the push's last entry is not that head (kept beside, or central has more), ``received`` is central's word that
    it holds the push up to there, as it was sent.
    """

    head: HeadMessage
    received: HeadMessage | None = None
    forked: Count = 0
    set_aside: Count = 0


class GapAnswer(Message):
    """409 ``sync.gap``: send again from ``expected`` (1 when central does not know the chain)."""

    code: Literal["sync.gap"] = "sync.gap"
    expected: Count


class ErrorAnswer(Message):
    """Any other refusal: a stable code and the values of its message."""

    code: str
    values: dict[str, Any] = {}


class HeadsAnswer(Message):
    """``GET /sync/v1/heads``: what central holds of this till, asked on first contact and after every reconnect.

    ``time`` is central's clock (UTC text), for the offset; ``epoch`` is the registry feed's.
    """

    heads: list[HeadMessage]
    time: str
    epoch: str


class EnrolRequest(Message):
    """``POST /sync/v1/enrol``: the one-time code and the public half of the key pair made on the till.

    ``unsent_of`` is the till whose entries this machine has still to send: a code of any other is refused.
    """

    code: str = Field(min_length=4, max_length=64, examples=["K7QD-2M9X"])
    public_key: Hex64
    app_version: ShortText
    unsent_of: Uuid | None = None


class CompanyCard(BaseModel):
    """The company as a till's documents need it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Uuid
    name: str
    tax_id: str
    country: str
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])


class ShopCard(BaseModel):
    """The shop: IANA zone, languages (the first is the default), address lines, cut-off ``HH:MM``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Uuid
    name: str
    zone: str
    languages: list[str] = Field(min_length=1)
    address: list[str] = []
    cut_off: str = "04:00"


class TillCard(BaseModel):
    """The till: ``code`` is short (``T2``) and starts its numbering series; ``mode`` is its chains' mode."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Uuid
    code: str = Field(pattern=r"^[A-Z0-9]{1,6}$", examples=["T2"])
    name: str
    mode: Literal["live", "training", "demo", "replay"] = "live"


class EnrolAnswer(Message):
    """The identity a till keeps. Token (256 bits) and secret (binds PIN verifiers) are hex, shown only here."""

    company: CompanyCard
    shop: ShopCard
    till: TillCard
    token: Hex64
    till_secret: Hex64
    central_public_key: Hex64
    heads: list[HeadMessage] = []


# The registry feed: kinds in the order a till applies them; "operating" goes to ledger.db, the rest to catalog.db.
OPERATING_KINDS = ("company", "shop", "till_settings", "vat_code", "tender_type", "operator", "reason")
CATALOG_KINDS = ("item", "customer")


class Change(BaseModel):
    """One registry row as it is now; ``row`` is None when it was deleted (a tombstone).

    ``version`` grows with each change of the row; lines keep it as their price version. ``digest`` is
    ``commerce.rows.row_digest`` of it for the till that asked, which uses no row without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    id: str
    version: int
    row: dict[str, Any] | None
    digest: Hex64 | None = None


class ChangesPage(Message):
    """``GET /sync/v1/changes?feed=operating|catalog&after=cursor``: NDJSON of transactions, then this trailer.

    Each line of the stream is one JSON array: all changes of one commit (at most 2,000 of a long import). The last
    line is this object: the cursor to ask with next, and whether more was waiting.
    """

    cursor: str
    more: bool


class DeviceStatus(BaseModel):
    """A device as a till sees it; ``reason`` is a stable code, empty when nothing is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ShortText
    kind: StableCode
    availability: StableCode
    reason: ShortText = ""
    doubtful: Count = 0  # codes that a scanner did not read for certain, since the till started

    @classmethod
    def of(cls, name: str, kind: str, availability: str, reason: str = "", doubtful: int = 0) -> "DeviceStatus":
        """Return a device's state; a name too long for the wire is cut, because it must not silence the till."""
        return cls(name=short(name), kind=kind, availability=availability, reason=short(reason), doubtful=doubtful)


class Heartbeat(Message):
    """Till to central over ``GET /sync/v1/live`` (WebSocket), every few seconds and on change."""

    type: Literal["heartbeat"] = "heartbeat"
    unsent: Count
    oldest_unsent_at: Moment | None
    version: ShortText
    clock_offset_ms: Offset | None
    devices: list[DeviceStatus] = Field(max_length=MOST_DEVICES)
    chain: Hex32
    seq: Count


class Nudge(Message):
    """Central to till: there is something new to pull."""

    type: Literal["changed"] = "changed"


def to_wire(entry: Entry) -> WireEntry:
    """Return an entry as it travels."""
    return WireEntry.model_construct(
        seq=entry.seq,
        header=entry.header.decode(),
        body=entry.body.decode(),
        hash=entry.hash.hex(),
        signature=base64.b64encode(entry.signature).decode(),
        personal=None if entry.personal is None else entry.personal.decode(),
    )


def from_wire(message: WireEntry) -> Entry:
    """Return the entry a message carries; BadInputError ``wire.entry`` when its bytes cannot be read."""
    try:
        return Entry(
            seq=message.seq,
            header=message.header.encode(),
            body=message.body.encode(),
            hash=bytes.fromhex(message.hash),
            signature=base64.b64decode(message.signature, validate=True),
            personal=None if message.personal is None else message.personal.encode(),
        )
    except (ValueError, binascii.Error) as error:
        raise BadInputError("wire.entry") from error
