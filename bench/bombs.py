"""Central while somebody sends it bombs: how long the loop lets others wait, and how many it refuses a second."""

import asyncio
import time
from contextlib import suppress
from itertools import cycle

import aiohttp
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figures import Figure, Round, limit, rate
from bench.place import Size, fresh_folder
from commerce.ledger import Signer
from commerce.wire import MAX_BODY_BYTES, EnrolRequest
from tests.crash.central_world import Central

RAW = "-- GET /health of the same central, with nobody else there"
_BOMBS_A_SECOND = 100
_ASKED_A_SECOND = 50
_TOGETHER = 8


def run(size: Size) -> list[Figure]:
    """Ask for /health at rest and under bombs, then send bombs as fast as they are refused."""
    folder = fresh_folder(size.folder("bombs"))
    central = Central(folder / "central", 1, None)
    central.open()
    try:
        rounds, refusals = asyncio.run(_measure(size, f"http://127.0.0.1:{central.port}", central.claim().code))
    finally:
        central.stop()
    return [
        limit("waiting at a central under 100 bombs a second", rounds, 99, at_most_ms=50),
        rate("commands refused under bombs", refusals, at_least=0.2),
    ]


async def _measure(size: Size, address: str, code: str) -> tuple[list[Round], list[Round]]:
    signer = Signer(Ed25519PrivateKey.generate())
    async with aiohttp.ClientSession(address, connector=aiohttp.TCPConnector(limit=0)) as session:
        request = EnrolRequest(code=code, public_key=signer.public_key.hex(), app_version="bench")
        async with session.post("/sync/v1/enrol", data=request.model_dump_json()) as answer:
            bombs = _Bombs(session, (await answer.json())["token"])
        rounds, refusals = [], []
        for number in range(-1, size.of(4, 1)):  # the first one warms up
            rest = await _ask(session, size.of(200, 5))
            flood = asyncio.create_task(bombs.send_for_ever())
            waits = await _ask(session, size.of(200, 5))
            flood.cancel()
            with suppress(asyncio.CancelledError):
                await flood
            refused = Round(await bombs.send_many(size.of(300, 8)), rest)
            if number >= 0:
                rounds.append(Round(waits, rest))
                refusals.append(refused)
    return rounds, refusals


async def _ask(session: aiohttp.ClientSession, count: int) -> list[float]:
    """Ask at a steady pace; return what each had to wait."""
    waits = []
    for _ in range(count):
        begun = time.perf_counter()
        async with session.get("/health") as answer:
            await answer.read()
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(max(0.0, 1 / _ASKED_A_SECOND - waits[-1]))
    return waits


class _Bombs:
    """Requests that would grow: from nobody, from a till that is known, compressed and as they are."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self._session = session
        known, packed = {"Authorization": f"Bearer {token}"}, {"Content-Encoding": "zstd"}
        objects = zstandard.compress(b'{"entries":[' + b"{}," * (MAX_BODY_BYTES // 3 - 10))
        zeros = zstandard.compress(bytes(64 * 1024 * 1024))
        self._kinds = cycle(
            [
                ("enrol", objects, packed),
                ("enrol", b"[" * 4000, {}),
                ("ledger", objects, packed),
                ("ledger", objects, {**packed, **known}),
                ("ledger", zeros, {**packed, **known}),
                ("ledger", b'{"entries":[' + b"{}," * 20_000, known),
            ]
        )

    async def send_for_ever(self) -> None:
        """Send so many a second, whether the ones before were answered or not."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._send())
                await asyncio.sleep(1 / _BOMBS_A_SECOND)

    async def send_many(self, count: int) -> list[float]:
        """Send some as fast as they are refused; return the seconds that each took of the whole."""
        begun = time.perf_counter()
        for _ in range(0, count, _TOGETHER):
            await asyncio.gather(*(self._send() for _ in range(_TOGETHER)))
        seconds = time.perf_counter() - begun
        sent = -(-count // _TOGETHER) * _TOGETHER
        return [seconds / sent] * sent

    async def _send(self) -> None:
        path, body, headers = next(self._kinds)
        with suppress(aiohttp.ClientConnectionError):  # a refusal may come before all was sent
            async with self._session.post(f"/sync/v1/{path}", data=body, headers=headers) as answer:
                assert 400 <= answer.status < 500, answer.status
