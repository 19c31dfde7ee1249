"""Enrolment: the key pair is made here, central gets its public half and the one-time code, the till its identity."""

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import BadInputError, CentralUnreachableError, ConflictError, PosError
from commerce.ledger import SignedHead, read_signed_head
from commerce.wire import EnrolAnswer, EnrolRequest
from terminal.db import ledger
from terminal.db.connection import DatabaseFault, open_reader
from terminal.services.identity import FILE_NAME, Identity, load_identity, save_identity
from terminal.services.kept_heads import HEAD_FILE, merge_heads, read_heads, write_heads
from terminal.services.till_core import LEDGER
from terminal.sync.client import CentralAddress, CentralClient
from terminal.version import APP_VERSION

OTHER_TILL = "enrol.unsent"


async def enrol_till(address: CentralAddress, folder: Path, code: str) -> Identity:
    """Give the code and keep what central answers in ``folder``; ForbiddenError for a bad code.

    On a till that was enrolled before, the ledger stays and goes on in a new chain under the new key. While it holds
    entries that central does not have, it can only become the same till again: ConflictError ``enrol.unsent``.
    """
    key = Ed25519PrivateKey.generate()
    unsent_of = await asyncio.to_thread(_find_unsent_till, folder)
    request = EnrolRequest(
        code=code,
        public_key=key.public_key().public_bytes_raw().hex(),
        app_version=APP_VERSION,
        unsent_of=unsent_of,
    )
    async with CentralClient(address) as client:
        answer = await client.enrol(request)
    if unsent_of not in (None, answer.till.id):  # central should have refused it
        raise ConflictError(OTHER_TILL)
    return await asyncio.to_thread(_keep, folder, key, answer)


def _find_unsent_till(folder: Path) -> str | None:
    """Return the till that this machine is, while its ledger has entries that central has not acknowledged."""
    if not (folder / FILE_NAME).exists() or not (folder / LEDGER).exists():
        return None
    till = load_identity(folder / FILE_NAME).till_id
    try:
        reader = open_reader(folder / LEDGER)
        try:
            return till if ledger.count_unsent(reader, till) else None
        finally:
            reader.close()
    except (PosError, DatabaseFault):  # nobody can say what is in there
        return till


def _keep(folder: Path, key: Ed25519PrivateKey, answer: EnrolAnswer) -> Identity:
    """Keep the identity, and first what central holds of this till: a machine without its ledger goes on behind it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    said = [_read_head(answer, message.model_dump()) for message in answer.heads]
    if said:
        write_heads(folder / HEAD_FILE, merge_heads(_known_heads(folder), said))
    return save_identity(folder / FILE_NAME, key, answer.model_dump())


def _read_head(answer: EnrolAnswer, document: dict[str, object]) -> SignedHead:
    head = read_signed_head(document)
    if head.till != answer.till.id or head.public_key.hex() != answer.central_public_key:
        raise CentralUnreachableError("sync.another_central")
    return head


def _known_heads(folder: Path) -> list[SignedHead]:
    try:
        return read_heads(folder / HEAD_FILE)
    except BadInputError:
        return []
