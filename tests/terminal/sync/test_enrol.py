"""Enrolling a machine that was a till before."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import ConflictError
from commerce.ids import new_id
from commerce.ledger import Head, sign_head
from commerce.wire import EnrolRequest
from terminal.services.identity import FILE_NAME, load_identity, save_identity
from terminal.services.kept_heads import HEAD_FILE, read_heads
from terminal.sync.client import CentralAddress
from terminal.sync.enrol import enrol_till
from tests.fakes.central import CENTRAL, NOW
from tests.terminal.shop import COMPANY, SHOP, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TILL = "0193a000-0000-7000-8000-0000000000f2"


def answer_for(till: str, **heads: Head) -> dict[str, Any]:
    return {
        "wire": 1,
        "company": {"id": COMPANY, "name": "Emporio", "tax_id": "0", "country": "IT", "currency": "EUR"},
        "shop": {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it"]},
        "till": {"id": till, "code": "T1", "name": "Cassa 1", "mode": "live"},
        "token": "ab" * 32,
        "till_secret": "cd" * 32,
        "central_public_key": CENTRAL.public_key.hex(),
        "heads": [sign_head(CENTRAL, till, chain, head, NOW).as_json() for chain, head in heads.items()],
    }


@asynccontextmanager
async def enrolling(answer: dict[str, Any]) -> AsyncIterator[tuple[CentralAddress, list[EnrolRequest]]]:
    asked: list[EnrolRequest] = []

    async def enrol(request: web.Request) -> web.Response:
        asked.append(EnrolRequest.model_validate_json(await request.read()))
        return web.Response(body=orjson.dumps(answer))

    app = web.Application()
    app.router.add_post("/sync/v1/enrol", enrol)
    async with TestServer(app, host="127.0.0.1") as server:
        yield CentralAddress(str(server.make_url("/"))), asked


async def sell_unsent(folder: Path) -> None:
    save_identity(folder / FILE_NAME, Ed25519PrivateKey.generate(), answer_for(TILL))
    async with running_till(folder) as till:
        await till.ready()
        await till.sell()


async def test_a_machine_with_unsent_entries_says_so_and_becomes_no_other_till(tmp_path: Path) -> None:
    await sell_unsent(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()

    async with enrolling(answer_for(new_id())) as (central, asked):
        with pytest.raises(ConflictError) as refused:
            await enrol_till(central, tmp_path, "0000-0000-0000")

    assert refused.value.code == "enrol.unsent"
    assert asked[0].unsent_of == TILL
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_a_machine_with_unsent_entries_may_become_the_same_till_again(tmp_path: Path) -> None:
    await sell_unsent(tmp_path)

    async with enrolling(answer_for(TILL)) as (central, _):
        await enrol_till(central, tmp_path, "0000-0000-0000")

    assert load_identity(tmp_path / FILE_NAME).token == "ab" * 32


async def test_a_machine_whose_entries_are_all_sent_may_become_another_till(tmp_path: Path) -> None:
    await sell_unsent(tmp_path)
    async with running_till(tmp_path, fill=False) as till:
        head, chain = till.core.chains.head, till.core.chains.chain
        await till.core.writer.run(
            lambda tx: tx.execute("INSERT INTO push_cursor (chain, acknowledged_seq) VALUES (?, ?)", (chain, head.seq))
        )
    other = new_id()

    async with enrolling(answer_for(other)) as (central, asked):
        await enrol_till(central, tmp_path, "0000-0000-0000")

    assert asked[0].unsent_of is None
    assert load_identity(tmp_path / FILE_NAME).till_id == other


async def test_a_ledger_that_cannot_be_read_may_hold_anything(tmp_path: Path) -> None:
    save_identity(tmp_path / FILE_NAME, Ed25519PrivateKey.generate(), answer_for(TILL))
    (tmp_path / "ledger.db").write_bytes(b"nonsense" * 4096)

    async with enrolling(answer_for(new_id())) as (central, asked):
        with pytest.raises(ConflictError):
            await enrol_till(central, tmp_path, "0000-0000-0000")

    assert asked[0].unsent_of == TILL


async def test_what_central_holds_of_the_till_is_kept_before_its_first_start(tmp_path: Path) -> None:
    lost = Head(17, bytes([7]) * 32)

    async with enrolling(answer_for(TILL, **{"ab" * 16: lost})) as (central, _):
        await enrol_till(central, tmp_path / "fresh", "0000-0000-0000")

    assert [(head.chain, head.head) for head in read_heads(tmp_path / "fresh" / HEAD_FILE)] == [("ab" * 16, lost)]
