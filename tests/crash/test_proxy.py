"""The bad line does to requests and answers what its moods say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.proxy import BadLine, Mood

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE_S = 1.0


class Central:
    """Keeps what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def tell(self, request: web.Request) -> web.Response:
        self.told.append(await request.text())
        return web.json_response({"told": len(self.told)})


@pytest.fixture
def central() -> Central:
    return Central()


@pytest.fixture
async def line(central: Central) -> AsyncIterator[BadLine]:
    app = web.Application()
    app.router.add_post("/tell", central.tell)
    async with TestServer(app) as server:
        assert server.port
        line = BadLine(server.port)
        await line.start()
        yield line
        await line.stop()


async def tell(line: BadLine, what: str) -> tuple[int, str]:
    patience = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=patience) as session,
        session.post(f"http://127.0.0.1:{line.port}/tell", data=what) as response,
    ):
        return response.status, await response.text()


async def test_a_good_line_passes_everything_on(line: BadLine, central: Central) -> None:
    assert await tell(line, "a" * 5000) == (200, '{"told": 1}')
    assert central.told == ["a" * 5000]


@pytest.mark.parametrize("mood", [Mood.GONE, Mood.HALF_REQUEST, Mood.STALE])
async def test_what_never_reached_central_has_no_answer(mood: Mood, line: BadLine, central: Central) -> None:
    line.set_mood(mood)

    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await tell(line, "one and two")

    assert central.told == []


@pytest.mark.parametrize("mood", [Mood.HALF, Mood.HALF_CLOSE, Mood.LOST, Mood.LATE])
async def test_what_central_did_can_lose_its_answer(mood: Mood, line: BadLine, central: Central) -> None:
    line.set_mood(mood)

    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await tell(line, "one")

    assert central.told == ["one"]


@pytest.mark.parametrize(("mood", "told"), [(Mood.ERROR, []), (Mood.ERROR_AFTER, ["one"])])
async def test_a_failing_central_may_have_done_it(mood: Mood, told: list[str], line: BadLine, central: Central) -> None:
    line.set_mood(mood)

    status, _ = await tell(line, "one")

    assert (status, central.told) == (500, told)


async def test_requests_come_twice(line: BadLine, central: Central) -> None:
    line.set_mood(Mood.TWICE)

    await tell(line, "one")

    assert central.told == ["one", "one"]


async def test_requests_come_late_behind_newer_ones(line: BadLine, central: Central) -> None:
    line.set_mood(Mood.STALE)
    with pytest.raises(aiohttp.ClientError):
        await tell(line, "old")
    line.set_mood(Mood.WELL)

    await tell(line, "new")

    assert central.told == ["new", "old"]
