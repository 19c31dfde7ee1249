"""Enrolment: the key pair is made here, central gets its public half and the one-time code, the till its identity."""

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.wire import EnrolRequest
from terminal.services.identity import FILE_NAME, Identity, save_identity
from terminal.sync.client import CentralAddress, CentralClient
from terminal.version import APP_VERSION


async def enrol_till(address: CentralAddress, folder: Path, code: str) -> Identity:
    """Give the code and keep what central answers in ``folder``; ForbiddenError for a bad code.

    On a till that was enrolled before, the ledger stays and goes on in a new chain under the new key.
    """
    key = Ed25519PrivateKey.generate()
    request = EnrolRequest(code=code, public_key=key.public_key().public_bytes_raw().hex(), app_version=APP_VERSION)
    async with CentralClient(address) as client:
        answer = await client.enrol(request)
    await asyncio.to_thread(_make_folder, folder)
    return await asyncio.to_thread(save_identity, folder / FILE_NAME, key, answer.model_dump())


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
