"""A ledger that is older than what central holds, or gone, goes on in new chains: no number is given twice."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.ids import new_id
from commerce.ledger import ChainMode, Head, Kind, SignedHead, sign_head
from terminal.services.commands import SignOn
from terminal.services.kept_heads import HEAD_FILE, read_heads, write_heads
from terminal.services.verification import verify_ledger
from terminal.sync.outbox import LedgerOutbox
from terminal.sync.push import Pusher
from tests.fakes.central import CENTRAL, NOW, FakeCentral
from tests.terminal.shop import ANNA, PIN, TestTill, make_shop_identity, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from commerce.wire import HeadsAnswer
    from terminal.services.identity import Identity

IDENTITY = replace(make_shop_identity(), central_public_key=CENTRAL.public_key)
LEDGER_FILES = ("ledger.db", "ledger.db-wal", "ledger.db-shm")


@asynccontextmanager
async def opened(folder: Path, identity: Identity = IDENTITY, *, fill: bool = True) -> AsyncIterator[TestTill]:
    async with running_till(folder, identity=identity, fill=fill) as till:
        yield till


async def genesis(till: TestTill) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all(
        "SELECT e.body FROM entry e JOIN chain c USING (chain) WHERE e.kind = 'chain_opened' ORDER BY c.position"
    )
    return [orjson.loads(row[0]) for row in rows]


async def sell(till: TestTill, sales: int) -> list[str]:
    return [(await till.sell()).values["document"]["formatted"] for _ in range(sales)]


def word(chain: str, head: Head, till: str = IDENTITY.till_id) -> SignedHead:
    return sign_head(CENTRAL, till, chain, head, NOW)


async def no_heads(_: HeadsAnswer) -> None:
    """Take no notice."""


def outbox_of(folder: Path, till: TestTill) -> LedgerOutbox:
    core = till.core
    return LedgerOutbox(folder, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now)


async def meet(folder: Path, till: TestTill, central: FakeCentral) -> None:
    """Make contact and deliver everything."""
    pusher = Pusher(
        IDENTITY.till_id,
        CENTRAL.public_key,
        outbox_of(folder, till),
        central,
        on_state=lambda online, code: None,
        on_heads=no_heads,
    )
    await pusher.turn()


async def chains_of(till: TestTill) -> dict[str, list[bytes]]:
    rows = await till.core.readers.fetch_all("SELECT chain, hash FROM entry ORDER BY chain, seq")
    chains: dict[str, list[bytes]] = {}
    for chain, digest in rows:
        chains.setdefault(chain, []).append(digest)
    return chains


def held(central: FakeCentral) -> dict[str, list[bytes]]:
    return {chain: [entry.hash for entry in entries] for chain, entries in central.chains.items()}


async def put_back_older_copy(folder: Path) -> tuple[list[str], SignedHead]:
    """Sell, copy the ledger, sell on, hear central's word, and put the copy back."""
    async with opened(folder) as till:
        await till.ready()
        numbers = await sell(till, 3)
    copy = folder / "copy"
    copy.mkdir()
    for name in LEDGER_FILES:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(folder / name, copy / name)
    async with opened(folder, fill=False) as till:
        numbers += await sell(till, 4)
        head = word(till.core.chains.chain, till.core.chains.head)
    write_heads(folder / HEAD_FILE, [head])
    for name in LEDGER_FILES:
        (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(copy / name, folder / name)
    return numbers, head


async def test_an_older_copy_is_seen_without_central_and_gives_no_number_twice(tmp_path: Path) -> None:
    issued, head = await put_back_older_copy(tmp_path)

    async with opened(tmp_path, fill=False) as till:
        again = await sell(till, 3)
        bodies = await genesis(till)

    assert set(issued).isdisjoint(again)
    assert (bodies[-1]["reason"], bodies[-1]["previous_source"]) == ("restored", "head_file")
    assert (bodies[-1]["previous_chain"], bodies[-1]["previous_seq"]) == (head.chain, head.head.seq)
    verdicts = verify_ledger(tmp_path / "ledger.db")
    assert [verdict.problem for verdict in verdicts] == [None, None]


async def test_an_older_copy_is_gone_on_from_once(tmp_path: Path) -> None:
    await put_back_older_copy(tmp_path)

    for _ in range(3):
        async with opened(tmp_path, fill=False) as till:
            chains = len(await genesis(till))

    assert chains == 2


async def test_a_whole_ledger_opens_no_new_chain_beside_centrals_word(tmp_path: Path) -> None:
    async with opened(tmp_path) as till:
        await till.ready()
        head = word(till.core.chains.chain, till.core.chains.head)
        await sell(till, 1)
    write_heads(tmp_path / HEAD_FILE, [head])

    async with opened(tmp_path, fill=False) as till:
        assert len(await genesis(till)) == 1


@pytest.mark.parametrize("how", ["missing", "empty file", "no entries", "no rows"])
async def test_a_ledger_taken_away_beside_centrals_word_never_starts_afresh(tmp_path: Path, how: str) -> None:
    async with opened(tmp_path) as till:
        await till.ready()
        numbers = await sell(till, 2)
        head = word(till.core.chains.chain, till.core.chains.head)
    write_heads(tmp_path / HEAD_FILE, [head])
    take_away(tmp_path, how)

    async with opened(tmp_path) as till:
        bodies = await genesis(till)
        if till.state.session is None:
            await till.ready()
        elif till.state.operator is None:  # nothing is left that says who signed on
            await till.submit(SignOn(new_id(), ANNA, PIN))
        again = await sell(till, 2)

    assert (bodies[-1]["reason"], bodies[-1]["previous_chain"]) == ("restored", head.chain)
    assert (bodies[-1]["previous_seq"], bodies[-1]["previous_head"]) == (head.head.seq, head.head.hash.hex())
    assert "enrolled" not in {body["reason"] for body in bodies}
    assert set(numbers).isdisjoint(again)
    assert head in read_heads(tmp_path / HEAD_FILE)


def take_away(folder: Path, how: str) -> None:
    if how in ("missing", "empty file"):
        for name in LEDGER_FILES:
            (folder / name).unlink(missing_ok=True)
        if how == "empty file":
            (folder / "ledger.db").touch()
        return
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as hand:
        hand.execute("DROP TRIGGER entry_stays")
        hand.execute("DELETE FROM entry")
        if how == "no rows":
            hand.execute("DELETE FROM chain")
        hand.commit()


async def test_entries_taken_away_without_centrals_word_are_no_fresh_start_either(tmp_path: Path) -> None:
    async with opened(tmp_path) as till:
        await till.ready()
        old = till.core.chains.chain
    take_away(tmp_path, "no entries")

    async with opened(tmp_path, fill=False) as till:
        bodies = await genesis(till)

    assert [(body["reason"], body["previous_chain"]) for body in bodies] == [("restored", old)]


async def test_a_ledger_begun_anew_goes_on_behind_the_chain_that_central_knows(tmp_path: Path) -> None:
    central = FakeCentral(IDENTITY.till_id)
    async with opened(tmp_path) as till:
        await till.ready()
        await sell(till, 2)
        await meet(tmp_path, till, central)
        old, head = till.core.chains.chain, till.core.chains.head
    take_away(tmp_path, "missing")
    (tmp_path / HEAD_FILE).unlink()

    async with opened(tmp_path) as till:
        for _ in range(3):
            await meet(tmp_path, till, central)
        bodies, chains = await genesis(till), await chains_of(till)

    assert [body["reason"] for body in bodies] == ["enrolled", "restored"]
    assert (bodies[1]["previous_chain"], bodies[1]["previous_seq"]) == (old, head.seq)
    assert bodies[1]["previous_source"] == "central"
    assert central.forks == []
    assert {chain: held(central)[chain] for chain in chains} == chains
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None, None]


@pytest.mark.parametrize("is_known", [True, False], ids=["head.json", "contact"])
async def test_a_copy_without_centrals_newest_chain_opens_a_new_one(tmp_path: Path, is_known: bool) -> None:
    central = FakeCentral(IDENTITY.till_id)
    async with opened(tmp_path) as till:
        await till.ready()
        await meet(tmp_path, till, central)
    (tmp_path / "copy").mkdir()
    for file in tmp_path.glob("*.*"):
        shutil.copy(file, tmp_path / "copy" / file.name)
    async with opened(tmp_path, fill=False) as till:
        newest = await till.register.open_new_chain("forked")
        await sell(till, 2)
        await meet(tmp_path, till, central)
    for name in (*LEDGER_FILES, *(() if is_known else (HEAD_FILE,))):
        (tmp_path / name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(tmp_path / "copy" / name, tmp_path / name)

    async with opened(tmp_path, fill=False) as till:
        if not is_known:
            await meet(tmp_path, till, central)
        await sell(till, 1)
        await meet(tmp_path, till, central)
        bodies = await genesis(till)

    assert [body["reason"] for body in bodies] == ["enrolled", "restored"]
    assert bodies[1]["previous_chain"] == newest
    assert central.forks == []


async def test_a_central_restored_from_before_whole_chains_gets_every_one(tmp_path: Path) -> None:
    central = FakeCentral(IDENTITY.till_id)
    async with opened(tmp_path) as till:
        await till.ready()
        await meet(tmp_path, till, central)
        for _ in range(2):
            await till.register.open_new_chain("forked")
            await sell(till, 2)
        await meet(tmp_path, till, central)
        first = next(iter(central.chains))
        central.chains = {first: central.chains[first][:2]}

        await meet(tmp_path, till, central)

        assert held(central) == await chains_of(till)
        assert len(await genesis(till)) == 3


async def test_centrals_word_is_kept_for_every_chain_and_never_goes_back(tmp_path: Path) -> None:
    central = FakeCentral(IDENTITY.till_id)
    async with opened(tmp_path) as till:
        await till.ready()
        await meet(tmp_path, till, central)
        old, far = till.core.chains.chain, till.core.chains.head
        await till.register.open_new_chain("forked")
        central.chains[old] = central.chains[old][:2]
        await meet(tmp_path, till, central)
        new = till.core.chains.chain

    kept = {head.chain: head.head for head in read_heads(tmp_path / HEAD_FILE)}
    assert kept[old] == far
    assert new in kept


async def test_training_writes_a_chain_of_its_own_beside_the_live_one(tmp_path: Path) -> None:
    central = FakeCentral(IDENTITY.till_id)
    async with opened(tmp_path) as till:
        chains, core = till.core.chains, till.core
        await till.ready()
        live = chains.head
        training = await chains.ensure(ChainMode.TRAINING, core.now())
        moment = core.register._moment()
        await chains.write(lambda write: write.append(moment, Kind.DRAWER_OPENED, {}), ChainMode.TRAINING)

        assert chains.head == live
        assert chains.heads[training].seq == 2
        assert await chains.ensure(ChainMode.TRAINING, core.now()) == training
        series = chains.series(till.state.operating), chains.series(till.state.operating, mode=ChainMode.TRAINING)
        assert series[0].id != series[1].id
        assert series[0].code != series[1].code
        outbox = outbox_of(tmp_path, till)
        await outbox.count()
        assert outbox.unsent == live.seq + 2
        await meet(tmp_path, till, central)
        assert held(central) == await chains_of(till)

    async with opened(tmp_path, fill=False) as till:
        assert till.core.chains.heads[training].seq == 2
        assert len(await genesis(till)) == 2
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None, None]


async def test_a_machine_that_became_another_till_sends_nothing_of_the_one_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as till:
        await till.ready()
    other = replace(IDENTITY, till_id=new_id(), private_key=Ed25519PrivateKey.generate())
    central = FakeCentral(other.till_id)

    async with opened(tmp_path, other, fill=False) as till:
        pusher = Pusher(
            other.till_id,
            CENTRAL.public_key,
            outbox_of(tmp_path, till),
            central,
            on_state=lambda online, code: None,
            on_heads=no_heads,
        )
        await pusher.turn()
        bodies = await genesis(till)

        assert list(central.chains) == [till.core.chains.chain]
    assert [(body["reason"], body["previous_chain"]) for body in bodies] == [("enrolled", None), ("enrolled", None)]
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None, None]


async def test_words_of_another_till_and_another_central_open_no_chain(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    write_heads(tmp_path / HEAD_FILE, [word("ab" * 16, Head(9, bytes(32)), new_id())])

    async with opened(tmp_path, fill=False) as till:
        assert len(await genesis(till)) == 1


async def test_half_a_word_of_central_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / HEAD_FILE).write_text('{"heads": [')

    async with opened(tmp_path) as till:
        assert len(await genesis(till)) == 1


async def test_a_lost_chain_is_named_by_verify_until_the_ledger_goes_on_behind_it(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    write_heads(tmp_path / HEAD_FILE, [word("ab" * 16, Head(9, bytes(32)))])
    before = await asyncio.to_thread(verify_ledger, tmp_path / "ledger.db", tmp_path / HEAD_FILE)
    async with opened(tmp_path, fill=False):
        pass
    after = await asyncio.to_thread(verify_ledger, tmp_path / "ledger.db", tmp_path / HEAD_FILE)

    assert [verdict.problem and verdict.problem.code for verdict in before] == [None, "ledger.truncated"]
    assert [verdict.problem for verdict in after] == [None, None]


async def test_an_end_that_was_lost_is_named_by_verify_until_a_signed_genesis_goes_on_behind_it(tmp_path: Path) -> None:
    await put_back_older_copy(tmp_path)
    before = await asyncio.to_thread(verify_ledger, tmp_path / "ledger.db", tmp_path / HEAD_FILE)
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:  # a hand that wants it not to be seen
        hand.execute("INSERT INTO lost_chain SELECT chain, 999, hash FROM entry WHERE seq = 1")
        hand.commit()
    hidden = await asyncio.to_thread(verify_ledger, tmp_path / "ledger.db", tmp_path / HEAD_FILE)
    async with opened(tmp_path, fill=False) as till:
        assert len(await genesis(till)) == 2
    after = await asyncio.to_thread(verify_ledger, tmp_path / "ledger.db", tmp_path / HEAD_FILE)

    assert [verdict.problem and verdict.problem.code for verdict in before] == ["ledger.truncated"]
    assert [verdict.problem and verdict.problem.code for verdict in hidden] == ["ledger.truncated"]
    assert [verdict.problem for verdict in after] == [None, None]


async def test_a_genesis_that_names_a_chain_of_this_ledger_must_name_its_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as till:
        await till.ready()
        old = till.core.chains.chain
        await till.register.open_new_chain("forked")
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
        hand.execute("DROP TRIGGER entry_stays")
        hand.execute("DELETE FROM entry WHERE chain = ? AND seq > 2", (old,))
        hand.execute("DELETE FROM session WHERE chain = ?", (old,))
        hand.commit()

    codes = [verdict.problem and verdict.problem.code for verdict in verify_ledger(tmp_path / "ledger.db")]

    assert codes == [None, "ledger.broken_link"]
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
        assert hand.execute("SELECT count(*) FROM lost_chain").fetchone() == (0,)
