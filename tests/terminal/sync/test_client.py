"""The client against a real HTTP server that behaves as bad servers and bad networks do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zstandard
from aiohttp import web
from aiohttp.test_utils import TestServer

from commerce.errors import BadInputError, CentralUnreachableError, ForbiddenError, MessageRejectedError
from commerce.wire import GapAnswer, PushRequest, to_wire
from terminal.sync.client import CentralAddress, CentralClient, check_url
from tests.commerce.test_ledger import CHAIN, ORIGIN, chain_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
REQUEST = PushRequest(till=ORIGIN.till, chain=CHAIN, entries=[to_wire(entry) for entry in chain_of(40)])


@asynccontextmanager
async def serving(handler: Handler, timeout_s: int = 5) -> AsyncIterator[CentralClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        address = CentralAddress(str(server.make_url("/")), "ab" * 32, timeout_s=timeout_s)
        async with CentralClient(address) as client:
            yield client


@pytest.mark.parametrize(
    "url", ["http://central.example", "http://192.0.2.7:8400", "ftp://127.0.0.1", "central", "https://"]
)
def test_sales_never_travel_in_the_clear(url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        check_url(url)
    assert caught.value.code == "central.tls_required"


@pytest.mark.parametrize(
    "url", ["https://central.example", "http://127.0.0.1:8400", "http://localhost:1", "http://[::1]:2"]
)
def test_tls_or_loopback_is_accepted(url: str) -> None:
    check_url(url)


async def test_entries_arrive_whole_with_the_tills_token() -> None:
    seen: list[tuple[str, PushRequest]] = []

    async def central(request: web.Request) -> web.Response:
        raw = await request.read()
        assert request.content_type == "application/zstd"
        plain = zstandard.ZstdDecompressor().decompress(raw, max_output_size=10**7)
        seen.append((request.headers["Authorization"], PushRequest.model_validate_json(plain)))
        return web.Response(status=409, body=GapAnswer(expected=3).model_dump_json())

    async with serving(central) as client:
        answer = await client.push(REQUEST)

    assert answer == GapAnswer(expected=3)
    assert seen == [("Bearer " + "ab" * 32, REQUEST)]


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
async def test_a_server_in_trouble_says_nothing_about_the_entries(status: int) -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>oops</html>")

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError):
            await client.push(REQUEST)


@pytest.mark.parametrize("body", ["", "not json", "{}", '{"wire": 1}', "[]"])
async def test_an_answer_nobody_can_read_is_no_answer(body: str) -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(text=body)

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError):
            await client.push(REQUEST)


async def test_half_a_body_is_no_answer() -> None:
    async def central(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"wire": 1,')
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError):
            await client.push(REQUEST)


async def test_a_compressed_body_cut_off_is_no_answer() -> None:
    async def central(request: web.Request) -> web.Response:
        whole = zstandard.compress(b'{"wire": 1}' * 1000)
        return web.Response(body=whole[:-3], headers={"Content-Encoding": "zstd"})

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError):
            await client.heads()


async def test_a_bomb_is_no_answer() -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(body=zstandard.compress(bytes(80 * 1024 * 1024)), headers={"Content-Encoding": "zstd"})

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError) as caught:
            await client.heads()
    assert caught.value.code == "sync.answer_too_large"


async def test_a_till_that_was_shut_out_hears_it() -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(status=401, text='{"wire": 1, "code": "till.revoked"}')

    async with serving(central) as client:
        with pytest.raises(ForbiddenError) as caught:
            await client.heads()
    assert caught.value.code == "till.revoked"


async def test_a_refusal_for_good_carries_its_code() -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(status=409, text='{"wire": 1, "code": "feed.epoch"}')

    async with serving(central) as client:
        with pytest.raises(MessageRejectedError) as caught:
            _ = [line async for line in client.changes("catalog", "x")]
    assert caught.value.code == "feed.epoch"


async def test_nobody_there_is_unreachable() -> None:
    async with CentralClient(CentralAddress("http://127.0.0.1:1", timeout_s=2)) as client:
        with pytest.raises(CentralUnreachableError):
            await client.heads()


async def test_a_feed_is_read_line_by_line_however_it_is_cut() -> None:
    async def central(request: web.Request) -> web.StreamResponse:
        assert dict(request.query) == {"feed": "catalog", "after": "e.1"}
        response = web.StreamResponse(headers={"Content-Encoding": "zstd"})
        await response.prepare(request)
        stream = zstandard.compress(b'[{"a": 1}]\n[]\n{"cursor": "x"}')
        for at in range(0, len(stream), 5):
            await response.write(stream[at : at + 5])
        return response

    async with serving(central) as client:
        assert [line async for line in client.changes("catalog", "e.1")] == [[{"a": 1}], [], {"cursor": "x"}]


async def test_a_snapshot_comes_whole(tmp_path: Path) -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(body=zstandard.compress(b"file" * 100_000), headers={"Content-Encoding": "zstd"})

    async with serving(central) as client:
        await client.download_snapshot(tmp_path / "catalog.db")

    assert (tmp_path / "catalog.db").read_bytes() == b"file" * 100_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_sales_go_to_the_address_that_was_set_and_follow_no_redirection(status: int) -> None:
    asked: list[str] = []

    async def central(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError):
            await client.push(REQUEST)
        with pytest.raises(CentralUnreachableError):
            await client.heads()
        with pytest.raises(CentralUnreachableError):
            async for _ in client.changes("catalog", ""):
                pass
        with pytest.raises(CentralUnreachableError):
            async with client.live():
                pass

    assert "/elsewhere" not in asked
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("said", "at_least", "at_most"),
    [
        ("7", 7, 7),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 10**6, 10**10),
    ],
)
async def test_how_long_to_wait_is_read_as_central_says_it(said: str, at_least: int, at_most: int) -> None:
    async def central(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": said})

    async with serving(central) as client:
        with pytest.raises(CentralUnreachableError) as caught:
            await client.push(REQUEST)

    assert at_least <= caught.value.values["wait_s"] <= at_most  # type: ignore[operator]
