"""Real sockets on the entrance of both daemons: who says nothing goes, who holds most makes room, files are kept."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from commerce.door import FILES_IN_RESERVE, Door, Guest, client_name, room_for_connections
from commerce.entrance import Entrance
from tests.tls_postgres import make_authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@contextlib.asynccontextmanager
async def house(door: Door, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await Entrance(runner, listener, tls, door).start()
    yield int(listener.getsockname()[1])
    await runner.cleanup()


@contextlib.asynccontextmanager
async def caller(
    port: int, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    yield reader, writer
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def is_answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        writer.write(ASK)
        return (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
    return False


async def is_closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            return await reader.read(100) == b""
    return True


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_connection_without_a_whole_header_is_closed_in_time(sent: bytes) -> None:
    door = Door(8, header_s=0)
    async with house(door) as port, caller(port) as (reader, writer):
        writer.write(sent)

        assert await is_closed(reader)
        assert len(door) == 0


async def test_a_header_that_comes_byte_by_byte_is_still_a_header() -> None:
    async with house(Door(8)) as port, caller(port) as (reader, writer):
        for byte in ASK:
            writer.write(bytes([byte]))
            await writer.drain()

        assert (await reader.read(100)).startswith(b"HTTP/1.1 200")


async def test_a_full_house_sends_away_who_never_asked_and_serves_who_does() -> None:
    door = Door(4)
    async with house(door) as port, contextlib.AsyncExitStack() as stack:
        regular = await stack.enter_async_context(caller(port))
        assert await is_answered(*regular)
        crowd = [await stack.enter_async_context(caller(port)) for _ in range(50)]
        newcomer = await stack.enter_async_context(caller(port))

        assert await is_answered(*newcomer)
        assert await is_answered(*regular)
        assert len(door) <= 4
        assert await is_closed(crowd[0][0])


async def test_who_keeps_asking_holds_no_place_against_a_client_that_comes_anew() -> None:
    async with house(Door(4)) as port, contextlib.AsyncExitStack() as stack:
        greedy = [await stack.enter_async_context(caller(port)) for _ in range(4)]
        assert all([await is_answered(*one) for one in greedy])
        till = await stack.enter_async_context(caller(port, "127.0.0.2"))
        assert await is_answered(*till)
        for _ in range(20):
            another = await stack.enter_async_context(caller(port))
            assert await is_answered(*another)

        assert await is_answered(*till)
        administrator = await stack.enter_async_context(caller(port, "127.0.0.3"))
        assert await is_answered(*administrator)
        assert await is_answered(*till)


async def test_a_newcomer_of_the_address_that_holds_all_gets_in_too() -> None:
    async with house(Door(2)) as port, contextlib.AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(caller(port)) for _ in range(2)]
        assert await is_answered(*first)
        assert await is_answered(*second)
        assert await is_answered(*first)

        third = await stack.enter_async_context(caller(port))

        assert await is_answered(*third)
        assert await is_closed(second[0])  # silent longest
        assert await is_answered(*first)


async def test_a_proxys_connections_are_those_of_many_clients() -> None:
    door = Door(4, proxies=(ip_network("127.0.0.1"),))
    async with house(door) as port, contextlib.AsyncExitStack() as stack:
        proxied = [await stack.enter_async_context(caller(port)) for _ in range(3)]
        direct = [await stack.enter_async_context(caller(port, "127.0.0.2")) for _ in range(6)]
        assert await is_answered(*direct[-1])

        assert all([await is_answered(*one) for one in proxied])
        one_more = await stack.enter_async_context(caller(port))
        assert await is_answered(*one_more)


async def test_a_house_full_of_a_proxys_connections_lets_another_in() -> None:
    door = Door(3, proxies=(ip_network("127.0.0.1"),))
    async with house(door) as port, contextlib.AsyncExitStack() as stack:
        proxied = [await stack.enter_async_context(caller(port)) for _ in range(3)]
        assert all([await is_answered(*one) for one in proxied])

        assert await is_answered(*await stack.enter_async_context(caller(port)))
        assert await is_answered(*await stack.enter_async_context(caller(port, "127.0.0.9")))
        assert await is_answered(*proxied[2])
        assert len(door) == 3


async def test_a_flood_behind_a_proxy_leaves_half_of_the_house_to_who_comes_without_one() -> None:
    door = Door(8, proxies=(ip_network("127.0.0.1"),))
    async with house(door) as port, contextlib.AsyncExitStack() as stack:
        till = [await stack.enter_async_context(caller(port, "127.0.0.2")) for _ in range(2)]
        assert all([await is_answered(*one) for one in till])
        for _ in range(20):
            proxied = await stack.enter_async_context(caller(port))
            assert await is_answered(*proxied)

        assert all([await is_answered(*one) for one in till])


def test_one_customers_many_networks_of_ipv6_push_nobody_out() -> None:
    door, till = Door(8), [Guest(Door(0), asyncio.Protocol) for _ in range(2)]
    assert all(door.admit(one, "2001:db8:7::1") for one in till)

    for network in range(50):
        assert door.admit(Guest(door, asyncio.Protocol), f"2001:db8:0:{network:x}::1")

    assert all(one.client for one in till)


async def test_who_never_ends_a_handshake_has_a_place_that_others_take(tmp_path: Path) -> None:
    door, (offered, trusted) = Door(4), tls_of(tmp_path)
    async with house(door, offered) as port, contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(caller(port)) for _ in range(8)]
        for reader, _ in silent[:4]:
            assert await is_closed(reader)
        assert len(door) == 4

        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname="localhost")
        assert await is_answered(reader, writer)
        assert len(door) == 4
        writer.transport.abort()


async def test_a_handshake_is_over_in_the_time_of_a_header(tmp_path: Path) -> None:
    door, (offered, _) = Door(4, header_s=0), tls_of(tmp_path)
    async with house(door, offered) as port, caller(port) as (reader, _):
        assert await is_closed(reader)
        assert len(door) == 0


async def test_what_is_no_handshake_leaves_no_guest_behind(tmp_path: Path) -> None:
    door, (offered, _) = Door(4), tls_of(tmp_path)
    async with house(door, offered) as port, caller(port) as (reader, writer):
        writer.write(ASK)

        assert await is_closed(reader)
        assert len(door) == 0


async def test_what_is_asked_in_one_piece_with_the_end_of_a_handshake_is_answered(tmp_path: Path) -> None:
    offered, trusted = tls_of(tmp_path)
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = trusted.wrap_bio(received, sent, server_hostname="localhost")
    async with house(Door(4), offered) as port, caller(port) as (reader, writer):
        while not is_done(talk.do_handshake):
            writer.write(sent.read())
            received.write(await reader.read(65536))
        talk.write(ASK)
        writer.write(sent.read())

        while not is_done(talk.read):
            received.write(await reader.read(65536))


def is_done(step: Callable[[], object]) -> bool:
    with contextlib.suppress(ssl.SSLWantReadError):
        step()
        return True
    return False


def tls_of(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server offers, and what its clients trust."""
    trusted = ssl.create_default_context(cafile=make_authority(folder))
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(folder / "server.pem", folder / "server.key")
    return offered, trusted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:ffff::1", True),  # whoever has one may have the whole /48
        ("2001:db8::1", "2001:db8:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.168.7.1", "192.168.7.250", True),  # both are proxies
        ("192.168.7.1", "192.168.8.1", False),
        ("", "nonsense", True),
    ],
)
def test_a_client_is_an_address_a_network_or_the_proxies(one: str, other: str, same: bool) -> None:
    proxies = (ip_network("192.168.7.0/24"),)

    assert (client_name(one, proxies) == client_name(other, proxies)) is same


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["come", "ask", "go"])), max_size=80), st.integers(1, 6))
def test_nobody_loses_a_place_to_somebody_who_holds_as_many(acts: list[tuple[int, str]], most: int) -> None:
    door, inside, gone = Door(most), list[Guest](), list[Guest]()

    class Leaving(Guest):
        def send_away(self) -> None:
            gone.append(self)
            super().send_away()

    for number, act in acts:
        name = f"10.0.0.{number}"
        mine = [one for one in inside if one.client and one.client.name == name]
        if act == "come":
            guest, before = Leaving(door, asyncio.Protocol), {one: one.client for one in inside}
            held = {client.name: len(client) for client in before.values() if client}
            assert door.admit(guest, name)
            inside.append(guest)
            for one in gone:
                owner = before[one]
                assert owner is not None
                assert held[owner.name] == max(held.values())
                assert owner.name == name or held[owner.name] > held.get(name, 0)
                inside.remove(one)
            gone.clear()
        elif mine and act == "ask":
            door.heard(mine[0], has_asked=True)
        elif mine:
            door.left(inside.pop(inside.index(mine[0])))
        assert len(door) == len(inside) <= most


def test_files_are_kept_in_reserve_whatever_the_limit_is() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        room = room_for_connections(2**40)
        assert room <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - FILES_IN_RESERVE
        assert room_for_connections(64) == 64
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_guest_that_was_never_let_in_hears_nothing() -> None:
    guest = Guest(Door(0), asyncio.Protocol)

    guest.data_received(ASK)
    guest.connection_lost(None)

    assert guest.eof_received() is None
