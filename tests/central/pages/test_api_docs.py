"""What central serves, described: nothing is served that is not, and what is described is what programs meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

import aiohttp
import pytest
from pydantic import BaseModel

from central.app import build
from central.config import read_config
from central.identity.passwords import form_token
from central.web.api import API_ROUTES
from central.web.api_docs import openapi
from tests.central.head_office import open_site
from tests.central.office import Clock, open_office
from tests.central.walk_world import add_persona, make_world
from tests.described import Attack, check_examples, check_names, example_bodies, open_fields, operations

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from central.db.engine import Database
    from tests.central.head_office import Visitor

FILES = {("GET", "/static"), ("GET", "/static/look")}


@pytest.fixture
async def application(tmp_path: Path) -> web.Application:
    """Head office as its process builds it."""
    path = tmp_path / "central.toml"
    path.write_text('data_dir = "data"\n', encoding="utf-8")
    central = build(read_config(path), Clock())
    await central.database.close()
    return central.web


def test_every_route_is_described_and_every_described_one_is_served(application: web.Application) -> None:
    routes = {(one.method, one.resource.canonical) for one in application.router.routes() if one.resource}

    described = {(method, path) for method, path, _ in operations(openapi(application))}
    assert described == {(method, path) for method, path in routes if method != "HEAD"} - FILES


def test_every_operation_and_every_model_has_a_name_of_its_own(application: web.Application) -> None:
    check_names(openapi(application))


def test_every_body_and_answer_has_an_example_that_is_one(application: web.Application) -> None:
    check_examples(openapi(application))


def test_what_is_not_typed_is_what_differs_by_its_code_or_its_kind(application: web.Application) -> None:
    assert open_fields(openapi(application)) == {
        "ProblemDocument.values", "ProblemField.values", "ErrorAnswer.values", "JobAnswer.result", "ActAnswer.change",
        "PersonalDataAnswer.customer",
    }  # fmt: skip


def test_what_a_handler_answers_with_is_what_is_described(application: web.Application) -> None:
    routes = application[API_ROUTES]

    assert len(routes) >= 18
    for route in routes:
        answer = get_type_hints(route.handler)["return"]
        typed = isinstance(answer, type) and issubclass(answer, BaseModel)
        assert typed != (route.encodes or route.answer is None), route.path
        if typed:
            assert route.answer == answer, route.path


def test_what_programs_are_refused_with_is_a_problem(application: web.Application) -> None:
    for _, path, operation in operations(openapi(application)):
        if path.startswith("/api/"):
            assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}


async def test_what_is_described_is_what_bodies_are_checked_with(anna: Visitor, application: web.Application) -> None:
    await anna.get("/account")
    bodies = [one for one in example_bodies(openapi(application)) if one[1].startswith("/api/")]

    assert len(bodies) >= 5
    for method, path, example, fields in bodies:
        for field in ("unheard_of", *fields):
            headers = {"X-CSRF-Token": anna.token}
            async with anna.session.request(method, path, json={**example, field: [[]]}, headers=headers) as answer:
                assert answer.status == 400, (path, field)
                assert field in {one["field"].partition(".")[0] for one in (await answer.json())["errors"]}


@pytest.mark.parametrize(("language", "word"), [("en", "Between tills and head office"), ("it", "Tra casse e sede")])
async def test_people_can_read_it_in_their_language(anna: Visitor, language: str, word: str) -> None:
    page = await anna.get(f"/api/v1/docs?lang={language}")

    assert page.status == 200
    assert word in page.text
    assert 'id="get_sales"' in page.text
    assert " style=" not in page.text
    assert page.text.count("<script") == page.text.count("<script src=")


@pytest.mark.parametrize(("language", "words"), [("en", "Customers: list"), ("it", "Clienti: elenco")])
async def test_each_kind_of_record_is_a_part_of_its_own(anna: Visitor, language: str, words: str) -> None:
    page = await anna.get(f"/api/v1/docs?lang={language}")

    part = page.text.partition('<h2 id="part-customer">')[2].partition("<h2")[0]
    assert words in part
    assert part.count('<section class="route"') == 6


async def test_a_stranger_reads_no_description(stranger: Visitor) -> None:
    assert [(await stranger.get(f"/api/v1/{name}")).status for name in ("docs", "openapi.json")] == [401, 401]


@pytest.mark.parametrize("examples", [3, pytest.param(200, marks=pytest.mark.soak)], ids=["few", "many"])
async def test_no_request_made_of_the_document_finds_a_fault(
    central_database: Database, tmp_path: Path, examples: int
) -> None:
    office = await open_office(central_database, tmp_path)
    world = await make_world(office, tmp_path)
    admin = await add_persona(office, world, "admin", "all")
    runner = await open_site(office, tmp_path)
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    till, program = f"Bearer {world.here.till.token}", f"Bearer {admin.token}"
    of_person = {"Cookie": f"central_session={admin.cookie}", "X-CSRF-Token": form_token(admin.cookie)}

    def headers_for(path: str) -> dict[str, str]:
        if path.startswith("/sync/"):
            return {"Authorization": till}
        return {"Authorization": program} if path.startswith("/api/") else of_person

    try:
        async with aiohttp.ClientSession(address, headers={"Authorization": program}) as session:
            document: Any = await (await session.get("/api/v1/openapi.json")).json()
        assert await Attack(document, address, headers_for, world.here.ids, examples).faults() == []
    finally:
        await runner.cleanup()
