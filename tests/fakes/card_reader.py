"""A card reader in memory that does as it is told, loses what it is told to lose, and remembers what it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from commerce.errors import DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.protocols import CardReply, CardRequest


@dataclass
class FakeCardReader:
    """``does`` is what comes next: approve, decline, gone (nothing sent), lost (did it, no answer), lost_before."""

    name: str = "reader"
    does: list[str] = field(default_factory=list)
    answers: bool = True  # whether it can be asked about what it did
    asked: list[tuple[str, CardRequest]] = field(default_factory=list)
    did: dict[str, CardReply] = field(default_factory=dict)
    balance: int = 0  # what it took, less what it gave back

    async def pay(self, request: CardRequest) -> CardReply:
        """Take the amount."""
        return self._act("pay", request, request.amount)

    async def reverse(self, request: CardRequest) -> CardReply:
        """Give it back."""
        return self._act("reverse", request, -request.amount)

    async def find_outcome(self, request: CardRequest) -> CardReply | None:
        """Say what became of an attempt."""
        if not self.answers:
            raise DeviceUnavailableError("card_reader.gone")
        return self.did.get(request.attempt)

    def _act(self, what: str, request: CardRequest, amount: int) -> CardReply:
        self.asked.append((what, request))
        next_one = self.does.pop(0) if self.does else "approve"
        if next_one == "gone":
            raise DeviceUnavailableError("card_reader.gone")
        if next_one == "lost_before":
            raise OutcomeUnknownError("card_reader.no_answer")
        approved = next_one in ("approve", "lost")
        reply = CardReply(approved, f"R-{len(self.did) + 1}" if approved else None, "" if approved else "card.declined")
        self.did[request.attempt] = reply
        self.balance += amount if approved else 0
        if next_one.startswith("lost"):
            raise OutcomeUnknownError("card_reader.no_answer")
        return reply
