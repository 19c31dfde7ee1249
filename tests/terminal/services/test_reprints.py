"""Paper from the ledger alone: a copy years later, under another key, name or mode, is the paper of the day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.bodies.sale import SaleCompleted
from commerce.documents import read_receipt_code
from commerce.ids import new_id
from commerce.kinds import ChainMode
from commerce.wire import Change
from terminal.devices.paper import QrCode, Text
from terminal.services.commands import CloseSession
from terminal.services.paperwork import Paperwork
from terminal.services.printing import PrintableEntry, paper_of
from tests.terminal.shop import SHOP, TestTill, make_shop_identity, running_till

if TYPE_CHECKING:
    from pathlib import Path


async def printables(till: TestTill) -> list[PrintableEntry]:
    paperwork = Paperwork(till.register, till.core.readers)
    return [await paperwork.printable(effect) for effect in await paperwork.open_effects("print")]


async def test_a_copy_after_a_new_key_proves_itself_with_the_key_it_was_sold_under(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        total = (await till.sell()).values["change_cents"] + 349
        chain, seq, key = till.core.chains.chain, till.core.chains.head.seq, till.core.chains.signer.public_key
        (before,) = await printables(till)
    other = replace(make_shop_identity(), private_key=Ed25519PrivateKey.generate())
    async with running_till(tmp_path, identity=other, fill=False) as till:
        (again,) = await printables(till)
    (code,) = [part.data for part in paper_of(again, "COPY", 42).elements if isinstance(part, QrCode)]

    said = read_receipt_code(code, key)

    assert isinstance(before.body, SaleCompleted)
    assert code == before.body.receipt_code
    assert (said.till, said.chain, said.seq, said.total_cents) == (other.till_id, chain, seq, total)


async def test_a_z_printed_again_follows_no_later_name_language_or_address(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.submit(CloseSession(new_id(), 10_000))
        (first,) = await printables(till)
        renamed = {"id": SHOP, "name": "Altrove", "zone": "Europe/Lisbon", "languages": ["en"], "address": ["Rua 1"]}
        await till.register.apply_operating([Change(kind="shop", id=SHOP, version=9, row=renamed)])
        (again,) = await printables(till)

    assert paper_of(again, "", 42) == paper_of(first, "", 42)
    assert "Centro" in [part.text for part in paper_of(again, "", 42).elements if isinstance(part, Text)]


async def test_a_copy_keeps_the_mark_of_the_mode_it_was_sold_in(tmp_path: Path) -> None:
    async with running_till(tmp_path, mode="training") as till:
        await till.ready()
        await till.sell()
    async with running_till(tmp_path, fill=False) as till:
        (entry,) = await printables(till)

    assert entry.mode is ChainMode.TRAINING
    assert any("ESERCITAZIONE" in part.text for part in paper_of(entry, "", 42).elements if isinstance(part, Text))
