"""A card reader for machines without one. It takes no money, and can be told to fail like a real one."""

import asyncio
import fcntl
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from commerce.errors import BadInputError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.durable_files import write_durably
from terminal.devices.protocols import CardReply, CardRequest

SLOW_S = 20.0


class ReaderCondition(StrEnum):
    """What the reader can be told to be."""

    WELL = "well"
    SILENT = "silent"  # takes cards, but cannot be asked what it did
    UNPLUGGED = "unplugged"


class ReaderTurn(StrEnum):
    """What it can be told to do with a request; it approves when it is told nothing."""

    APPROVE = "approve"
    DECLINE = "decline"
    SLOW = "slow"  # the customer looks for the card, then it approves
    GONE = "gone"  # nothing can be sent to it
    LOST_BEFORE = "lost_before"  # did nothing, and no answer came
    LOST = "lost"  # approved, and no answer came


@dataclass(frozen=True, slots=True)
class ReaderAct:
    """A request that reached the reader. ``approved`` is None where it did nothing with it."""

    what: str  # pay, reverse
    request: CardRequest
    approved: bool | None
    reference: str | None = None

    @property
    def reply(self) -> CardReply | None:
        """Return what it answers about it."""
        if self.approved is None:
            return None
        return CardReply(self.approved, self.reference, "" if self.approved else "card.declined")


class VirtualCardReader:
    """A CardReader whose memory is files that outlive the daemon, like a device with its own power.

    What it did is on disk before it answers. What it is to do next is a file as well, so that another program can say
    it; like a real one it does not compare requests: the same one sent twice is done twice.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        slow_s: float = SLOW_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_done: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.on_done = on_done
        self._directory = directory
        self._slow_s = slow_s
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._requests = 0

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        return self._requests > 0

    async def check(self) -> None:
        """Return when the reader is there; DeviceUnavailableError when it is unplugged."""
        _, condition = await asyncio.to_thread(self._told)
        if condition is ReaderCondition.UNPLUGGED:
            raise self._gone()

    async def pay(self, request: CardRequest) -> CardReply:
        """Take an amount; see CardReader."""
        return await self._serve("pay", request)

    async def reverse(self, request: CardRequest) -> CardReply:
        """Give a payment back; see CardReader."""
        return await self._serve("reverse", request)

    async def find_outcome(self, request: CardRequest) -> CardReply | None:
        """Say what became of an attempt; see CardReader."""
        async with self._lock:  # one that is being written has an outcome in a moment
            _, condition = await asyncio.to_thread(self._told)
            if condition is not ReaderCondition.WELL:
                raise self._gone()
            acts = await asyncio.to_thread(self.acts)
        return next((act.reply for act in reversed(acts) if act.request.attempt == request.attempt), None)

    def tell(self, *turns: str) -> None:
        """Let the next requests go this way, one after the other, instead of what was told before."""
        with self._orders() as orders:
            orders["turns"] = [ReaderTurn(turn).value for turn in turns]

    def set_condition(self, condition: ReaderCondition) -> None:
        """Unplug it, silence it, or make it well again."""
        with self._orders() as orders:
            orders["condition"] = condition.value

    def obey(self, words: Sequence[str]) -> None:
        """Take turns and conditions by their words; BadInputError ``card_reader.order`` for another one."""
        conditions = [word for word in words if word in set(ReaderCondition)]
        turns = [word for word in words if word not in conditions]
        for word in turns:
            if word not in set(ReaderTurn):
                raise BadInputError("card_reader.order", word=word)
        if turns:
            self.tell(*turns)
        if conditions:
            self.set_condition(ReaderCondition(conditions[-1]))

    def acts(self) -> tuple[ReaderAct, ...]:
        """Return every request that ever reached it, for those who count."""
        stored = _load(self._journal).get("acts", [])
        return tuple(ReaderAct(**{**one, "request": CardRequest(**one["request"])}) for one in stored)

    def balance(self) -> int:
        """Return what it took, less what it gave back."""
        signs = {"pay": 1, "reverse": -1}
        return sum(signs[act.what] * act.request.amount for act in self.acts() if act.approved)

    async def _serve(self, what: str, request: CardRequest) -> CardReply:
        self._requests += 1
        try:
            turn = await asyncio.to_thread(self._next_turn)
            if turn is ReaderTurn.GONE:
                raise self._gone()
            if turn is ReaderTurn.SLOW:
                await self._sleep(self._slow_s)
            # A caller that stops waiting does not stop the reader.
            act = await asyncio.shield(self._do(what, request, turn))
        finally:
            self._requests -= 1
        if self.on_done is not None:
            self.on_done(what)
        if act.reply is None or turn is ReaderTurn.LOST:
            raise OutcomeUnknownError("card_reader.no_answer", reader=self.name)
        return act.reply

    async def _do(self, what: str, request: CardRequest, turn: ReaderTurn) -> ReaderAct:
        async with self._lock:
            return await asyncio.to_thread(self._keep, what, request, turn)

    def _keep(self, what: str, request: CardRequest, turn: ReaderTurn) -> ReaderAct:
        acts = self.acts()
        approved = {ReaderTurn.DECLINE: False, ReaderTurn.LOST_BEFORE: None}.get(turn, True)
        act = ReaderAct(what, request, approved, f"R-{len(acts) + 1}" if approved else None)
        _save(self._journal, {"acts": [asdict(one) for one in (*acts, act)]})
        return act

    def _next_turn(self) -> ReaderTurn:
        with self._orders() as orders:
            turn = ReaderTurn(orders["turns"].pop(0)) if orders["turns"] else ReaderTurn.APPROVE
            return ReaderTurn.GONE if orders["condition"] == ReaderCondition.UNPLUGGED else turn

    def _told(self) -> tuple[list[str], ReaderCondition]:
        orders = {**_NOTHING_TOLD, **_load(self._orders_file)}
        return list(orders["turns"]), ReaderCondition(orders["condition"])

    @contextmanager
    def _orders(self) -> Iterator[dict[str, Any]]:
        """Change what is told; two programs do so one after the other."""
        self._directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            turns, condition = self._told()
            orders: dict[str, Any] = {"turns": turns, "condition": condition.value}
            before = {"turns": list(turns), "condition": condition.value}
            yield orders
            if orders != before:
                _save(self._orders_file, orders)
        finally:
            os.close(handle)

    @property
    def _journal(self) -> Path:
        return self._directory / "journal.json"

    @property
    def _orders_file(self) -> Path:
        return self._directory / "orders.json"

    def _gone(self) -> DeviceUnavailableError:
        return DeviceUnavailableError("card_reader.unreachable", reader=self.name)


_NOTHING_TOLD: Mapping[str, Any] = {"turns": [], "condition": ReaderCondition.WELL.value}


def _load(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}


def _save(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, json.dumps(values).encode())
