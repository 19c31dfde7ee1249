"""Who this till is: its key and what enrolment gave it, in one file that only the service user can read."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import BadInputError, RuleError
from commerce.ledger import ChainMode, Signer
from terminal.services.operating import Company, Shop, read_company, read_shop

FILE_NAME = "till.key"
_FORMAT = 1


@dataclass(frozen=True)
class Identity:
    """The till's identity as enrolment made it. ``token`` and ``secret`` are never logged or shown."""

    company: Company
    shop: Shop
    till_id: str
    till_code: str
    till_name: str
    mode: ChainMode
    private_key: Ed25519PrivateKey
    secret: bytes
    token: str
    central_public_key: bytes

    @property
    def signer(self) -> Signer:
        """Return what signs this till's entries."""
        return Signer(self.private_key)

    def __repr__(self) -> str:
        return f"Identity(till={self.till_id})"


def make_identity(key: Ed25519PrivateKey, answer: dict[str, Any]) -> Identity:
    """Return the identity of an enrolment answer (``wire.EnrolAnswer`` as JSON) and the key made for it."""
    till = answer["till"]
    return Identity(
        company=read_company(answer["company"]),
        shop=read_shop(answer["shop"]),
        till_id=till["id"],
        till_code=till["code"],
        till_name=till["name"],
        mode=ChainMode(till.get("mode", "live")),
        private_key=key,
        secret=bytes.fromhex(answer["till_secret"]),
        token=answer["token"],
        central_public_key=bytes.fromhex(answer["central_public_key"]),
    )


def save_identity(path: Path, key: Ed25519PrivateKey, answer: dict[str, Any]) -> Identity:
    """Write ``till.key`` (mode 0600, whole or not at all) and return the identity."""
    document = {
        "format": _FORMAT,
        "private_key": key.private_bytes_raw().hex(),
        **{name: answer[name] for name in ("company", "shop", "till", "token", "till_secret", "central_public_key")},
    }
    identity = make_identity(key, answer)
    _write_private(path, json.dumps(document, ensure_ascii=False, indent=1).encode())
    return identity


def load_identity(path: Path) -> Identity:
    """Read ``till.key``; RuleError ``identity.none`` or ``identity.exposed``, BadInputError ``identity.unreadable``."""
    try:
        if path.stat().st_mode & 0o077:
            raise RuleError("identity.exposed", path=path.name)
        document = json.loads(path.read_text(encoding="utf-8"))
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["private_key"]))
        return make_identity(key, document)
    except FileNotFoundError as error:
        raise RuleError("identity.none", path=path.name) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError("identity.unreadable", path=path.name) from error


def _write_private(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
