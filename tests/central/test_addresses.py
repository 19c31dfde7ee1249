"""Behind a proxy the client's address is what the proxy says; from anybody else the header is worth nothing."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import aiohttp
import pytest
from sqlalchemy import select

from central.db.engine import open_database
from central.db.migrate import migrate
from central.identity.people import Role
from central.identity.tables import user_session
from central.web.addresses import forwarded_for
from central.web.settings import WebSettings
from tests.central.head_office import HeadOffice, Visitor, open_site, seed
from tests.central.office import open_office
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROXIES = tuple(map(ip_network, ("10.0.0.0/24", "fd00:12::/64")))


@pytest.mark.parametrize(
    ("peer", "header", "found"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a proxy of ours: invented
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what the client itself wrote stands left
        ("10.0.0.5", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"),  # two proxies of ours
        ("10.0.0.5", "10.0.0.8, 10.0.0.7", "10.0.0.8"),  # a machine of the proxies' own network asks
        ("10.0.0.5", "198.51.100.1, nonsense", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.1, , 10.0.0.7", "10.0.0.7"),
        ("10.0.0.5", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.5", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.5", "2001:db8::1", "2001:db8::1"),
        ("fd00:12::5", "2001:db8::1", "2001:db8::1"),
        ("fd00:13::5", "2001:db8::1", "fd00:13::5"),
        ("::ffff:10.0.0.5", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", ", ".join(["1.1.1.1"] + ["10.0.0.7"] * 5000), "10.0.0.7"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_of_ours_is_the_clients(peer: str, header: str, found: str) -> None:
    assert forwarded_for(peer, header.split(",") if header else [], PROXIES) == found


def test_nobody_is_believed_unless_told() -> None:
    assert forwarded_for("127.0.0.1", ["198.51.100.1"], ()) == "127.0.0.1"


def test_no_other_place_asks_the_socket_for_the_address() -> None:
    asking = [
        path.name
        for path in (PROJECT / "central").rglob("*.py")
        if ".remote" in path.read_text(encoding="utf-8") or "peername" in path.read_text(encoding="utf-8")
    ]

    assert asking == ["addresses.py"]


@pytest.fixture(params=[True, False], ids=["behind a proxy", "without one"])
async def trusting(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def site(tmp_path: Path, trusting: bool) -> AsyncIterator[HeadOffice]:
    database = open_database(f"sqlite:///{tmp_path / 'central.db'}")
    await migrate(database)
    office = await open_office(database, tmp_path)
    items = await seed(office)
    proxies = (ip_network("127.0.0.0/8"),) if trusting else ()
    runner = await open_site(office, tmp_path, WebSettings(trusted_proxies=proxies))
    head_office = HeadOffice(office, f"http://127.0.0.1:{runner.addresses[0][1]}", items)
    await head_office.user("anna", Role.ADMIN)
    yield head_office
    await runner.cleanup()
    await database.close()


async def test_sign_in_and_enrolment_are_slowed_down_per_client_and_not_per_proxy(
    site: HeadOffice, trusting: bool
) -> None:
    code = {"code": "7KQ2-M4XW-09TB", "public_key": "00" * 32, "app_version": "1"}
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        guesser = Visitor(session)
        session.headers["X-Forwarded-For"] = "198.51.100.1"
        await guesser.get("/sign-in")
        for _ in range(4):
            await guesser.post("/sign-in", name="anna", password="guess", next="/")  # noqa: S106
        for _ in range(6):
            await session.post("/sync/v1/enrol", json=code)
        session.headers["X-Forwarded-For"] = "198.51.100.2"

        signed_in = await guesser.post("/sign-in", name="anna", password="una password lunga", next="/account")  # noqa: S106
        async with session.post("/sync/v1/enrol", json=code) as enrolled:
            assert enrolled.status == (403 if trusting else 429)

    assert signed_in.status == (200 if trusting else 429)
    if trusting:
        found = await site.office.database.read(
            lambda conn: conn.execute(select(user_session.c.address)).scalars().all()
        )
        assert list(found) == ["198.51.100.2"]
