"""A page without a screen: notes when each view or change arrives, its bytes, how many lines there are, the newest."""

import asyncio
import sys
import time
from typing import Any

import aiohttp
import orjson


class _Page:
    """What a page keeps of the lines."""

    def __init__(self) -> None:
        self._lines: dict[str, bool] = {}

    def take(self, message: dict[str, Any]) -> bool:
        """Take a frame in; return whether it was one that draws."""
        if message["type"] == "view":
            self._lines = {}
            self._put((message["view"]["sale"] or {"lines": []})["lines"])
        elif message["type"] == "changes":
            self._change(message)
        return message["type"] in ("view", "changes")

    def shown(self) -> str:
        """Return how many lines there are and the newest one's id."""
        return f"{len(self._lines)} {next((line for line, newest in self._lines.items() if newest), '-')}"

    def _change(self, message: dict[str, Any]) -> None:
        if message["sections"].get("sale", "") is None:
            self._lines = {}
        lines = message.get("lines", {"removed": (), "set": ()})
        for line in lines["removed"]:
            del self._lines[line]
        self._put(lines["set"])

    def _put(self, lines: list[dict[str, Any]]) -> None:
        self._lines.update({line["id"]: line["newest"] for line in lines})


async def _listen(port: int, token: str) -> None:
    url, page = f"http://127.0.0.1:{port}/api/v1/live?token={token}", _Page()
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as live:
        while True:
            message = await live.receive()
            at = time.monotonic_ns()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            if page.take(orjson.loads(message.data)):
                sys.stdout.write(f"{at} {len(message.data.encode())} {page.shown()}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_listen(int(sys.argv[1]), sys.argv[2]))
