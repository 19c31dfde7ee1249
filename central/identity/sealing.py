"""Secrets that central has to read again, such as what codes are made of: kept sealed, so the database opens none.

The key is derived from central's own (``key_file``), which stands in no table.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12


def sealing_key(private: bytes) -> bytes:
    """Return the key that secrets are sealed under, of central's private key."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"cassaforte.sealing.v1").derive(private)


def seal(key: bytes, secret: str, owner: str) -> bytes:
    """Return a secret as the database keeps it; it opens for the same owner only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, secret.encode(), owner.encode())


def unseal(key: bytes, sealed: bytes, owner: str) -> str | None:
    """Return a sealed secret; None where another key sealed it, or for somebody else."""
    try:
        opened = ChaCha20Poly1305(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
    except InvalidTag:
        return None
    return opened.decode()
