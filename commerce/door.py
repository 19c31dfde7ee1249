"""The door of a server: how many may be inside, and who makes room for one more.

It knows nothing of HTTP but where a header ends. A connection that sends no whole header in time is closed. When the
house is full, the client with the most inside makes room for the next: of its connections first one that never asked
for anything, then the one that was silent longest. So whoever holds many places loses them to whoever has few, however
often those inside ask, and who comes anew always gets in. Proxies come for many clients, whom the door cannot tell
apart: half of the house weighs nothing in their hands, and the other half is for those who come by themselves.
"""

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import chain

HANDSHAKE_S = 10
FILES_IN_RESERVE = 256  # databases, devices, logs and what is sent to central: never for connections
_HEADER_END = b"\r\n\r\n"
_PROXIES = "proxies"
_SITE_BITS = 48  # one customer may get so much of IPv6: by /64 it would be more clients than a house has places
log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network


@dataclass(slots=True, eq=False)
class Client:
    """Whose connections are counted together; ``unweighed`` of them weigh as one: proxies come for many clients."""

    name: str
    unweighed: int = 0
    waiting: dict["Guest", None] = field(default_factory=dict)  # oldest first
    served: dict["Guest", None] = field(default_factory=dict)  # silent longest first

    def __len__(self) -> int:
        """Return how many connections it has."""
        return len(self.waiting) + len(self.served)

    def share(self, more: int = 0) -> int:
        """Return how much of the house it holds, with some more."""
        held = len(self) + more
        return max(min(held, 1), held - self.unweighed)

    def first_to_go(self) -> "Guest":
        """Return whose place is the next one's."""
        return next(chain(self.waiting, self.served))


@dataclass(slots=True)
class Door:
    """Counts the guests of one server; ``proxies`` are those that come for others."""

    most: int
    header_s: int = 10
    proxies: tuple[Network, ...] = ()
    _count: int = 0
    _clients: dict[str, Client] = field(default_factory=dict)
    # By share: clients some of whose connections never asked, and the others; silent longest first.
    _ranks: dict[int, tuple[dict[Client, None], dict[Client, None]]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many are inside."""
        return self._count

    def admit(self, guest: "Guest", peer: str) -> bool:
        """Let a guest in from an address, sending another away where the house is full; False where it has no place."""
        if self.most < 1:
            return False
        name = client_name(peer, self.proxies)
        if self._count >= self.most:
            self._who_makes_room(name).first_to_go().send_away()
        unweighed = self.most // 2 if name == _PROXIES else 0
        guest.client = client = self._clients.setdefault(name, Client(name, unweighed))
        self._take_out(client)
        client.waiting[guest] = None
        self._put_back(client)
        return True

    def heard(self, guest: "Guest", *, has_asked: bool) -> None:
        """Note that a guest said something."""
        client = guest.client
        if client is None or not has_asked:
            return
        self._take_out(client)
        client.waiting.pop(guest, None)
        client.served.pop(guest, None)
        client.served[guest] = None
        self._put_back(client)

    def left(self, guest: "Guest") -> None:
        """Forget a guest."""
        client, guest.client = guest.client, None
        if client is None:
            return
        self._take_out(client)
        client.waiting.pop(guest, None)
        client.served.pop(guest, None)
        self._put_back(client)

    def _who_makes_room(self, name: str) -> Client:
        """Return whose connection goes: the newcomer's own where it would then hold more than anybody."""
        own, most = self._clients.get(name), max(self._ranks)
        if own is not None and own.share(1) > most:
            return own
        return next(chain(*self._ranks[most]))

    def _take_out(self, client: Client) -> None:
        self._count -= len(client)
        share = client.share()
        for clients in self._ranks.get(share, ()):
            clients.pop(client, None)
        if share in self._ranks and not any(self._ranks[share]):
            del self._ranks[share]

    def _put_back(self, client: Client) -> None:
        self._count += len(client)
        if not len(client):
            self._clients.pop(client.name, None)
            return
        never_asked, others = self._ranks.setdefault(client.share(), ({}, {}))
        (never_asked if client.waiting else others)[client] = None


def client_name(peer: str, proxies: tuple[Network, ...] = ()) -> str:
    """Return by which name an address is counted: whoever has one of IPv6 may have the whole /48 of it."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if any(address.version == network.version and address in network for network in proxies):
        return _PROXIES
    return str(ip_network((address, _SITE_BITS), strict=False)) if isinstance(address, IPv6Address) else str(address)


async def open_door(
    door: Door,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    serve: Callable[[], asyncio.Protocol],
    backlog: int,
) -> asyncio.Server:
    """Take connections on a bound socket; each is a guest of the door before it is served."""
    return await asyncio.get_running_loop().create_server(
        lambda: Guest(door, serve, tls),
        sock=listener,
        backlog=backlog,
    )


class Guest(asyncio.Protocol):
    """Stands between a connection and the protocol that serves it.

    With TLS it has its place from the first byte on: whoever never ends a handshake holds a file of the process too.
    """

    def __init__(self, door: Door, serve: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None) -> None:
        self.client: Client | None = None  # while it is inside
        self._door = door
        self._serve = serve
        self._tls = tls
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._early: list[bytes] = []  # what came in one piece with the end of the handshake
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self._has_asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit, or close at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server's always is
        self._transport = transport
        if not self._door.admit(self, _address(transport)):
            transport.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(self._door.header_s, self.send_away)
        if self._tls is None:
            self._begin(transport)
        else:
            self._handshake = asyncio.create_task(self._shake_hands(transport, self._tls))

    def data_received(self, data: bytes) -> None:
        """Hand it on, and see whether the first header is whole."""
        if self._inner is None:
            self._early.extend([data] if self._handshake else [])
            return
        if not self._has_asked:
            self._look_for_header(data)
        self._door.heard(self, has_asked=self._has_asked)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._inner.eof_received() if self._inner else None

    def pause_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it and hand it on."""
        self._door.left(self)
        self._stop_waiting()
        if self._inner:
            self._inner.connection_lost(exc)

    def send_away(self) -> None:
        """Close the connection at once; it is none of the guests any more."""
        self._door.left(self)
        self._stop_waiting()
        if self._transport:
            self._transport.abort()

    async def _shake_hands(self, plain: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                plain, self, tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError as error:  # no TLS, a wrong one, or a peer that left or was too slow
            log.debug("a handshake came to nothing: %s", error)
            self.send_away()
            return
        if secured is None or plain.is_closing():
            self.send_away()
            return
        self._begin(secured)
        early, self._early, self._handshake = self._early, [], None
        for data in early:
            self.data_received(data)

    def _begin(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._inner = self._serve()
        self._inner.connection_made(transport)

    def _look_for_header(self, data: bytes) -> None:
        seen = self._tail + data
        self._tail = seen[-3:]
        if _HEADER_END in seen:
            self._has_asked, self._tail = True, b""
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def room_for_connections(wanted: int) -> int:
    """Return how many connections fit, after raising this process's limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_IN_RESERVE
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(8, min(wanted, soft - FILES_IN_RESERVE))


def _address(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
