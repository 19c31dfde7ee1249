from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import WSServerHandshakeError

from commerce.ids import new_id
from terminal.ui.tokens import MAX_TOKENS, Tokens
from tests.fakes.shop import COFFEE

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till


@pytest.mark.parametrize("host", ["till.example", "127.0.0.1", "127.0.0.1:1", "evil.example:8401", ""])
@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/static/app.js", "/health", "/nowhere"])
async def test_another_host_is_refused_everywhere(till: Till, host: str, path: str) -> None:
    answer = await till.client.get(path, headers={"Host": host})

    assert (answer.status, (await answer.json())["code"]) == (403, "request.host")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://localhost"])
async def test_another_origin_is_refused(till: Till, origin: str) -> None:
    answer = await till.client.get("/api/v1/state", headers={"Origin": origin})

    assert (answer.status, (await answer.json())["code"]) == (403, "request.origin")


async def test_the_tills_own_origin_is_accepted(till: Till) -> None:
    answer = await till.client.get("/api/v1/state", headers={"Origin": f"http://{till.address}"})

    assert answer.status == 200


async def test_the_socket_of_another_origin_is_refused(till: Till) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await till.client.ws_connect(f"/api/v1/live?token={till.token}", origin="http://evil.example")

    assert refused.value.status == 403


@pytest.mark.parametrize("token", ["", "0" * 64, "x"])
async def test_an_act_needs_a_token_that_was_given(till: Till, token: str) -> None:
    body = {"command_id": new_id(), "code": COFFEE}

    answer = await till.client.post("/api/v1/sale/codes", json=body, headers={"X-Till-Token": token})

    assert (answer.status, (await answer.json())["code"]) == (403, "request.token")
    assert till.register.submitted == []


async def test_the_socket_needs_a_token(till: Till) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await till.client.ws_connect("/api/v1/live?token=none")

    assert refused.value.status == 403


async def test_the_page_comes_with_a_token_that_works(till: Till) -> None:
    page = await (await till.client.get("/")).text()
    till.token = page.split('name="till-token" content="')[1].split('"')[0]

    assert len(till.token) == 64
    assert (await till.post("/api/v1/sale/codes", {"code": COFFEE})).status == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/paper", "/api/v1/docs", "/static/app.js", "/nowhere"])
async def test_every_answer_forbids_what_is_not_ours(till: Till, path: str) -> None:
    headers = (await till.client.get(path)).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


async def test_answers_of_the_api_are_not_kept(till: Till) -> None:
    assert (await till.client.get("/api/v1/state")).headers["Cache-Control"] == "no-store"


def test_a_token_has_256_bits_and_never_repeats() -> None:
    tokens = Tokens()
    given = {tokens.issue() for _ in range(100)}

    assert len(given) == 100
    assert {len(bytes.fromhex(token)) for token in given} == {32}
    assert all(tokens.accepts(token) for token in given)


def test_the_oldest_token_goes_when_there_are_too_many() -> None:
    tokens = Tokens()
    first = tokens.issue()
    second = tokens.issue()
    for _ in range(MAX_TOKENS - 1):
        tokens.issue()

    assert not tokens.accepts(first)
    assert tokens.accepts(second)
