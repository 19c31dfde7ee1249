"""Pushing against a central that loses, repeats, refuses and forgets."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.errors import CentralUnreachableError, StorageError
from commerce.ledger import NO_HASH, Entry, Head, SignedHead, Signer, sign_head
from commerce.wire import GapAnswer, HeadMessage, HeadsAnswer, PushAnswer, PushRequest, from_wire
from terminal.sync.push import Batch, Pusher
from tests.commerce.test_ledger import CHAIN, ORIGIN, chain_of

CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class MemoryOutbox:
    """The ledger's side of pushing, in memory."""

    entries: list[Entry]
    acknowledged: int = 0
    head: SignedHead | None = None
    opened: list[str] = field(default_factory=list)

    async def next_batch(self, limit: int, without: Collection[str]) -> Batch | None:
        if CHAIN in without:
            return None
        rest = [entry for entry in self.entries if entry.seq > self.acknowledged][:limit]
        return Batch(CHAIN, rest) if rest else None

    async def find_hash(self, chain: str, seq: int) -> bytes | None:
        return next((entry.hash for entry in self.entries if entry.seq == seq), None)

    async def last_seq(self, chain: str) -> int:
        return self.entries[-1].seq if self.entries else 0

    async def keep_acknowledged(self, chain: str, seq: int, head: SignedHead | None) -> None:
        self.acknowledged, self.head = seq, head or self.head

    async def chains(self) -> Sequence[str]:
        return [CHAIN]

    async def needs_new_chain(self, head: SignedHead) -> bool:
        return head.chain == CHAIN and not self.opened

    async def open_new_chain(self, reason: str, lost: Sequence[SignedHead]) -> None:
        self.opened.append(reason)


@dataclass
class FullOutbox(MemoryOutbox):
    """A ledger whose disk refuses the next so many acknowledgements."""

    refused: int = 0

    async def keep_acknowledged(self, chain: str, seq: int, head: SignedHead | None) -> None:
        if self.refused:
            self.refused -= 1
            raise StorageError("storage.full")
        await super().keep_acknowledged(chain, seq, head)


@dataclass
class ScriptedCentral:
    """A central that stores what follows its head, and misbehaves as the script says: ok, lose, drop_answer."""

    script: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    forks: list[Entry] = field(default_factory=list)
    signer: Signer = CENTRAL

    def mishap(self) -> str:
        return self.script.pop(0) if self.script else "ok"

    def signed(self) -> HeadMessage:
        last = self.entries[-1] if self.entries else None
        head = Head(last.seq, last.hash) if last else Head(0, NO_HASH)
        return HeadMessage.model_validate(sign_head(self.signer, ORIGIN.till, CHAIN, head, NOW).as_json())

    async def heads(self) -> HeadsAnswer:
        return HeadsAnswer(heads=[self.signed()] if self.entries else [], time="2026-11-23T09:00:00.000000Z", epoch="e")

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        mishap = self.mishap()
        if mishap == "lose":
            raise CentralUnreachableError()
        if request.entries[0].seq > len(self.entries) + 1:
            return GapAnswer(expected=len(self.entries) + 1)
        forked = self._store([from_wire(entry) for entry in request.entries])
        if mishap == "drop_answer":
            raise CentralUnreachableError()
        return PushAnswer(head=self.signed(), forked=forked, received=self.said(request) if forked else None)

    def said(self, request: PushRequest) -> HeadMessage:
        last = from_wire(request.entries[-1])
        head = sign_head(self.signer, request.till, request.chain, Head(last.seq, last.hash), NOW)
        return HeadMessage.model_validate(head.as_json())

    def _store(self, entries: list[Entry]) -> int:
        forked = 0
        for entry in entries:
            if entry.seq <= len(self.entries):
                if self.entries[entry.seq - 1].hash != entry.hash:
                    self.forks.append(entry)
                    forked += 1
            else:
                self.entries.append(entry)
        return forked


@dataclass
class Watched:
    """What the pusher told the rest of the till."""

    states: list[bool] = field(default_factory=list)

    def note(self, online: bool, code: str) -> None:
        self.states.append(online)


def pusher_of(outbox: MemoryOutbox, central: ScriptedCentral, watched: Watched | None = None) -> Pusher:
    async def on_heads(answer: HeadsAnswer) -> None:
        assert answer.epoch == "e"

    return Pusher(
        ORIGIN.till,
        CENTRAL.public_key,
        outbox,
        central,
        on_state=(watched or Watched()).note,
        on_heads=on_heads,
    )


async def run_until(pusher: Pusher, done: Callable[[], bool]) -> None:
    """Run the loop, cutting its pauses short, until ``done``."""
    task = asyncio.ensure_future(pusher.run())
    async with asyncio.timeout(10):
        while not done():
            pusher.wake()
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_committed_reaches_central_and_its_word_is_kept() -> None:
    outbox, central = MemoryOutbox(list(chain_of(5))), ScriptedCentral()

    await pusher_of(outbox, central).drain()

    assert central.entries == outbox.entries
    assert outbox.head is not None
    assert outbox.head.head == Head(5, chain_of(5)[-1].hash)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["ok", "lose", "drop_answer"]), max_size=8), st.integers(1, 12))
def test_everything_arrives_once_whatever_is_lost_on_the_way(script: list[str], length: int) -> None:
    async def play() -> None:
        outbox, central = MemoryOutbox(list(chain_of(length))), ScriptedCentral(script)
        await run_until(pusher_of(outbox, central), lambda: outbox.acknowledged == length)
        assert central.entries == outbox.entries
        assert central.forks == []

    asyncio.run(play())


async def test_a_full_disk_does_not_end_the_pushing() -> None:
    outbox, central = FullOutbox(list(chain_of(5)), refused=3), ScriptedCentral()

    await run_until(pusher_of(outbox, central), lambda: outbox.acknowledged == 5)

    assert [entry.hash for entry in central.entries] == [entry.hash for entry in outbox.entries]


async def test_a_central_restored_from_an_older_copy_gets_the_rest_again() -> None:
    outbox, central = MemoryOutbox(list(chain_of(8)), acknowledged=8), ScriptedCentral()
    central.entries = list(chain_of(8))[:3]

    await run_until(pusher_of(outbox, central), lambda: len(central.entries) == 8)

    assert central.entries == outbox.entries
    assert outbox.opened == []


async def test_a_central_that_asks_for_what_it_was_just_sent_is_asked_again_later() -> None:
    class Deaf(ScriptedCentral):
        async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
            return GapAnswer(expected=request.entries[0].seq)

    outbox = MemoryOutbox(list(chain_of(3)))

    await pusher_of(outbox, Deaf()).drain()

    assert outbox.acknowledged == 0


async def test_an_empty_central_asks_from_the_start() -> None:
    outbox, central = MemoryOutbox(list(chain_of(4)), acknowledged=3), ScriptedCentral()

    await pusher_of(outbox, central).drain()

    assert central.entries == outbox.entries


async def test_a_ledger_from_an_older_copy_opens_a_new_chain() -> None:
    outbox, central = MemoryOutbox(list(chain_of(3)), acknowledged=3), ScriptedCentral(entries=list(chain_of(8)))

    await run_until(pusher_of(outbox, central), lambda: bool(outbox.opened))

    assert outbox.opened == ["restored"]


async def test_what_an_older_copy_sold_meanwhile_is_sent_and_kept_beside_the_other() -> None:
    ours = list(chain_of(3))
    ours.append(replace(ours[2], seq=4, hash=bytes([9]) * 32))
    outbox, central = MemoryOutbox(ours, acknowledged=3), ScriptedCentral(entries=list(chain_of(8)))

    await run_until(pusher_of(outbox, central), lambda: outbox.acknowledged == 4)

    assert central.forks == [ours[3]]
    assert "restored" in outbox.opened


async def test_a_fork_at_the_known_head_opens_a_new_chain() -> None:
    ours = list(chain_of(3))
    ours[2] = replace(ours[2], hash=bytes([9]) * 32)
    outbox, central = MemoryOutbox(ours), ScriptedCentral(entries=list(chain_of(3)))

    await run_until(pusher_of(outbox, central), lambda: outbox.acknowledged == 3)

    assert outbox.opened[0] == "forked"
    assert central.forks == [ours[2]]


async def test_another_servers_word_is_not_believed() -> None:
    impostor = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35))))
    outbox, central = MemoryOutbox(list(chain_of(2))), ScriptedCentral(signer=impostor)

    with pytest.raises(CentralUnreachableError) as caught:
        await pusher_of(outbox, central).drain()

    assert caught.value.code == "sync.another_central"
    assert outbox.acknowledged == 0


async def test_a_head_that_is_not_ours_acknowledges_nothing() -> None:
    class Forgetful(ScriptedCentral):
        def _store(self, entries: list[Entry]) -> int:
            self.entries = entries[:-1]
            return 0

    outbox = MemoryOutbox(list(chain_of(3)))

    await pusher_of(outbox, Forgetful()).drain()

    assert outbox.acknowledged == 0


async def test_the_page_hears_when_central_goes_and_comes_back() -> None:
    outbox, central, watched = MemoryOutbox(list(chain_of(2))), ScriptedCentral(["lose"]), Watched()

    await run_until(pusher_of(outbox, central, watched), lambda: outbox.acknowledged == 2)
    await asyncio.sleep(0)

    assert watched.states[0] is False
    assert watched.states[-1] is True
