"""A card reader in front of a customer who takes their time: it answers when the test says so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from commerce.errors import DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.protocols import CardReply, CardRequest


@dataclass
class PatientReader:
    """``asked`` is what reached it; each request waits for ``does``: approve, decline or lost."""

    name: str = "reader"
    knows: bool = False  # whether it can say what it did
    asked: list[tuple[str, CardRequest]] = field(default_factory=list)
    _answered: int = 0
    _customer: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def is_busy(self) -> bool:
        """Whether somebody stands before it."""
        return len(self.asked) > self._answered

    async def check(self) -> None:
        """It is always there."""

    def does(self, what: str) -> None:
        """Let the request that waits, or the next one, end so."""
        self._customer.put_nowait(what)

    async def pay(self, request: CardRequest) -> CardReply:
        """Take the amount, once the customer did something."""
        return await self._serve("pay", request)

    async def reverse(self, request: CardRequest) -> CardReply:
        """Give it back."""
        return await self._serve("reverse", request)

    async def find_outcome(self, _: CardRequest) -> CardReply | None:
        """Say what it did, where it can."""
        if not self.knows:
            raise DeviceUnavailableError("card_reader.gone")
        return CardReply(approved=True, reference="R-1")

    async def _serve(self, what: str, request: CardRequest) -> CardReply:
        self.asked.append((what, request))
        done = await self._customer.get()
        self._answered = len(self.asked)
        if done == "lost":
            raise OutcomeUnknownError("card_reader.no_answer")
        approved = done == "approve"
        return CardReply(approved, "R-1" if approved else None, "" if approved else "card.declined")
