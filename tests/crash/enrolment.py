"""Enrols a till at a running central."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.wire import EnrolRequest
from terminal.services.identity import FILE_NAME, save_identity
from terminal.sync.client import CentralAddress, CentralClient

if TYPE_CHECKING:
    from pathlib import Path


def enrol(data: Path, central_port: int, code: str) -> None:
    """Use a one-time code up and keep the identity it gives."""
    asyncio.run(_enrol(data, central_port, code))


async def _enrol(data: Path, central_port: int, code: str) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    request = EnrolRequest(code=code, public_key=key.public_key().public_bytes_raw().hex(), app_version="0.1.0")
    async with CentralClient(CentralAddress(f"http://127.0.0.1:{central_port}")) as client:
        answer = await client.enrol(request)
    save_identity(data / FILE_NAME, key, answer.model_dump())
