"""Reading a push before the database is asked anything."""

import base64
import binascii
from itertools import pairwise

from central.tills.values import Arrived, Batch, KnownTill
from commerce.errors import BadInputError, ForbiddenError
from commerce.ledger import Entry, Kind, entry_hash, read_header
from commerce.wire import PushRequest, WireEntry

_KNOWN_VERSIONS = {kind.value: 1 for kind in Kind}


def read_push(request: PushRequest, till: KnownTill) -> Batch:
    """Return the batch in order of seq; ForbiddenError ``sync.foreign_till`` when it speaks for another till.

    Nothing else is refused: what cannot be read is kept with its problem.
    """
    if request.till != till.till:
        raise ForbiddenError("sync.foreign_till")
    arrived = [_arrive(message, till) for message in request.entries]
    if any(one.entry.seq > two.entry.seq for one, two in pairwise(arrived)):
        arrived.sort(key=lambda one: one.entry.seq)
    return Batch(till, request.chain, tuple(arrived))


def _arrive(message: WireEntry, till: KnownTill) -> Arrived:
    entry, problem = _read_entry(message)
    digest = entry_hash(entry.header)
    try:
        header = read_header(entry)
    except BadInputError:
        return Arrived(entry, digest, None, "ledger.unreadable")
    if header["till"] != till.till or header["company"] != till.company:
        raise ForbiddenError("sync.foreign_till")
    return Arrived(entry, digest, header, problem or _header_problem(header, till))


def _read_entry(message: WireEntry) -> tuple[Entry, str | None]:
    try:
        signature, problem = base64.b64decode(message.signature, validate=True), None
    except (ValueError, binascii.Error):
        signature, problem = b"", "ledger.signature"
    personal = None if message.personal is None else message.personal.encode()
    entry = Entry(
        message.seq, message.header.encode(), message.body.encode(), bytes.fromhex(message.hash), signature, personal
    )
    return entry, problem


def _header_problem(header: dict[str, object], till: KnownTill) -> str | None:
    if not isinstance(header["kind"], str) or not isinstance(header["prev"], str):
        return "ledger.unreadable"
    if header["kind_version"] != _KNOWN_VERSIONS.get(header["kind"]):
        return "ledger.unknown_kind"
    return None if header["shop"] == till.shop else "ledger.other_shop"
