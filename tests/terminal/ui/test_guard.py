from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import WSServerHandshakeError

from commerce.ids import new_id
from terminal.ui.acts import ACTS
from terminal.ui.tokens import MOST_OF_A_CLIENT, MOST_TOKENS, Tokens
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
    given = {tokens.issue(f"page {number}") for number in range(100)}

    assert len(given) == 100
    assert {len(bytes.fromhex(token)) for token in given} == {32}
    assert all(tokens.find(token) for token in given)


def test_whoever_cannot_show_its_tokens_takes_the_room_of_nobody_who_is_at_work() -> None:
    tokens = Tokens()
    kiosk = tokens.issue("kiosk")
    assert tokens.find(kiosk)

    for number in range(3 * MOST_TOKENS):
        tokens.issue(f"hostile {number}")
        tokens.issue("kiosk")

    assert tokens.find(kiosk)


def test_a_client_has_so_many_tokens_and_the_one_not_shown_for_longest_goes() -> None:
    tokens = Tokens()
    others = tokens.issue("another")
    own = [tokens.issue("kiosk") for _ in range(MOST_OF_A_CLIENT)]
    for token in (*own, own[0]):
        assert tokens.find(token)

    tokens.issue("kiosk")

    assert tokens.find(own[1]) is None
    assert [tokens.find(token) is not None for token in (others, own[0], *own[2:])] == [True] * (len(own))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/static/app.js"])
async def test_what_a_page_of_elsewhere_loads_or_leads_to_is_refused(till: Till, site: str, path: str) -> None:
    answer = await till.client.get(path, headers={"Sec-Fetch-Site": site})

    assert (answer.status, (await answer.json())["code"]) == (403, "request.origin")


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_this_page_and_a_person_are_let_in(till: Till, site: str) -> None:
    assert (await till.client.get("/", headers={"Sec-Fetch-Site": site})).status == 200


async def test_a_browser_is_one_client_however_often_it_loads_the_page(till: Till) -> None:
    for _ in range(3 * MOST_OF_A_CLIENT):
        answer = await till.client.get("/")
    await till.client.get("/")

    cookie = answer.cookies["till_client"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert (await till.post("/api/v1/sale/codes", {"code": COFFEE})).status == 200


@pytest.mark.parametrize("scope", ["customer_display", "support"])
@pytest.mark.parametrize("act", [act.path for act in ACTS])
async def test_a_token_to_look_acts_on_nothing(till: Till, scope: str, act: str) -> None:
    till.token = (await (await till.client.post("/api/v1/tokens", json={"scope": scope})).json())["token"]

    answer = await till.post(re.sub(r"{\w+}", "1", act))

    assert (answer.status, (await answer.json())["code"]) == (403, "token.scope")
    assert till.register.submitted == []


async def test_support_reads_everything_and_the_customer_display_the_sale(till: Till) -> None:
    till.register.scan("4711")
    till.register.scan(COFFEE)
    till.register.scan("4711")
    views = {}
    for scope in ("support", "customer_display"):
        till.token = (await (await till.client.post("/api/v1/tokens", json={"scope": scope})).json())["token"]
        socket = await till.listen()
        views[scope] = (await socket.receive_json(timeout=5))["view"]
    whole = await (await till.client.get("/api/v1/state?lang=en")).json()

    assert views["support"] == whole
    shown = views["customer_display"]
    assert shown["sale"] == whole["sale"]
    hidden = ("operator", "operators", "session", "devices", "prints", "notices", "last_z")
    assert not any(shown[name] for name in hidden)
    assert whole["operator"]
    assert whole["notices"]


async def test_the_customer_display_is_told_of_the_sale_and_of_no_notice(till: Till) -> None:
    till.token = (await (await till.client.post("/api/v1/tokens", json={"scope": "customer_display"})).json())["token"]
    socket = await till.listen()
    await socket.receive_json(timeout=5)

    till.register.scan("4711")
    till.register.scan(COFFEE)
    frames = [await socket.receive_json(timeout=5)]
    if "sale" not in frames[-1]["sections"]:
        frames.append(await socket.receive_json(timeout=5))

    assert {frame["type"] for frame in frames} == {"changes"}
    assert frames[-1]["sections"]["sale"]["total"] == "€3.49"


async def test_a_token_for_anything_else_is_not_given(till: Till) -> None:
    answer = await till.client.post("/api/v1/tokens", json={"scope": "everything"})

    assert (answer.status, (await answer.json())["code"]) == (400, "bad_input.field")
