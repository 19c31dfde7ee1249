"""The raw engine beside a push: takes the same request body, keeps it durably, answers. It verifies nothing."""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web

RAW = """\
CREATE TABLE push (id INTEGER PRIMARY KEY, body BYTEA NOT NULL);
-- SQLite: journal_mode = WAL, synchronous = FULL; PostgreSQL: fsync and synchronous_commit on; one transaction a push
INSERT INTO push (body) VALUES (?);"""


def _open_sqlite(path: str) -> Callable[[bytes], Awaitable[None]]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE push (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    async def keep(body: bytes) -> None:
        connection.execute("INSERT INTO push (body) VALUES (?)", (body,))

    return keep


async def _open_postgres(url: str) -> Callable[[bytes], Awaitable[None]]:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE push (id BIGSERIAL PRIMARY KEY, body BYTEA NOT NULL)")

    async def keep(body: bytes) -> None:
        await connection.execute("INSERT INTO push (body) VALUES ($1)", body)

    return keep


async def _run(where: str, port: int) -> None:
    keep = await _open_postgres(where) if "://" in where else _open_sqlite(where)

    async def push(request: web.Request) -> web.Response:
        await keep(await request.read())
        return web.Response(body=b"{}", content_type="application/json")

    app = web.Application(client_max_size=1 << 25)
    app.router.add_post("/push", push)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2])))
