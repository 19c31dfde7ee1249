"""Plays one till's receipts through its documented API, one after the other, as a cashier's program would."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import aiohttp

from bench.replay_book import PlayedLine, Receipt
from bench.replay_files import ReplayError
from bench.replay_world import OPERATOR, PIN, VAT_CODE
from commerce.dates import utc_text
from commerce.ids import new_id

MAX_LINES = 2000  # of one command; the API takes 5,000 lines and 4 MiB
_PAGE = 50
_POLL_S = 0.05
_READY_S = 60.0
_TENDER = "card"  # entered by hand: nothing is counted into or out of the drawer


class Pacer:
    """Lets so many receipts a second begin, over all tills; without a figure as many as can."""

    def __init__(self, per_second: float | None) -> None:
        self._pause = 1 / per_second if per_second else 0.0
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for the next turn."""
        if not self._pause:
            return
        now = time.monotonic()
        self._next = max(self._next, now) + self._pause
        await asyncio.sleep(self._next - self._pause - now)


class TillPort(Protocol):
    """What playing needs of a till."""

    async def state(self) -> dict[str, Any]:
        """Return the whole view."""
        ...

    async def act(self, path: str, **values: object) -> dict[str, Any]:
        """Send an act."""
        ...


class TillApi:
    """A till's API on one connection that stays open."""

    def __init__(self, name: str, url: str, session: aiohttp.ClientSession) -> None:
        self.name = name
        self._url = url
        self._session = session
        self._headers: dict[str, str] = {}

    @classmethod
    async def open(cls, name: str, url: str, stack: AsyncExitStack) -> "TillApi":
        """Take a token."""
        connector = aiohttp.TCPConnector(limit=1, keepalive_timeout=300)
        session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300))
        api = cls(name, url, await stack.enter_async_context(session))
        answer = await api._ask("POST", "/api/v1/tokens", {})
        api._headers = {"X-Till-Token": answer["token"]}
        return api

    async def state(self) -> dict[str, Any]:
        """Return the whole view."""
        view: dict[str, Any] = await self._ask("GET", "/api/v1/state")
        return view

    async def act(self, path: str, **values: object) -> dict[str, Any]:
        """Send an act; ReplayError says how the till refused it."""
        answer: dict[str, Any] = await self._ask("POST", f"/api/v1/{path}", {"command_id": new_id(), **values})
        return answer

    async def _ask(self, method: str, path: str, body: dict[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        async with self._session.request(method, self._url + path, json=body, headers=self._headers) as response:
            answer = await response.json()
            if response.status != 200:
                raise ReplayError(f"till {self.name} refused {path}: {answer.get('code')} ({answer.get('detail')})")
            return answer


class Player:
    """A till's worker: a session for each local day, a sale for each receipt."""

    def __init__(self, api: TillPort, receipts: Iterator[Receipt], pacer: Pacer, played: Callable[[], None]) -> None:
        self._api = api
        self._receipts = receipts
        self._pacer = pacer
        self._played = played
        self._day = ""
        self._at = ""
        self.sessions = 0

    async def begin(self) -> None:
        """Sign on, as soon as the till knows its operators."""
        operators: list[dict[str, str]] = []
        async with asyncio.timeout(_READY_S):
            while not operators:
                operators = (await self._api.state())["operators"]
                await asyncio.sleep(0 if operators else _POLL_S)
        operator = next(row["id"] for row in operators if row["name"] == OPERATOR)
        await self._api.act("sign-on", operator=operator, pin=PIN)

    async def play(self) -> None:
        """Play every receipt; the last day's session stays open."""
        while page := await asyncio.to_thread(lambda: list(itertools.islice(self._receipts, _PAGE))):
            for receipt in page:
                await self._pacer.turn()
                await self._enter_day(receipt)
                await self._play(receipt)
                self._played()

    async def end(self) -> None:
        """Close the last day."""
        if self._day:
            await self._api.act("session/close", counted_cash_cents=0)
            self._day = ""

    async def _enter_day(self, receipt: Receipt) -> None:
        """Close the day before with its Z, at its last receipt's time, and open this one."""
        if receipt.day == self._day:
            await self._set_clock(receipt)
            return
        await self.end()
        await self._set_clock(receipt)
        await self._api.act("session/open", opening_cash_cents=0)
        self._day = receipt.day
        self.sessions += 1

    async def _set_clock(self, receipt: Receipt) -> None:
        at = utc_text(receipt.at)
        if at != self._at:
            await self._api.act("replay/clock", at=at)
            self._at = at

    async def _play(self, receipt: Receipt) -> None:
        sale = ""
        for start in range(0, len(receipt.lines), MAX_LINES):
            lines = [_line(line) for line in receipt.lines[start : start + MAX_LINES]]
            sale = (await self._api.act("sale/imported-lines", lines=lines))["sale"]
        due = receipt.cents
        if due:
            await self._api.act("sale/tenders", sale=sale, type=_TENDER, shown_due_cents=due)
        else:
            await self._api.act("sale/complete", sale=sale, shown_due_cents=0)


def _line(line: PlayedLine) -> dict[str, object]:
    return {
        "code": line.code,
        "description": line.description,
        "quantity": line.quantity,
        "total_cents": line.cents,
        "vat_code": VAT_CODE,
    }
