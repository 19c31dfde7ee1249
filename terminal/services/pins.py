"""PINs: argon2id bound to the till's secret, checked one at a time and off the loop."""

import asyncio
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Protocol

from argon2.low_level import Type, hash_secret_raw

from commerce.errors import ConflictError, ForbiddenError
from terminal.services.operating import Operator, PinVerifier

_FIRST_DELAY_MS = 250
_LONGEST_DELAY_MS = 8000
_HASH_BYTES = 32
_ALARM_FROM = 3


class AttemptStore(Protocol):
    """Where attempts are counted so that they outlast the daemon."""

    async def load(self) -> dict[str, int]:
        """Return the attempts that no right PIN has ended, by operator."""
        ...

    async def count(self, operator: str) -> int:
        """Count an attempt on disk and return how many there are now."""
        ...

    async def forget(self, operator: str) -> None:
        """Forget an operator's attempts."""
        ...


class PinCheck:
    """Checks PINs. After a wrong one the same operator's next check waits, longer each time, and nobody else's does.

    An attempt is counted on disk before it is made, so that pulling the plug in between gains nothing. Only the newest
    check of an operator waits: one that was asked before it is dropped, for whoever asked has asked again or left.
    """

    def __init__(
        self,
        till_secret: bytes,
        attempts: AttemptStore,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._secret = till_secret
        self._store = attempts
        self._sleep = sleep
        self._attempts: dict[str, int] = {}
        self._newest: dict[str, object] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(
            asyncio.Lock
        )  # else guesses sent at once share a wait
        self._one_at_a_time = asyncio.Lock()  # each check takes tens of MiB

    async def open(self) -> None:
        """Take up what earlier runs counted."""
        self._attempts = await self._store.load()

    async def check(self, operator: Operator, pin: str) -> None:
        """Return when the PIN is right; ForbiddenError ``pin.wrong`` when not, with the ``attempts`` so far.

        ConflictError ``pin.asked_again`` when the same operator's PIN was given again before this check began.
        """
        asked = self._newest[operator.id] = object()
        async with self._turns[operator.id]:
            self._refuse_older(operator.id, asked)
            if delay_ms := self.delay_ms(operator.id):
                await self._sleep(delay_ms / 1000)
                self._refuse_older(operator.id, asked)
            attempts = self._attempts[operator.id] = await self._store.count(operator.id)
            async with self._one_at_a_time:
                right = await asyncio.to_thread(pin_is_right, operator.pin, pin, self._secret)
            if not right:
                raise ForbiddenError("pin.wrong", operator=operator.name, attempts=attempts)
            self._attempts.pop(operator.id, None)
            await self._store.forget(operator.id)

    def delay_ms(self, operator: str) -> int:
        """Return how long this operator's next check waits."""
        attempts = min(self._attempts.get(operator, 0), 16)
        return min(_FIRST_DELAY_MS << (attempts - 1), _LONGEST_DELAY_MS) if attempts else 0

    def _refuse_older(self, operator: str, asked: object) -> None:
        if self._newest.get(operator) is not asked:
            raise ConflictError("pin.asked_again")


def is_alarming(attempts: int) -> bool:
    """Tell at which counts head office hears of it: the third wrong PIN in a row, and at every doubling."""
    return attempts >= _ALARM_FROM and attempts % _ALARM_FROM == 0 and (attempts // _ALARM_FROM).bit_count() == 1


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
