"""Tokens of pages and programs on this machine: 256 random bits, in memory only, each with a scope and a client."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final

MOST_TOKENS: Final = 256
MOST_OF_A_CLIENT: Final = 8  # pages of one browser


class Scope(StrEnum):
    """What a token is good for."""

    KIOSK = "kiosk"  # everything
    CUSTOMER_DISPLAY = "customer_display"  # the sale, as a customer may see it
    SUPPORT = "support"  # reads everything


ACTING: Final = frozenset({Scope.KIOSK})


@dataclass(eq=False)
class Token:
    """A token that was issued; ``used`` is 0 until somebody shows it, who therefore could read it."""

    digest: bytes
    client: str
    scope: Scope
    issued: int
    used: int = 0


class Tokens:
    """Issues tokens and knows them again.

    There is room for so many, and so many of one client. Where it ends, one that nobody ever showed goes first: a
    hostile page can ask for tokens but not read them, so it takes the room of nobody who is at work.
    """

    def __init__(self) -> None:
        self._tokens: dict[bytes, Token] = {}
        self._moments = count(1)

    def issue(self, client: str, scope: Scope = Scope.KIOSK) -> str:
        """Return a new token for a client."""
        own = [token for token in self._tokens.values() if token.client == client]
        self._make_room(own, MOST_OF_A_CLIENT)
        self._make_room(list(self._tokens.values()), MOST_TOKENS)
        text = secrets.token_hex(32)
        digest = _digest(text)
        self._tokens[digest] = Token(digest, client, scope, next(self._moments))
        return text

    def find(self, text: str | None) -> Token | None:
        """Return the token, None when it was not issued here; every known one is compared, each in constant time."""
        given = _digest(text or "")
        found = [token for token in self._tokens.values() if hmac.compare_digest(given, token.digest)]
        for token in found:
            token.used = next(self._moments)
        return found[0] if found else None

    def _make_room(self, among: list[Token], most: int) -> None:
        for token in _first_to_go(among)[: max(0, len(among) + 1 - most)]:
            del self._tokens[token.digest]


def new_client() -> str:
    """Return a name for a client that has none."""
    return secrets.token_hex(16)


def _first_to_go(tokens: Iterable[Token]) -> list[Token]:
    """Return those that were never shown, the oldest first, then those that were not shown for the longest time."""
    return sorted(tokens, key=lambda token: (token.used, token.issued))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
