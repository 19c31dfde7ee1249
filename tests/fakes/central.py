"""A central in memory that holds any number of chains and misbehaves as a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.dates import utc_text
from commerce.ledger import Entry, Head, Signer, sign_head
from commerce.wire import GapAnswer, HeadMessage, HeadsAnswer, PushAnswer, PushRequest, from_wire

if TYPE_CHECKING:
    from collections.abc import Callable

CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def nothing(_: object) -> None:
    """Refuse nothing."""


@dataclass
class FakeCentral:
    """Takes what follows its heads; ``on_heads`` and ``on_push`` may raise instead. ``calls`` counts requests."""

    till: str
    chains: dict[str, list[Entry]] = field(default_factory=dict)
    forks: list[Entry] = field(default_factory=list)
    calls: int = 0
    on_heads: Callable[[None], None] = nothing
    on_push: Callable[[PushRequest], None] = nothing
    signer: Signer = CENTRAL

    async def heads(self) -> HeadsAnswer:
        """Say what is held."""
        self.calls += 1
        self.on_heads(None)
        heads = [self.signed(chain, _head(entries)) for chain, entries in self.chains.items() if entries]
        return HeadsAnswer(heads=heads, time=utc_text(NOW), epoch="e")

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        """Take entries."""
        self.calls += 1
        self.on_push(request)
        sent = [from_wire(entry) for entry in request.entries]
        held = self.chains.setdefault(request.chain, [])
        if sent[0].seq > len(held) + 1:
            return GapAnswer(expected=len(held) + 1)
        forks = [entry for entry in sent if entry.seq <= len(held) and held[entry.seq - 1].hash != entry.hash]
        held += [entry for entry in sent if entry.seq > len(held)]
        self.forks += forks
        beside = self.signed(request.chain, _head(sent)) if forks else None
        return PushAnswer(head=self.signed(request.chain, _head(held)), forked=len(forks), received=beside)

    def signed(self, chain: str, head: Head) -> HeadMessage:
        """Return central's word."""
        return HeadMessage.model_validate(sign_head(self.signer, self.till, chain, head, NOW).as_json())


def _head(entries: list[Entry]) -> Head:
    return Head(entries[-1].seq, entries[-1].hash)
