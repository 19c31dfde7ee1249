"""Asking central before a ledger is begun."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.ledger import Head, Signer
from terminal.services.kept_heads import HEAD_FILE, read_heads
from terminal.sync.client import CentralAddress
from terminal.sync.first_contact import learn_heads
from tests.fakes.central import CENTRAL, FakeCentral
from tests.terminal.shop import make_shop_identity, running_till

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = replace(make_shop_identity(), central_public_key=CENTRAL.public_key)
CHAIN = "ab" * 16


async def ask(folder: Path, *, signer: Signer = CENTRAL, status: int = 200, till: str = IDENTITY.till_id) -> int:
    """Let a till in this folder ask a central that knows a chain; return how often it did."""
    central, asked = FakeCentral(till, signer=signer), []
    head = central.signed(CHAIN, Head(9, bytes(32)))

    async def heads(request: web.Request) -> web.Response:
        asked.append(request)
        answer = {"wire": 1, "heads": [head.model_dump()], "time": "2026-11-23T09:00:00.000000Z", "epoch": "e"}
        return web.Response(body=orjson.dumps(answer), status=status)

    app = web.Application()
    app.router.add_get("/sync/v1/heads", heads)
    async with TestServer(app, host="127.0.0.1") as server:
        await learn_heads(folder, "ledger.db", IDENTITY, CentralAddress(str(server.make_url("/")), "00" * 32))
    return len(asked)


async def test_a_till_without_a_ledger_begins_behind_what_central_knows(tmp_path: Path) -> None:
    await ask(tmp_path)

    async with running_till(tmp_path, identity=IDENTITY) as till:
        body = await till.core.readers.fetch_one("SELECT body FROM entry WHERE kind = 'chain_opened'")

    assert body is not None
    genesis = orjson.loads(body[0])
    assert (genesis["reason"], genesis["previous_chain"]) == ("restored", CHAIN)


async def test_a_till_with_a_ledger_or_centrals_word_does_not_ask(tmp_path: Path) -> None:
    async with running_till(tmp_path, identity=IDENTITY):
        pass
    (tmp_path / "told").mkdir()
    (tmp_path / "told" / HEAD_FILE).write_text('{"heads": []}')

    assert await ask(tmp_path) == 0
    assert await ask(tmp_path / "told") == 0


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_central_that_does_not_answer_stops_no_start(tmp_path: Path, status: int) -> None:
    assert await ask(tmp_path, status=status) == 1
    assert not (tmp_path / HEAD_FILE).exists()


async def test_another_centrals_word_is_not_kept(tmp_path: Path) -> None:
    await ask(tmp_path, signer=Signer(Ed25519PrivateKey.generate()))

    assert not (tmp_path / HEAD_FILE).exists()


async def test_what_central_knows_is_kept_as_it_was_signed(tmp_path: Path) -> None:
    await ask(tmp_path)

    assert [(head.chain, head.head.seq) for head in read_heads(tmp_path / HEAD_FILE)] == [(CHAIN, 9)]


async def test_centrals_word_on_another_till_is_not_kept(tmp_path: Path) -> None:
    await ask(tmp_path, till="0193a000-0000-7000-8000-0000000000f3")

    assert not (tmp_path / HEAD_FILE).exists()
