"""Asks a card reader for what tenders intend: intent, act and outcome each on disk, no request ever repeated.

What was begun before a crash is of unknown outcome: the reader is asked about it until it answers, or a person
says what became of it. What was only intended is given up: the customer may be gone.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from commerce.bounds import short
from commerce.errors import DeviceError, OutcomeUnknownError, StorageError
from terminal.db.attempts import AttemptKind, AttemptRow, AttemptState
from terminal.devices.protocols import CardReader, CardReply, CardRequest

ASK_AGAIN_S = 5.0
ACT_S, ASK_S = 300.0, 15.0  # a customer looks for a card and enters a PIN; drivers give up earlier
_CODE = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_T = TypeVar("_T")
_log = structlog.get_logger("cards")


class CardDesk(Protocol):
    """What the loop needs of the register."""

    def open_attempts(self) -> Sequence[AttemptRow]:
        """Return the attempts of the current sale whose outcome is still to come."""
        ...

    async def start_attempt(self, attempt: str) -> bool:
        """Commit that the reader is asked; False when the attempt is not waiting to begin."""
        ...

    async def settle_attempt(
        self, attempt: str, outcome: AttemptState, reason: str = "", reference: str | None = None
    ) -> None:
        """Commit the outcome."""
        ...


@dataclass(frozen=True, slots=True)
class CardLoop:
    """Works for one reader, or, with none, gives up what asks for a reader that this till does not have."""

    desk: CardDesk
    readers: dict[str, CardReader]
    news: asyncio.Event
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    reached: Callable[[str], None] = lambda step: None

    def wake(self) -> None:
        """Look for new attempts."""
        self.news.set()

    async def run(self) -> None:
        """Act for ever; a core loop of the runtime."""
        await self.settle_left_open()
        while True:
            self.news.clear()
            is_waiting = await self.work()
            if is_waiting:
                await self.sleep(ASK_AGAIN_S)
            else:
                await self.news.wait()

    async def settle_left_open(self) -> None:
        """Tell what was begun before this start from what was not."""
        for attempt in self.desk.open_attempts():
            if attempt.state is AttemptState.STARTED:
                await self._settle(attempt, AttemptState.UNKNOWN, "effect.interrupted")
            elif attempt.state is AttemptState.INTENDED:
                await self._settle(attempt, AttemptState.DECLINED, "attempt.interrupted")

    async def work(self) -> bool:
        """Ask for every attempt there is now; return whether some outcome is still unknown."""
        for attempt in self.desk.open_attempts():
            reader = self.readers.get(attempt.device)
            if attempt.state is AttemptState.INTENDED:
                await self._begin(attempt, reader)
            elif attempt.state is AttemptState.UNKNOWN and reader is not None:
                await self._ask(attempt, reader)
        return any(a.state is AttemptState.UNKNOWN and a.device in self.readers for a in self.desk.open_attempts())

    async def _begin(self, attempt: AttemptRow, reader: CardReader | None) -> None:
        if reader is None:
            await self._settle(attempt, AttemptState.DECLINED, "card_reader.none")
            return
        try:
            if not await self.desk.start_attempt(attempt.id):
                return
        except StorageError as error:  # nobody was asked: it is tried again
            _log.warning("the disk refuses", attempt=attempt.id, reason=error.code)
            await self.sleep(ASK_AGAIN_S)
            self.wake()
            return
        is_payment = attempt.kind is AttemptKind.PAYMENT
        self.reached("card.started" if is_payment else "card.reversal_started")
        try:
            reply = await _drive(_send(reader, attempt), ACT_S)
        except OutcomeUnknownError as error:
            await self._settle(attempt, AttemptState.UNKNOWN, error.code)
        except DeviceError as error:
            await self._settle(attempt, AttemptState.DECLINED, error.code)
        else:
            self.reached("card.answered" if is_payment else "card.reversal_answered")
            await self._take(attempt, reply)

    async def _ask(self, attempt: AttemptRow, reader: CardReader) -> None:
        try:
            reply = await _drive(reader.find_outcome(_request(attempt)), ASK_S)
        except DeviceError as error:
            _log.warning("card reader does not say what it did", attempt=attempt.id, reason=error.code)
            return
        self.reached("card.found" if attempt.kind is AttemptKind.PAYMENT else "card.reversal_found")
        if reply is None:
            await self._settle(attempt, AttemptState.DECLINED, "attempt.not_asked")
        else:
            await self._take(attempt, reply)

    async def _take(self, attempt: AttemptRow, reply: CardReply) -> None:
        """Take a reply, in words that entries hold."""
        outcome = AttemptState.APPROVED if reply.approved else AttemptState.DECLINED
        reason = reply.reason if not reply.reason or _CODE.fullmatch(reply.reason) else "card.declined"
        reference = None if reply.reference is None else short(str(reply.reference))
        await self._settle(attempt, outcome, reason, reference)

    async def _settle(
        self, attempt: AttemptRow, outcome: AttemptState, reason: str = "", reference: str | None = None
    ) -> None:
        """Commit an outcome, however long the disk refuses it: what is known must not become unknown."""
        while True:
            try:
                await asyncio.shield(self.desk.settle_attempt(attempt.id, outcome, reason, reference))
            except StorageError as error:
                _log.warning("the disk refuses an outcome", attempt=attempt.id, reason=error.code)
                await self.sleep(ASK_AGAIN_S)
            else:
                return


async def _drive(act: Awaitable[_T], within_s: float) -> _T:
    """Let a reader act; what its driver does wrong, or does not end, leaves the outcome unknown."""
    try:
        async with asyncio.timeout(within_s):
            return await act
    except DeviceError:
        raise
    except TimeoutError as error:
        raise OutcomeUnknownError("device.no_answer") from error
    except Exception as error:
        _log.exception("driver failed", kind="card_reader")
        raise OutcomeUnknownError("device.driver_failed") from error


async def _send(reader: CardReader, attempt: AttemptRow) -> CardReply:
    request = _request(attempt)
    if attempt.kind is AttemptKind.REVERSAL:
        return await reader.reverse(request)
    return await reader.pay(request)


def _request(attempt: AttemptRow) -> CardRequest:
    return CardRequest(attempt.id, attempt.currency, attempt.amount, attempt.reference)
