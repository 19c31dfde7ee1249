"""The raw engine beside scan to frame: event bytes in, one look-up, one durable insert, one ready frame out.

It neither decodes keys, prices a line nor draws a view; the frame it sends was recorded from the till.
"""

import asyncio
import socket
import sqlite3
import sys
from pathlib import Path

from aiohttp import web

RAW = """\
SELECT id, sku, names_json, unit, vat_code, price_scaled, version FROM item
 WHERE id IN (SELECT item FROM item_code WHERE code = ?);
-- journal_mode = WAL, synchronous = FULL, one transaction per scan
INSERT INTO event (event) VALUES (?);"""
LOOK_UP, INSERT = (statement.partition(";")[0] for statement in RAW.split("transaction per scan\n"))


class RawScan:
    """Serves one listener."""

    def __init__(self, folder: Path, catalogue: Path, code: str, events: int) -> None:
        self._frame = (folder / "frame.json").read_bytes()
        self._code, self._events = code, events
        self._catalogue = sqlite3.connect(f"{catalogue.as_uri()}?mode=ro", uri=True)
        self._ledger = sqlite3.connect(folder / "raw.db", isolation_level=None)
        self._ledger.execute("PRAGMA journal_mode = WAL")
        self._ledger.execute("PRAGMA synchronous = FULL")
        self._ledger.execute("CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY, event BLOB)")
        self._sockets: set[web.WebSocketResponse] = set()

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """Keep a listener."""
        live = web.WebSocketResponse(compress=False)
        await live.prepare(request)
        self._sockets.add(live)
        await live.send_frame(self._frame, web.WSMsgType.TEXT)
        async for _ in live:
            pass
        return live

    async def serve(self, scanner: socket.socket) -> None:
        """Answer each scan with a frame."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(scanner)
            while data := await loop.sock_recv(connection, 65536):
                while len(data) < self._events:
                    data += await loop.sock_recv(connection, 65536)
                await self._take(data)

    async def _take(self, data: bytes) -> None:
        self._catalogue.execute(LOOK_UP, (self._code,)).fetchall()
        self._ledger.execute(INSERT, (data[:1500],))
        for live in self._sockets:
            await live.send_frame(self._frame, web.WSMsgType.TEXT)


async def _run(folder: Path, catalogue: Path, port: int, code: str, events: int) -> None:
    raw, app = RawScan(folder, catalogue, code, events), web.Application()
    app.router.add_get("/api/v1/live", raw.live)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with socket.socket(socket.AF_UNIX) as scanner:
        scanner.bind(str(folder / "raw.sock"))
        scanner.listen()
        scanner.setblocking(False)
        print("ready", flush=True)
        await raw.serve(scanner)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
