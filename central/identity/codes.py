"""The codes of the second step: six digits that an app works out every half minute (RFC 6238), and recovery codes."""

import hmac
import secrets
from datetime import datetime

import pyotp

from central.identity.passwords import token_digest

INTERVAL_S = 30
DIGITS = 6
EITHER_SIDE = 1  # half minutes that the clock of a phone may be off
RECOVERY_CODES = 10
ISSUER = "Cassaforte"
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_RECOVERY_LENGTH, _RECOVERY_GROUP = 16, 4  # 79 bits: nobody finds one from its digest
_MOST_TYPED = 64


def new_secret() -> str:
    """Return a fresh secret of 160 bits, in base32 as apps read it."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """Return what the QR code says; ``name`` is what the app shows beside the code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def half_minute(at: datetime) -> int:
    """Return which half minute since 1970 a moment is in."""
    return int(at.timestamp()) // INTERVAL_S


def find_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the half minute whose code this is, the present one or one next to it; None for a code of no such."""
    typed, made, now = fold_code(code), pyotp.TOTP(secret), half_minute(at)
    steps = range(max(now - EITHER_SIDE, 0), now + EITHER_SIDE + 1)
    found = [step for step in steps if hmac.compare_digest(made.generate_otp(step).encode(), typed.encode())]
    return max(found, default=None)


def new_recovery_codes() -> list[str]:
    """Return fresh recovery codes, in groups as people write them down."""
    return [_grouped("".join(map(secrets.choice, [_RECOVERY_LETTERS] * _RECOVERY_LENGTH))) for _ in
            range(RECOVERY_CODES)]  # fmt: skip


def is_recovery_code(code: str) -> bool:
    """Tell whether what was typed has the length of a recovery code, and not that of an app's."""
    return len(fold_code(code)) == _RECOVERY_LENGTH


def recovery_digest(user: str, code: str) -> bytes:
    """Return what the database keeps of somebody's recovery code."""
    return token_digest(f"recovery:{user}:{fold_code(code)}")


def fold_code(code: str) -> str:
    """Return a code as it is compared: blanks and dashes between groups say nothing, nor does the case."""
    return "".join(one for one in code[:_MOST_TYPED].casefold() if one.isalnum())


def grouped_secret(secret: str) -> str:
    """Return a secret in groups, for whoever types it."""
    return " ".join(secret[start : start + _RECOVERY_GROUP] for start in range(0, len(secret), _RECOVERY_GROUP))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _RECOVERY_GROUP] for start in range(0, len(code), _RECOVERY_GROUP))
