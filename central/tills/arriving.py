"""Reading a push before the database is asked anything."""

import base64
import binascii
import re
from datetime import datetime
from itertools import pairwise

from central.tills.values import Arrived, Batch, KnownTill
from commerce.bodies.reading import BODIES
from commerce.bounds import check_bounds
from commerce.errors import BadInputError, ForbiddenError
from commerce.ledger import ChainMode, Entry, entry_hash, personal_problem, read_header
from commerce.wire import PushRequest, WireEntry

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OTHER_TIMES = (ChainMode.DEMO, ChainMode.REPLAY)  # they tell of days long ago


def read_push(request: PushRequest, till: KnownTill, at: datetime) -> Batch:
    """Return the batch in order of seq; ForbiddenError ``sync.foreign_till`` when the push speaks for another till.

    Nothing else is refused: what cannot be read, or names another till, is kept with its problem.
    """
    if request.till != till.till:
        raise ForbiddenError("sync.foreign_till")
    arrived = [_arrive(message, till, at) for message in request.entries]
    if any(one.entry.seq > two.entry.seq for one, two in pairwise(arrived)):
        arrived.sort(key=lambda one: one.entry.seq)
    return Batch(till, request.chain, tuple(arrived))


def _arrive(message: WireEntry, till: KnownTill, at: datetime) -> Arrived:
    entry, problem = _read_entry(message)
    digest = entry_hash(entry.header)
    try:
        header = read_header(entry)
    except BadInputError:
        return Arrived(entry, digest, None, "ledger.unreadable")
    identity = _identity(header)
    problem = problem or _sender_problem(header, till) or personal_problem(entry) or _time_problem(header, till, at)
    return Arrived(entry, digest, header, problem or (None if identity else "ledger.unreadable"), identity)


def _identity(header: dict[str, object]) -> bytes | None:
    text = header["id"]
    return bytes.fromhex(text.replace("-", "")) if isinstance(text, str) and _UUID.fullmatch(text) else None


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


def kind_problem(header: dict[str, object]) -> str | None:
    """Return why this program cannot read what an entry says, whoever sent it."""
    if not isinstance(header["kind"], str) or not isinstance(header["prev"], str):
        return "ledger.unreadable"
    version = header["kind_version"]
    if not isinstance(version, int) or (header["kind"], version) not in BODIES:
        return "ledger.unknown_kind"
    return None


def _sender_problem(header: dict[str, object], till: KnownTill) -> str | None:
    """An entry says whose it is; one that names another till is nobody's, whatever key has signed it."""
    if header["till"] != till.till or header["company"] != till.company:
        return "ledger.other_till"
    return kind_problem(header) or (None if header["shop"] == till.shop else "ledger.other_shop")


def _time_problem(header: dict[str, object], till: KnownTill, at: datetime) -> str | None:
    return None if till.mode in _OTHER_TIMES else check_bounds(header, at)
