"""PINs: argon2id bound to the till's secret, checked one at a time and off the loop."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from argon2.low_level import Type, hash_secret_raw

from commerce.errors import ForbiddenError
from terminal.services.operating import Operator, PinVerifier
from terminal.services.pin_queue import PinQueue

_FIRST_DELAY_MS = 250
_LONGEST_DELAY_MS = 8000
_HASH_BYTES = 32
_ALARM_FROM = 3
_CLIENT_DIGITS = 32

Guesser: TypeAlias = tuple[str, str]
"""Whose wrong PINs are counted together: of an operator, from a client that proved itself, or from all others ("")."""


class WrongPinError(ForbiddenError):
    """The PIN is not right. ``attempts`` in a row were made, and ``wait_s`` seconds pass before the next is looked at.

    ``is_alarming``: head office hears of it, at the third and at every doubling, or at the next one after it whose
    asker stayed.
    """

    default_code = "pin.wrong"

    def __init__(self, operator: str, attempts: int, wait_s: int, *, is_alarming: bool) -> None:
        super().__init__(operator=operator, attempts=attempts, wait_s=wait_s)
        self.attempts = attempts
        self.is_alarming = is_alarming


class AttemptStore(Protocol):
    """Where attempts are counted so that they outlast the daemon."""

    async def load(self) -> dict[Guesser, int]:
        """Return the attempts that no right PIN has ended; a client that proved itself is there with 0."""
        ...

    async def count(self, guesser: Guesser) -> int:
        """Count an attempt on disk and return how many there are now."""
        ...

    async def forget(self, guesser: Guesser) -> None:
        """Forget its attempts."""
        ...

    async def prove(self, guesser: Guesser) -> Sequence[Guesser]:
        """Keep that a client was right about an operator, with no attempts; return those that make room for it."""
        ...


class PinCheck:
    """Checks PINs. After a wrong one the next check of whoever guessed waits, longer each time.

    Wrong PINs are counted by operator and client (a browser, a program): a client from which the operator's PIN was
    right before has a count of its own, and all others share one. So nobody who guesses elsewhere slows the operator
    down at the till, and a guesser who comes as many clients gains nothing. Each client has one place, which its newest
    check takes; who left has none, a moment later. An attempt is counted on disk before it is made, so that pulling the
    plug in between gains nothing.
    """

    def __init__(
        self,
        till_secret: bytes,
        attempts: AttemptStore,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        passed: Callable[[], float] = time.monotonic,
        grace_s: float = 2.0,
    ) -> None:
        self._secret = till_secret
        self._store = attempts
        self._sleep = sleep
        self._passed = passed
        self._grace_s = grace_s
        self._attempts: dict[Guesser, int] = {}
        self._told: dict[Guesser, int] = {}  # attempts that somebody stayed to hear of
        self._queues: dict[Guesser, PinQueue] = {}
        self._one_at_a_time = asyncio.Lock()  # each check takes tens of MiB

    async def open(self) -> None:
        """Take up what earlier runs counted."""
        self._attempts = await self._store.load()

    async def check(self, operator: Operator, pin: str, client: str = "") -> None:
        """Return when the PIN is right; WrongPinError when not.

        ConflictError ``pin.asked_again`` when the same client gave a PIN again before this check began.
        """
        name = _name_of(client)
        guesser = self._guesser(operator.id, name)
        queue = self._queue_of(guesser, name)
        await queue.enter(name, lambda: self.delay_ms(*guesser) / 1000)
        try:
            right, attempts = await self._make_attempt(guesser, operator, pin)
            if not right:
                raise self._wrong(guesser, operator, attempts)
            await self._note_right(guesser, name)
        finally:
            queue.leave()

    def delay_ms(self, operator: str, client: str = "") -> int:
        """Return how long the next check waits."""
        attempts = min(self._attempts.get((operator, client), 0), 16)
        return min(_FIRST_DELAY_MS << (attempts - 1), _LONGEST_DELAY_MS) if attempts else 0

    def _guesser(self, operator: str, name: str) -> Guesser:
        return (operator, name) if (operator, name) in self._attempts else (operator, "")

    def _queue_of(self, guesser: Guesser, name: str) -> PinQueue:
        """Return the queue of a guesser; a client that waits in another one has changed its mind."""
        for other, queue in self._queues.items():
            if other != guesser:
                queue.drop(name)
        return self._queues.setdefault(guesser, PinQueue(self._sleep, self._passed, self._grace_s))

    async def _make_attempt(self, guesser: Guesser, operator: Operator, pin: str) -> tuple[bool, int]:
        """Return whether the PIN is right, and the attempts so far. The next hash waits for this one, come what may."""
        await self._one_at_a_time.acquire()
        try:
            attempts = self._attempts[guesser] = await self._store.count(guesser)
            loop = asyncio.get_running_loop()
            hashing = loop.run_in_executor(None, pin_is_right, operator.pin, pin, self._secret)
        except BaseException:
            self._one_at_a_time.release()
            raise
        hashing.add_done_callback(lambda _: self._one_at_a_time.release())
        return await asyncio.shield(hashing), attempts

    def _wrong(self, guesser: Guesser, operator: Operator, attempts: int) -> WrongPinError:
        wait_s = -(-self.delay_ms(*guesser) // 1000)
        told, self._told[guesser] = self._told.get(guesser, 0), attempts
        return WrongPinError(operator.name, attempts, wait_s, is_alarming=alarms_until(told) < alarms_until(attempts))

    async def _note_right(self, guesser: Guesser, name: str) -> None:
        operator, counted_for = guesser
        self._told.pop(guesser, None)
        if not counted_for:
            self._attempts.pop(guesser, None)
            await self._store.forget(guesser)
        if name:
            self._attempts[operator, name] = 0
            for gone in await self._store.prove((operator, name)):
                self._attempts.pop(gone, None)


def _name_of(client: str) -> str:
    """Return the name under which a client is kept: its own would let others come as it."""
    return hashlib.sha256(client.encode()).hexdigest()[:_CLIENT_DIGITS] if client else ""


def alarms_until(attempts: int) -> int:
    """Return how often head office has heard after so many wrong PINs in a row: at the third and every doubling."""
    return (attempts // _ALARM_FROM).bit_length()


def pin_is_right(verifier: PinVerifier, pin: str, till_secret: bytes) -> bool:
    """Return whether the PIN is the one that the verifier was made from."""
    return hmac.compare_digest(verifier.verifier, bind_pin(pin, verifier, till_secret))


def bind_pin(pin: str, parameters: PinVerifier, till_secret: bytes) -> bytes:
    """Return HMAC-SHA256 under the till's secret of the PIN's argon2id."""
    raw = hash_secret_raw(
        pin.encode(),
        parameters.salt,
        parameters.time_cost,
        parameters.memory_kib,
        parameters.parallelism,
        _HASH_BYTES,
        Type.ID,
    )
    return hmac.new(till_secret, raw, hashlib.sha256).digest()
