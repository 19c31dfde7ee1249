"""A till's server on a fake register, and what a program on this machine does with it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, CookieJar

from commerce.ids import new_id
from terminal.ui.server import build_server, open_entrance
from tests.fakes.register import FakeRegister
from tests.fakes.ui import FakePaper, FakeSurroundings, ui_services
from tests.ports import free_port

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientWebSocketResponse, web


@dataclass
class Till:
    """The server under test with everything that a test may change around it."""

    register: FakeRegister = field(default_factory=FakeRegister)
    around: FakeSurroundings = field(default_factory=FakeSurroundings)
    paper: FakePaper = field(default_factory=FakePaper)
    token: str = ""

    async def start(self) -> None:
        """Listen on a free port, whose addresses are the accepted ones."""
        port = free_port()
        hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self.app: web.Application = build_server(ui_services(self.register, hosts, self.around, self.paper))
        self._runner = await open_entrance(self.app, socket.create_server(("127.0.0.1", port)), None)
        self.address = f"127.0.0.1:{port}"
        self.client = ClientSession(f"http://{self.address}", cookie_jar=CookieJar(unsafe=True))
        self.token = (await (await self.client.post("/api/v1/tokens", json={})).json())["token"]

    async def stop(self) -> None:
        """Stop listening."""
        await self.client.close()
        await self._runner.cleanup()

    async def post(self, path: str, body: dict[str, Any] | None = None, language: str = "en") -> ClientResponse:
        """Send an act with a fresh command id unless the body has one."""
        whole = {"command_id": new_id(), **(body or {})}
        headers = {"X-Till-Token": self.token, "Accept-Language": language}
        return await self.client.post(path, json=whole, headers=headers)

    async def listen(self, language: str = "en") -> ClientWebSocketResponse:
        """Open the live channel."""
        return await self.client.ws_connect(f"/api/v1/live?token={self.token}&lang={language}")
