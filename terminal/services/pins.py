"""PINs: argon2id bound to the till's secret, checked one at a time and off the loop."""

import asyncio
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Awaitable, Callable

from argon2.low_level import Type, hash_secret_raw

from commerce.errors import ForbiddenError
from terminal.services.operating import Operator, PinVerifier

_FIRST_DELAY_MS = 250
_LONGEST_DELAY_MS = 8000
_HASH_BYTES = 32


class PinCheck:
    """Checks PINs. After a wrong one the same operator's next check waits, longer each time, and nobody else's does."""

    def __init__(self, till_secret: bytes, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._secret = till_secret
        self._sleep = sleep
        self._failures: dict[str, int] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(
            asyncio.Lock
        )  # else guesses sent at once share a wait
        self._one_at_a_time = asyncio.Lock()  # each check takes tens of MiB

    async def check(self, operator: Operator, pin: str) -> None:
        """Return when the PIN is right; ForbiddenError ``pin.wrong`` when not."""
        async with self._turns[operator.id]:
            if delay_ms := self.delay_ms(operator.id):
                await self._sleep(delay_ms / 1000)
            async with self._one_at_a_time:
                right = await asyncio.to_thread(pin_is_right, operator.pin, pin, self._secret)
            if not right:
                self._failures[operator.id] = self._failures.get(operator.id, 0) + 1
                raise ForbiddenError("pin.wrong", operator=operator.name)
            self._failures.pop(operator.id, None)

    def delay_ms(self, operator: str) -> int:
        """Return how long this operator's next check waits."""
        failures = min(self._failures.get(operator, 0), 16)
        return min(_FIRST_DELAY_MS << (failures - 1), _LONGEST_DELAY_MS) if failures else 0


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
