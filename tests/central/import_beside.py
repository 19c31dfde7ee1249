"""A large import by the real command beside a real server, while a till sells and pushes all the time."""

from __future__ import annotations

import asyncio
import csv
import os
import random
import sqlite3
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import aiohttp
import orjson
import zstandard

from central.db.feed import last_place
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.central.office import Office
    from tests.fakes.till import FakeTill

GOODS = ("caffè", "latte", "pane", "pasta", "riso", "tonno", "olio", "aceto", "vino", "birra", "acqua", "mela", "pera")
DEADLINE_S = 60


def write_catalogue(path: Path, count: int) -> None:
    """A file of so many items, codes in no order."""
    chance = random.Random(7)
    codes = chance.sample(range(10**10), count)
    with path.open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["code", "name", "price", "vat"])
        for number, code in enumerate(codes):
            name = f"{' '.join(chance.choices(GOODS, k=3))} {number}"
            rows.writerow([f"99{code:010d}0", name, f"{chance.randrange(1, 9999) / 100:.2f}", "22"])


@asynccontextmanager
async def server(config: Path) -> AsyncIterator[str]:
    """The address of a running central."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "central", "run", "--config", str(config), cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(DEADLINE_S):
            line = await process.stdout.readline()
        yield line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass
class Seller:
    """Sells and pushes, one sale after the other."""

    till: FakeTill
    session: aiohttp.ClientSession
    office: Office
    acknowledged: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)  # rows that the import published while a push waited

    async def sell_until(self, done: asyncio.Event) -> None:
        while not done.is_set():
            self.till.sell()
            before = await self._imported()
            await self.push()
            self.passed.append(await self._imported() - before)
            await asyncio.sleep(0.01)

    def said(self) -> str:
        """What a person wants to know of the waiting."""
        sorted_ms = sorted(second * 1000 for second in self.seconds)
        return (
            f"{len(sorted_ms)} pushes, p50 {sorted_ms[len(sorted_ms) // 2]:.0f} ms,"
            f" p99 {sorted_ms[len(sorted_ms) * 99 // 100]:.0f} ms, slowest {sorted_ms[-1]:.0f} ms,"
            f" at most {max(self.passed)} rows published meanwhile"
        )

    async def push(self) -> None:
        request = self.till.push_of(self.till.entries[-1:] if self.acknowledged else self.till.entries)
        started = perf_counter()
        headers = {"Authorization": f"Bearer {self.till.token}"}
        body = orjson.dumps(request.model_dump())
        async with self.session.post("/sync/v1/ledger", data=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == 200, answer
        self.seconds.append(perf_counter() - started)
        self.acknowledged.append(answer["head"]["seq"])

    async def _imported(self) -> int:
        """Return how many rows the company's feed ever took: one for each that the import published."""
        return await self.office.database.read(lambda c: last_place(c, self.office.company).position)


@dataclass(frozen=True)
class Imported:
    """How the command ended."""

    status: int
    out: str
    err: str
    seconds: float
    peak_mb: int


async def run_import(config: Path, file: Path, done: asyncio.Event) -> Imported:
    """Run the command in a process of its own."""
    measured = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);"
        " print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); sys.exit(code)"
    )
    started = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", measured, sys.executable, "-m", "central", "import", "items", str(file), "--vat", "22",
        "--config", str(config), cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "en_GB.UTF-8", "FORCE_COLOR": "1"},
    )  # fmt: skip
    try:
        out, err = (part.decode() for part in await process.communicate())
    finally:
        done.set()
    peak = int(out.rsplit("peak", 1)[1])
    return Imported(int(process.returncode or 0), out, err, perf_counter() - started, peak)


async def pulled_items(session: aiohttp.ClientSession, till: FakeTill) -> set[str]:
    """Follow the catalogue's feed from the beginning and return the article numbers."""
    cursor, found, headers = "", set[str](), {"Authorization": f"Bearer {till.token}"}
    more = True
    while more:
        params = {"feed": "catalog", "after": cursor}
        async with session.get("/sync/v1/changes", params=params, headers=headers) as response:
            assert response.status == 200
            async for line in response.content:
                read = orjson.loads(line)
                if isinstance(read, dict):
                    cursor, more = read["cursor"], read["more"]
                else:
                    found.update(change["row"]["sku"] for change in read if change["row"])
    return found


async def snapshot_items(address: str, till: FakeTill, folder: Path) -> int:
    """Take the ready catalogue and count its items."""
    headers = {"Authorization": f"Bearer {till.token}", "Accept-Encoding": "identity"}
    path = folder / "catalog.db"
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    async with (
        aiohttp.ClientSession(address, auto_decompress=False) as session,
        session.get("/sync/v1/snapshot", headers=headers) as response,
    ):
        assert response.status == 200
        with path.open("wb") as target:
            async for chunk in response.content.iter_chunked(1 << 20):
                target.write(unpacker.decompress(chunk))
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])
    finally:
        connection.close()
