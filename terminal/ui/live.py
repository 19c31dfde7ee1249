"""The live channel: every page gets the view in its language, then what changes in it, and every notice."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Final

import orjson
from aiohttp import WSMsgType, web

from commerce.texts import LANGUAGES
from terminal.services.state import Notice, RegisterState
from terminal.ui.ports import UiServices
from terminal.ui.print_views import notice_view
from terminal.ui.sections import changes, for_customers
from terminal.ui.view_types import View
from terminal.ui.views import Viewer

if TYPE_CHECKING:
    from terminal.ui.frame_types import ViewFrame

HEARTBEAT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 2.0
SEND_TIMEOUT_S: Final = 5.0  # a page that takes no frame for so long is gone
MOST_NOTICES: Final = 200
MOST_BYTES_IN: Final = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A view that was drawn; ``frames`` are what others need to become it, by the number of what they show."""

    number: int
    view: View
    frames: dict[int, bytes | None] = field(default_factory=dict)


@dataclass(eq=False)
class Client:
    """One page or program that listens."""

    language: str
    whole: bool = True  # False: only what a customer may see
    shown: "Drawn | None" = None  # what it was sent last
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    notices: deque[Notice] = field(default_factory=lambda: deque(maxlen=MOST_NOTICES))

    def __post_init__(self) -> None:
        self.changed.set()


class Live:
    """Tells listeners of changes. A view is made once per language and state, however many pages there are."""

    def __init__(self, services: UiServices) -> None:
        self._services = services
        self._clients: set[Client] = set()
        self._viewers = {language: Viewer(language) for language in LANGUAGES}
        self._drawn: dict[tuple[str, bool], Drawn] = {}
        self._numbers = count(1)
        self._newest_notice = max((n.number for n in services.register.state.notices), default=0)
        services.register.listeners.append(self._state_changed)

    def refresh(self) -> None:
        """Draw again because a device, the network or the minute changed."""
        self._drawn.clear()
        for client in self._clients:
            client.changed.set()

    def view_bytes(self, language: str) -> bytes:
        """Return the view of this moment as JSON."""
        return orjson.dumps(self._view(language))

    async def serve(self, request: web.Request, language: str, *, whole: bool) -> web.WebSocketResponse:
        """Keep one listener up to date until it goes; without ``whole`` it sees what customers may see."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, compress=False, max_msg_size=MOST_BYTES_IN, timeout=CLOSE_TIMEOUT_S
        )
        await socket.prepare(request)
        client = Client(language, whole)
        self._clients.add(client)
        await asyncio.gather(self._read(socket, client), self._write(socket, client))
        return socket

    async def close(self) -> None:
        """Let every listener go, because the daemon stops."""
        listeners = self._services.register.listeners
        if self._state_changed in listeners:
            listeners.remove(self._state_changed)
        clients = list(self._clients)
        self._clients.clear()
        for client in clients:
            client.changed.set()

    def _state_changed(self, state: RegisterState) -> None:
        new = [notice for notice in state.notices if notice.number > self._newest_notice]
        self._newest_notice = max((notice.number for notice in new), default=self._newest_notice)
        for client in self._clients:
            client.notices.extend(new if client.whole else ())
        self.refresh()

    async def _write(self, socket: web.WebSocketResponse, client: Client) -> None:
        try:
            while client in self._clients:
                await self._wait(client)
                client.changed.clear()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._send(socket, client)
        except (TimeoutError, ConnectionError):
            log.info("a page stopped taking its views and was let go")
        finally:
            self._clients.discard(client)
            await socket.close()

    async def _wait(self, client: Client) -> None:
        """Wait for a change, at most until the clock on the page has to move on."""
        try:
            async with asyncio.timeout(_seconds_to_next_minute(self._services.now())):
                await client.changed.wait()
        except TimeoutError:
            self._drawn.clear()

    async def _send(self, socket: web.WebSocketResponse, client: Client) -> None:
        if client not in self._clients:
            return
        drawn = self._draw(client.language, whole=client.whole)
        frame = _frame(client.shown, drawn)
        client.shown = drawn
        if frame is not None:
            await socket.send_frame(frame, WSMsgType.TEXT)
        while client.notices:
            await socket.send_frame(self._notice_frame(client.notices.popleft(), client.language), WSMsgType.TEXT)

    def _draw(self, language: str, *, whole: bool) -> Drawn:
        drawn = self._drawn.get((language, whole))
        if drawn is None:
            view = self._draw(language, whole=True).view if not whole else self._view(language)
            shown = view if whole else for_customers(view)
            drawn = self._drawn[language, whole] = Drawn(next(self._numbers), shown)
        return drawn

    def _view(self, language: str) -> View:
        return self._viewers[language].view(self._services.register.state, self._services)

    def _notice_frame(self, notice: Notice, language: str) -> bytes:
        currency = self._services.register.state.operating.company.currency
        view = notice_view(self._viewers[language], notice, currency)
        return orjson.dumps({"type": "notice", "notice": view})

    async def _read(self, socket: web.WebSocketResponse, client: Client) -> None:
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not (language := _language_asked(message.data)):
                    break
                client.language, client.shown = language, None
                client.changed.set()
        finally:
            self._clients.discard(client)
            client.changed.set()


def _frame(shown: Drawn | None, drawn: Drawn) -> bytes | None:
    """Return what a page is sent that shows this, or nothing yet; None when it shows the same. Made once for all."""
    number = 0 if shown is None else shown.number
    if number not in drawn.frames:
        drawn.frames[number] = _made(shown, drawn.view)
    return drawn.frames[number]


def _made(shown: Drawn | None, view: View) -> bytes | None:
    if shown is None:
        whole: ViewFrame = {"type": "view", "revision": view["revision"], "view": view}
        return orjson.dumps(whole)
    changed = changes(shown.view, view)
    return None if changed is None else orjson.dumps(changed)


def _language_asked(text: str) -> str | None:
    """Return the language that a page asks for, None when the message is none of ours."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("type") != "language" or message.get("language") not in LANGUAGES:
        return None
    return str(message["language"])


def _seconds_to_next_minute(now: datetime) -> float:
    return 60.0 - now.second - now.microsecond / 1e6 + 0.05
