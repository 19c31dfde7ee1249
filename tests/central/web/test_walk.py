"""Every route that central serves, walked with every role and with other companies' and other shops' ids.

Routes come from the application itself: one that is new fails here until somebody has decided who may ask it.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import zstandard
from aiohttp import web
from sqlalchemy import Connection, select

from central.app import serve_areas
from central.db.metadata import metadata
from central.identity.passwords import form_token
from central.web import shell
from central.web.context import COMPANY_COOKIE
from central.web.keys import CLOCK, DATABASE
from central.web.settings import WebSettings
from tests.central.head_office import open_site
from tests.central.office import Clock, Office, open_office
from tests.central.walk_verdicts import VERDICTS, Verdict
from tests.central.walk_world import NOBODY, Persona, Side, World, add_persona, make_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Select, Table

    from central.db.engine import Database

PERSONAS = [("admin", "all"), ("admin", "company"), ("admin", "shop"), ("manager", "company"), ("manager", "shop"),
            ("viewer", "company"), ("viewer", "shop"), (NOBODY, "company")]  # fmt: skip
DENIED = frozenset({403, 404})
NARROWED = frozenset({400, 403, 404})  # a form answers 400 to an id that it cannot find among one's own
NUMBER = "{seq}"
BUSY = {"audit", "user_session", "sign_in_delay", "shown_once", "event", "till_contact", "feed_state"}

KEYS_TOUCHED = frozenset({"used_at", "used_from", "used_by"})


@dataclass(frozen=True)
class Asked:
    """One answer."""

    status: int
    text: str


@dataclass
class Walk:
    """A head office that is walked through."""

    office: Office
    world: World
    address: str

    async def ask(self, route: str, verdict: Verdict, side: Side, persona: Persona, kind: str = "") -> Asked:
        """Ask a route as somebody, with a side's ids, and with its company named wherever one can be named."""
        method, target, company, body = request_of(route, verdict, side, kind)
        headers = {"X-CSRF-Token": form_token(persona.cookie)}
        cookies = {"central_session": persona.cookie, COMPANY_COOKIE: side.ids["company"]}
        if company:
            headers, cookies = {"Authorization": f"Bearer {persona.token}", "X-Company": company}, {}
        headers |= verdict.headers
        async with aiohttp.ClientSession(self.address, cookies=cookies, headers=headers) as session:  # noqa: SIM117
            async with session.request(method, target, allow_redirects=False, **body) as response:
                return Asked(response.status, await read(response))

    async def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that is stored but for what asking itself leaves behind."""

        def job(conn: Connection) -> dict[str, list[tuple[object, ...]]]:
            kept = [table for table in metadata.sorted_tables if table.name not in BUSY]
            return {
                table.name: [tuple(row) for row in conn.execute(kept_of(table).order_by(*table.primary_key))]
                for table in kept
            }

        return await self.office.database.read(job)


def kept_of(table: Table) -> Select[Any]:
    """A table without the columns that asking with a key changes."""
    touched = KEYS_TOUCHED if table.name == "api_token" else frozenset()
    return select(*(column for column in table.columns if column.name not in touched))


def request_of(route: str, verdict: Verdict, side: Side, kind: str) -> tuple[str, str, str, dict[str, Any]]:
    """Method, address, company (of programs, which name it) and body of a request with a side's ids."""
    method, _, path = route.partition(" ")
    if "/import/" in path:
        path = path.replace("{file}", f"{{{verdict.record}_file}}").replace("{job}", f"{{{verdict.record}_job}}")
    target = side.fill(path.replace("{kind}", kind).replace("{record}", f"{{{verdict.record}}}")) + (
        f"?{side.fill(verdict.query)}" if verdict.query else ""
    )
    body = {"data": filled(side, verdict.form)} if verdict.json is None else {"json": filled(side, verdict.json)}
    return method, target, side.ids["company"] if path.startswith("/api/") else "", body


def filled(side: Side, value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON or a form with a side's ids in it; an entry's place in its chain is a number."""
    match value:
        case str():
            return int(side.fill(value)) if value == NUMBER else side.fill(value)
        case dict():
            return {key: filled(side, one) for key, one in value.items()}
        case list():
            return [filled(side, one) for one in value]
        case _:
            return value


async def read(response: aiohttp.ClientResponse) -> str:
    """An answer's text: the first event of a stream, all that is written in a workbook."""
    if response.content_type == "text/event-stream":
        return (await response.content.readuntil(b"\n\n")).decode()
    raw = await response.read()
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return raw.decode()


def marks(world: World, persona: Persona) -> tuple[str, ...]:
    """What somebody must not read anywhere."""
    if persona.place == "all":
        return ()
    others = (*world.abroad.company_marks, *world.abroad.shop_marks)
    return others if persona.place == "company" else (*others, *world.sibling.shop_marks)


def may(verdict: Verdict, persona: Persona) -> bool:
    """Tell whether somebody has what a route asks for, in the place where they work."""
    if verdict.right is None:
        return True
    holds = persona.rights is None or verdict.right in persona.rights
    return holds and not (verdict.whole and persona.place == "shop")


def expected(verdict: Verdict, persona: Persona, side: str, *, reading: bool, named: bool) -> frozenset[int]:
    """What a request may be answered with, nothing where it would change what is one's own.

    ``named`` tells whether it names anything that is not of the shop where people work.
    """
    if not may(verdict, persona):
        return DENIED
    within = (
        persona.place == "all"
        or side == "here"
        or (side == "sibling" and (persona.place == "company" or verdict.shared))
    )
    if within or not named:
        return frozenset(verdict.own) if reading else frozenset()
    return NARROWED | set(verdict.own) if verdict.narrowed and reading else NARROWED


def people_routes() -> list[tuple[str, Verdict, str]]:
    """Every route that people ask, once for each kind that its path takes."""
    asked = [(route, verdict) for route, verdict in VERDICTS.items() if isinstance(verdict, Verdict)]
    return [(route, verdict, kind) for route, verdict in asked for kind in verdict.kinds]


@asynccontextmanager
async def walking(database: Database, folder: Path) -> AsyncIterator[Walk]:
    office = await open_office(database, folder)
    world = await make_world(office, folder)
    runner = await open_site(office, folder)
    try:
        yield Walk(office, world, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@pytest.fixture
async def walk(central_database: Database, tmp_path: Path) -> AsyncIterator[Walk]:
    async with walking(central_database, tmp_path) as made:
        yield made


async def test_every_route_has_a_verdict(central_database: Database) -> None:
    app = web.Application()
    app[DATABASE], app[CLOCK] = central_database, Clock().__call__
    shell.install(app, WebSettings())
    serve_areas(app)

    served = {f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource}

    assert {name for name in served if not name.startswith("HEAD ")} == set(VERDICTS) - {"GET /health"}


async def test_nobody_gets_or_changes_what_is_not_theirs(walk: Walk) -> None:
    world = walk.world
    personas = [await add_persona(walk.office, world, *one) for one in PERSONAS]
    before = await walk.tables()
    wrong: list[tuple[str, ...]] = []
    sides = {"abroad": world.abroad, "sibling": world.sibling, "here": world.here}
    for persona, (route, verdict, kind), (name, side) in product(personas, people_routes(), sides.items()):
        named = request_of(route, verdict, side, kind) != request_of(route, verdict, world.here, kind)
        fine = expected(verdict, persona, name, reading=route.startswith("GET "), named=named)
        if not fine:
            continue  # the other tests change what is one's own
        asked = await walk.ask(route, verdict, side, persona, kind)
        found = [mark for mark in marks(world, persona) if mark in asked.text]
        if asked.status not in fine or found:
            wrong.append((persona.role, persona.place, name, route, str(asked.status), *found))

    assert wrong == []
    assert await walk.tables() == before


@pytest.mark.parametrize(("role", "place"), [("admin", "company"), ("manager", "company"), ("manager", "shop")])
async def test_whoever_may_does_all_of_it_where_they_work(walk: Walk, role: str, place: str) -> None:
    persona = await add_persona(walk.office, walk.world, role, place)
    wrong: list[tuple[str, int]] = []
    for route, verdict, kind in people_routes():
        if may(verdict, persona):
            asked = await walk.ask(route, verdict, walk.world.here, persona, kind)
            if asked.status not in verdict.own:
                wrong.append((route, asked.status))

    assert wrong == []


async def test_a_stranger_is_asked_to_sign_in_everywhere(walk: Walk) -> None:
    found = {}
    async with aiohttp.ClientSession(walk.address) as session:
        for route, verdict, kind in people_routes():
            method, target, _, _ = request_of(route, verdict, walk.world.here, kind)
            async with session.request(method, target, allow_redirects=False) as response:
                sent_on = response.headers.get("Location", "").startswith("/sign-in")
                if not (response.status in (401, 403) or sent_on):
                    found[route] = response.status

    assert found == {}


async def test_a_till_is_told_nothing_of_other_shops_or_companies(walk: Walk) -> None:
    world = walk.world
    hidden = (*world.abroad.company_marks, *world.abroad.shop_marks, *world.sibling.shop_marks)
    headers = {"Authorization": f"Bearer {world.here.till.token}"}
    async with aiohttp.ClientSession(walk.address, headers=headers, auto_decompress=False) as session:
        for path in ("heads", "changes?feed=catalog", "changes?feed=operating", "snapshot"):
            async with session.get(f"/sync/v1/{path}", headers={"Accept-Encoding": "identity"}) as response:
                raw = await response.read()
                assert response.status == 200, raw
            if response.headers.get("Content-Encoding") == "zstd":
                raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
            assert [mark for mark in hidden if mark.encode() in raw] == []
