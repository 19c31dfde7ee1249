"""Tokens that pages and programs of this machine show with every act: 256 random bits, kept in memory only."""

import hashlib
import hmac
import secrets
from collections import OrderedDict

MAX_TOKENS = 256


class Tokens:
    """Issues tokens and knows the newest of them; an old page that lost its token asks for another."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def issue(self) -> str:
        """Return a new token; the oldest goes when there are too many."""
        token = secrets.token_hex(32)
        self._digests[_digest(token)] = None
        if len(self._digests) > MAX_TOKENS:
            self._digests.popitem(last=False)
        return token

    def accepts(self, token: str | None) -> bool:
        """Return whether the token was issued here; every known one is compared, each in constant time."""
        given = _digest(token or "")
        return sum(hmac.compare_digest(given, known) for known in self._digests) > 0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
