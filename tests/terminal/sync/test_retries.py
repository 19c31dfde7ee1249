"""How often a failing central is asked, and what one failure keeps from arriving: nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import (
    CentralFailedError,
    CentralUnreachableError,
    ForbiddenError,
    MessageRejectedError,
)
from commerce.ledger import Head, Signer
from commerce.wire import GapAnswer, HeadMessage, HeadsAnswer, Heartbeat, PushAnswer, PushRequest
from terminal.sync.backoff import Backoff, rest
from terminal.sync.live import LiveChannel
from terminal.sync.outbox import LedgerOutbox
from terminal.sync.push import Pusher
from tests.commerce.test_ledger import CHAIN, ORIGIN, chain_of
from tests.fakes.central import CENTRAL, FakeCentral
from tests.fakes.pauses import DrivenPauses, EnoughError
from tests.terminal.shop import TestTill, running_till
from tests.terminal.sync.test_client import Handler, serving
from tests.terminal.sync.test_push import MemoryOutbox, run_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ANOTHER = Signer(Ed25519PrivateKey.generate())
HOUR_S = 3600.0
CALLS_AN_HOUR = 200  # a contact and a push a minute, with chance and the first, shorter pauses


def raising(error: Exception) -> Callable[[object], None]:
    def refuse(_: object) -> None:
        raise error

    return refuse


async def no_heads(_: HeadsAnswer) -> None:
    """Take no notice."""


def busy_pusher(central: FakeCentral, outbox: MemoryOutbox, until_s: float = HOUR_S) -> tuple[Pusher, DrivenPauses]:
    news = asyncio.Event()
    pauses = DrivenPauses(until_s, news.set)
    return Pusher(
        ORIGIN.till,
        CENTRAL.public_key,
        outbox,
        central,
        on_state=lambda online, code: None,
        on_heads=no_heads,
        news=news,
        rest=pauses.rest,
        passed=pauses.passed,
    ), pauses


class Restless(FakeCentral):
    """Takes entries and asks for all of them again with the next push."""

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        answer = await super().push(request)
        if request.entries[0].seq > 1:
            self.chains.clear()
            return GapAnswer(expected=1)
        return answer


class Deaf(FakeCentral):
    """Asks for the very entry it was sent."""

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        self.calls += 1
        return GapAnswer(expected=request.entries[0].seq)


@pytest.mark.parametrize(
    "central",
    [
        FakeCentral(ORIGIN.till, on_heads=raising(CentralUnreachableError())),
        FakeCentral(ORIGIN.till, on_push=raising(CentralUnreachableError())),
        FakeCentral(ORIGIN.till, on_push=raising(CentralFailedError())),
        FakeCentral(ORIGIN.till, on_push=raising(MessageRejectedError("wire.entry"))),
        FakeCentral(ORIGIN.till, on_push=raising(ForbiddenError("till.unknown"))),
        FakeCentral(ORIGIN.till, on_heads=raising(ForbiddenError()), on_push=raising(ForbiddenError())),
        FakeCentral(ORIGIN.till, signer=ANOTHER),
        FakeCentral(ORIGIN.till, on_push=raising(ZeroDivisionError())),
        Deaf(ORIGIN.till),
    ],
    ids=["away", "push lost", "500", "400", "403", "shut out", "another key", "a bug", "deaf"],
)
async def test_a_failing_central_is_asked_ever_more_seldom_while_the_till_sells_on(central: FakeCentral) -> None:
    pusher, pauses = busy_pusher(central, MemoryOutbox(list(chain_of(9))))

    with pytest.raises(EnoughError):
        await pusher.run()

    assert 30 < central.calls < CALLS_AN_HOUR, f"{central.calls} requests in an hour"
    assert max(pauses.asked) <= 24 * HOUR_S


async def test_a_central_that_asks_for_the_same_again_and_again_is_no_progress() -> None:
    central = Restless(ORIGIN.till)
    pusher, _ = busy_pusher(central, MemoryOutbox(list(chain_of(1200))))

    with pytest.raises(EnoughError):
        await pusher.run()

    assert central.calls < 2 * CALLS_AN_HOUR, f"{central.calls} requests in an hour"


async def test_central_is_left_alone_for_as_long_as_it_asks() -> None:
    central = FakeCentral(ORIGIN.till, on_push=raising(CentralUnreachableError(wait_s=900)))
    pusher, pauses = busy_pusher(central, MemoryOutbox(list(chain_of(9))))
    pauses._commit = pusher.wake  # somebody says twice a second that central is back

    with pytest.raises(EnoughError):
        await pusher.run()

    assert central.calls <= 2 * 4


async def test_a_pause_is_cut_short_when_central_is_back() -> None:
    central = FakeCentral(ORIGIN.till, on_push=raising(CentralUnreachableError()))
    pusher, pauses = busy_pusher(central, MemoryOutbox(list(chain_of(9))), until_s=60)
    pauses._commit = pusher.wake

    with pytest.raises(EnoughError):
        await pusher.run()

    assert central.calls > 60


def test_pauses_grow_are_spread_and_start_anew_after_progress() -> None:
    sure, lucky = Backoff(chance=lambda _: 0), Backoff(chance=lambda most: most - 1)
    error = CentralUnreachableError()

    pauses = [sure.next_pause_s(error) for _ in range(9)]
    sure.progress()

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert sure.next_pause_s(error) == 1
    assert [lucky.next_pause_s(error) for _ in range(3)] == [0.5, 1, 2]
    assert sure.next_pause_s(CentralUnreachableError(wait_s=10**9)) == HOUR_S


async def test_a_shut_out_till_still_delivers() -> None:
    outbox = MemoryOutbox(list(chain_of(9)))
    central = FakeCentral(ORIGIN.till, on_heads=raising(ForbiddenError("till.revoked")))
    pusher, _ = busy_pusher(central, outbox, until_s=60)

    with pytest.raises(EnoughError):
        await pusher.run()

    assert central.chains[CHAIN] == outbox.entries
    assert outbox.acknowledged == 9


class Unsigned(FakeCentral):
    """Says that everything is kept beside something else, without its word on that."""

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        self.chains = {CHAIN: list(chain_of(30))}
        answer = PushAnswer(head=self.signed(CHAIN, self.head_of(30)), forked=len(request.entries))
        return answer.model_copy(update={"received": self.beside()})

    def head_of(self, seq: int) -> Head:
        """Return the head that central really has there."""
        return Head(seq, chain_of(30)[seq - 1].hash)

    def beside(self) -> HeadMessage | None:
        """Return the word on what is kept beside."""
        return None


class SignedByAnother(Unsigned):
    """Has somebody else say it."""

    def beside(self) -> HeadMessage | None:
        """Return somebody else's word."""
        other = replace(self, signer=ANOTHER)
        return other.signed(CHAIN, self.head_of(9))


class Generous(FakeCentral):
    """Asks for an entry that does not exist yet."""

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        return GapAnswer(expected=10**6)


@pytest.mark.parametrize("central", [Unsigned(ORIGIN.till), SignedByAnother(ORIGIN.till), Generous(ORIGIN.till)])
async def test_an_unsigned_answer_acknowledges_nothing(central: FakeCentral) -> None:
    entries = [replace(entry, hash=bytes([entry.seq]) * 32) for entry in chain_of(9)]
    outbox = MemoryOutbox(entries)
    pusher, _ = busy_pusher(central, outbox, until_s=60)

    with contextlib.suppress(EnoughError, CentralUnreachableError):
        await pusher.drain()

    assert outbox.acknowledged == 0


@asynccontextmanager
async def till_with_two_chains(folder: Path) -> AsyncIterator[tuple[TestTill, LedgerOutbox, str]]:
    async with running_till(folder) as till:
        core, old = till.core, till.core.chains.chain
        outbox = LedgerOutbox(folder, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now)
        await till.ready()
        await outbox.open_new_chain("restored")
        await till.sell()
        yield till, outbox, old


@pytest.mark.parametrize(
    "error", [MessageRejectedError("wire.entry"), CentralFailedError(), ForbiddenError("sync.foreign_till")]
)
async def test_a_chain_that_central_refuses_holds_up_no_other(tmp_path: Path, error: Exception) -> None:
    async with till_with_two_chains(tmp_path) as (till, outbox, old):
        chains = till.core.chains

        def refuse_the_old_one(request: PushRequest) -> None:
            if request.chain == old:
                raise error

        central = FakeCentral(chains.till, on_push=refuse_the_old_one)
        pusher = Pusher(
            chains.till,
            CENTRAL.public_key,
            outbox,
            central,
            on_state=lambda online, code: None,
            on_heads=no_heads,
            news=chains.committed,
        )
        await run_until(pusher, lambda: len(central.chains.get(chains.chain, ())) == chains.head.seq)

        assert old not in central.chains
        assert outbox.unsent > 0


async def shut_at_once(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close()
    return socket


async def refuse(request: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


async def shut_out(request: web.Request) -> web.StreamResponse:
    return web.Response(status=403)


@pytest.mark.parametrize("door", [shut_at_once, refuse, shut_out])
async def test_a_live_channel_that_does_not_stay_open_is_tried_ever_more_seldom(door: Handler) -> None:
    opened: list[None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        opened.append(None)
        return await door(request)

    async with serving(handler) as client:
        pauses = DrivenPauses(HOUR_S)
        beat = Heartbeat.model_construct(unsent=0)
        channel = LiveChannel(
            client,
            lambda: beat,
            on_open=lambda: None,
            on_news=lambda: None,
            backoff=Backoff(rest=pauses.rest),
        )
        with pytest.raises(EnoughError):
            await channel.run()

    assert 30 < len(opened) < CALLS_AN_HOUR


@pytest.mark.parametrize("turns", range(4))
async def test_a_stop_that_comes_with_what_ends_a_pause_is_a_stop(turns: int) -> None:
    woken = asyncio.Event()
    pausing = asyncio.create_task(rest(60.0, woken))
    for _ in range(3):
        await asyncio.sleep(0)

    woken.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    if not pausing.done():
        pausing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pausing

    assert pausing.done()
