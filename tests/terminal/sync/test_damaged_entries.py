"""Entries that rot or a hand left unreadable, or that are gone, keep nothing behind them from head office."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson
import pytest

from commerce.errors import ForbiddenError
from commerce.ids import new_id
from commerce.ledger import Entry, entry_hash
from commerce.wire import from_wire, to_wire
from terminal.services.commands import SignOn
from terminal.sync.outbox import LedgerOutbox
from terminal.sync.push import Pusher
from tests.fakes.central import CENTRAL, FakeCentral, nothing
from tests.terminal.services.test_integrity import hands_on
from tests.terminal.shop import ANNA, COMPANY, PIN, TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path

    from commerce.wire import GapAnswer, HeadsAnswer, PushAnswer, PushRequest

DAMAGES = {
    "a bit of the header": "UPDATE entry SET header = x'ff' || substr(header, 2) WHERE seq = ?",
    "a bit of the body": "UPDATE entry SET body = x'ff' || substr(body, 2) WHERE seq = ?",
    "no bytes at all": "UPDATE entry SET header = 7, body = '', hash = 'abc', signature = 5 WHERE seq = ?",
    "another till's name": "UPDATE entry SET header ="
    ' CAST(replace(CAST(header AS TEXT), \'"till":"0\', \'"till":"1\') AS BLOB) WHERE seq = ?',
    "another company's name": "UPDATE entry SET header ="
    ' CAST(replace(CAST(header AS TEXT), \'"company":"0\', \'"company":"1\') AS BLOB) WHERE seq = ?',
    "another hash": "UPDATE entry SET hash = x'00' WHERE seq = ?",
    "gone": "DELETE FROM entry WHERE seq = ?",
}


@dataclass
class HashingCentral(FakeCentral):
    """Calls entries by the hash of their header, whatever hash they came with, as central does."""

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        entries = [from_wire(entry) for entry in request.entries]
        if any(_speaks_for_another(entry, self.till) for entry in entries):
            raise ForbiddenError("sync.foreign_till")
        own = [to_wire(replace(entry, hash=entry_hash(entry.header))) for entry in entries]
        return await super().push(request.model_copy(update={"entries": own}))


def _speaks_for_another(entry: Entry, till: str) -> bool:
    try:
        header = orjson.loads(entry.header)
    except ValueError:
        return False
    return bool(header["till"] != till or header["company"] != COMPANY)


def pusher_of(folder: Path, till: TestTill, central: FakeCentral) -> Pusher:
    core = till.core

    async def on_heads(_: HeadsAnswer) -> None:
        return None

    outbox = LedgerOutbox(folder, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now)
    return Pusher(core.chains.till, CENTRAL.public_key, outbox, central, on_state=lambda _, __: None, on_heads=on_heads)


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("damage", DAMAGES)
async def test_what_was_written_behind_a_damaged_entry_arrives(tmp_path: Path, damage: str, where: str) -> None:
    async with running_till(tmp_path) as till:
        central = FakeCentral(till.core.chains.till)
        chain = till.core.chains.chain
        pusher = pusher_of(tmp_path, till, HashingCentral(central.till, central.chains, on_push=nothing))
        await pusher.turn()
        sent = len(central.chains[chain])
        await till.ready()
        for _ in range(40):  # more than memory has at hand
            await till.sell()
        last = till.core.chains.head.seq
        hurt = {"first": sent + 1, "middle": sent + 20, "last": last}[where]
        with closing(hands_on(tmp_path)) as connection:
            connection.execute(DAMAGES[damage], (hurt,))
        await pusher.turn()
        await till.sell()
        await pusher.turn()

        held = central.chains[chain]
        assert numbers(held) == list(range(1, till.core.chains.head.seq + 1))
        genuine = {
            row[0]: row[1] for row in await till.core.readers.fetch_all("SELECT seq, CAST(header AS BLOB) FROM entry")
        }
        assert all(entry.header == genuine[entry.seq] for entry in held if entry.seq != hurt)


async def test_what_was_written_behind_more_gone_entries_than_one_push_takes_arrives(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        central = HashingCentral(till.core.chains.till)
        pusher = pusher_of(tmp_path, till, central)
        await pusher.turn()
        chain, sent = till.core.chains.chain, till.core.chains.head.seq
        await till.ready()
        with closing(hands_on(tmp_path)) as connection:
            connection.execute("UPDATE entry SET seq = seq + 1200 WHERE seq > ?", (sent,))
    async with running_till(tmp_path, fill=False) as till:
        pusher = pusher_of(tmp_path, till, central)
        await till.submit(SignOn(new_id(), ANNA, PIN))
        await pusher.turn()

        assert numbers(central.chains[chain]) == list(range(1, till.core.chains.head.seq + 1))
        assert till.core.chains.head.seq > 1_200
