"""Passwords and PINs by argon2id, always off the event loop: one check takes about a tenth of a second."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from central.identity.strength import check_strength
from commerce.errors import BadInputError

MIN_PASSWORD = 10
MAX_PASSWORD = 512
PIN_LENGTHS = range(4, 13)
PIN_BYTES = 32

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class PinHash:
    """A PIN as the registry keeps it: the sync side binds ``raw`` to one till's secret before serving it."""

    salt: bytes
    raw: bytes
    params: dict[str, int]


PIN_PARAMS = {"time_cost": 3, "memory_kib": 32768, "parallelism": 1}


def choose_cost(time_cost: int, memory_kib: int, parallelism: int) -> None:
    """Say what hashing a new password costs from here on in this process; without it, what argon2-cffi recommends.

    A stored hash says itself what checking it costs. Tests that are not about this cost choose a small one.
    """
    global _hasher
    _hasher = PasswordHasher(time_cost, memory_kib, parallelism)
    _DECOYS.clear()


async def hash_password(password: str, around: Sequence[str] = ()) -> str:
    """Return the hash to store of a new password.

    BadInputError ``password.length`` for one too short or too long, ``password.common`` for one that is soon guessed;
    ``around`` names what it must not be made of, such as the user's name.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadInputError("password.length", field="password", least=MIN_PASSWORD, most=MAX_PASSWORD)
    return await asyncio.to_thread(_checked_hash, password, around)


async def password_matches(stored: str | None, password: str) -> bool:
    """Tell whether the password is right. No stored hash costs the same time, so that names cannot be probed."""
    return await asyncio.to_thread(_matches, stored or _decoy(), password[:MAX_PASSWORD]) and stored is not None


async def hash_pin(pin: str, params: dict[str, int] | None = None) -> PinHash:
    """Return a PIN's raw argon2id hash with its salt.

    BadInputError ``pin.form`` unless it is 4 to 12 digits, ``pin.simple`` when it is one digit repeated or digits in a
    row, up or down (1234, 9876, 8901): those are tried first.
    """
    if len(pin) not in PIN_LENGTHS or not (pin.isascii() and pin.isdigit()):
        raise BadInputError("pin.form", least=PIN_LENGTHS.start, most=PIN_LENGTHS.stop - 1)
    if is_simple(pin):
        raise BadInputError("pin.simple", field="pin")
    chosen = params or PIN_PARAMS
    salt = secrets.token_bytes(16)
    return PinHash(salt, await asyncio.to_thread(_raw, pin, salt, chosen), dict(chosen))


def is_simple(pin: str) -> bool:
    """Tell whether each digit follows from the one before by the same step: none, one up or one down."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {0, 1, 9}


def token_digest(token: str) -> bytes:
    """Return what the database keeps of a cookie or an API token."""
    return hashlib.sha256(b"cassaforte.token.v1\x00" + token.encode()).digest()


def form_token(cookie: str) -> str:
    """Return the token that forms of this cookie's holder carry; another site cannot know the cookie."""
    return hmac.new(cookie.encode(), b"cassaforte.form.v1", hashlib.sha256).hexdigest()


def form_token_matches(cookie: str, given: str) -> bool:
    """Compare a form's token in constant time."""
    return hmac.compare_digest(form_token(cookie).encode(), given.encode())


def _checked_hash(password: str, around: Sequence[str]) -> str:
    check_strength(password, around)
    return _hasher.hash(password)


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


_DECOYS: list[str] = []


def _decoy() -> str:
    if not _DECOYS:
        _DECOYS.append(_hasher.hash(secrets.token_hex(16)))
    return _DECOYS[0]


def _raw(pin: str, salt: bytes, params: dict[str, int]) -> bytes:
    return hash_secret_raw(
        pin.encode(), salt, params["time_cost"], params["memory_kib"], params["parallelism"], PIN_BYTES, Type.ID
    )
