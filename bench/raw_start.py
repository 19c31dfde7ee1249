"""The raw engine beside a start: imports, both files opened, one request answered."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.start import RAW

_HEAD, _ITEM = [statement.strip() for statement in RAW.partition("\n")[2].split(";")[:2]]


async def _run(folder: Path, code: str) -> None:
    ledger = sqlite3.connect(folder / "ledger.db")
    catalogue = sqlite3.connect(folder / "catalog-1.db")

    async def answer(_: web.Request) -> web.Response:
        head = ledger.execute(_HEAD).fetchone()
        found = catalogue.execute(_ITEM, (code,)).fetchone()
        return web.json_response([head[0].hex(), *found])

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as response:
        print(len(await response.read()), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), sys.argv[2]))
