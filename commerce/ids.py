"""Identities: UUIDv7 made where the thing is made. A number is never an identity."""

import secrets

import uuid_utils


def new_id() -> str:
    """Return a new UUIDv7 as text; ids made later sort later."""
    return str(uuid_utils.uuid7())


def new_chain() -> str:
    """Return a random chain id: 32 hex digits."""
    return secrets.token_hex(16)


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def short_code(raw: bytes, length: int) -> str:
    """Return the first characters of Crockford's base 32 of the bytes: for people to read, never an identity."""
    number = int.from_bytes(raw, "big")
    bits = len(raw) * 8
    return "".join(_CROCKFORD[(number >> max(bits - 5 * (i + 1), 0)) & 31] for i in range(length))
