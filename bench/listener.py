"""A page without a screen: notes when each view arrives at its WebSocket, how many lines it has and which is newest."""

import asyncio
import sys
import time

import aiohttp
import orjson


async def _listen(port: int, token: str) -> None:
    url = f"http://127.0.0.1:{port}/api/v1/live?token={token}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as live:
        while True:
            message = await live.receive()
            at = time.monotonic_ns()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            _note(at, orjson.loads(message.data))


def _note(at: int, message: dict[str, object]) -> None:
    view = message.get("view")
    if isinstance(view, dict):
        lines = (view["sale"] or {"lines": []})["lines"]
        newest = next((line["id"] for line in lines if line["newest"]), "-")
        sys.stdout.write(f"{at} {len(lines)} {newest}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_listen(int(sys.argv[1]), sys.argv[2]))
