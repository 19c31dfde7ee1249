from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from commerce.texts.errors import ERROR_TEXTS
from terminal.ui.openapi import openapi_document
from terminal.ui.routes import ROUTES
from terminal.ui.view_types import View
from tests.described import Attack, check_examples, check_names, example_bodies, open_fields, operations, references

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till

FILES = {("GET", "/static"), ("GET", "/static/look")}


def answered(till: Till) -> set[tuple[str, str]]:
    """Return the method and address of everything the server answers to."""
    routes = ((route.method, route.resource) for route in till.app.router.routes())
    found = {(method, resource.canonical) for method, resource in routes if resource is not None}
    return {(method, path) for method, path in found if method != "HEAD"} - FILES


async def test_every_route_is_documented_and_every_documented_one_is_served(till: Till) -> None:
    document = await (await till.client.get("/api/v1/openapi.json")).json()

    assert {(method, path) for method, path, _ in operations(document)} == answered(till)


def test_the_document_is_openapi_3_1_as_it_should_be() -> None:
    document = openapi_document("1")

    assert document["openapi"] == "3.1.0"
    assert set(document["info"]) >= {"title", "version"}
    for _, path, operation in operations(document):
        declared = {one["name"] for one in operation["parameters"] if one.get("in") == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))


def test_every_operation_and_every_model_has_a_name_of_its_own() -> None:
    check_names(openapi_document("1"))


def test_every_body_and_answer_has_an_example_that_is_one() -> None:
    check_examples(openapi_document("1"))


def test_what_is_not_typed_is_what_differs_by_its_code() -> None:
    assert open_fields(openapi_document("1")) == {"ProblemDocument.values", "ProblemField.values"}


async def test_every_refusal_is_a_problem(till: Till) -> None:
    document = openapi_document("1")

    for _, _, operation in operations(document):
        assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}
    refused = await till.client.get("/api/v1/receipts/none")
    assert refused.content_type == "application/problem+json"
    assert set(await refused.json()) == set(document["components"]["schemas"]["ProblemDocument"]["properties"])


async def test_what_is_documented_is_what_bodies_are_checked_with(till: Till) -> None:
    bodies = example_bodies(openapi_document("1"))

    assert len(bodies) > 20
    for _, path, example, fields in bodies:
        for field in ("unheard_of", *fields):
            headers = {"X-Till-Token": till.token}
            answer = await till.client.post(path, json={**example, field: [[]]}, headers=headers)
            assert (answer.status, (await answer.json())["values"].get("field", "").partition(".")[0]) == (400, field)


def test_acts_say_that_they_need_a_token() -> None:
    acts = [operation for _, _, operation in operations(openapi_document("1")) if operation["security"]]

    assert len(acts) == len([route for route in ROUTES if route.token]) >= 20


def test_the_messages_of_the_socket_are_described() -> None:
    document = openapi_document("1")
    (socket,) = document["x-websockets"]

    assert list(references(socket)) == ["ViewFrame", "ChangesFrame", "NoticeFrame", "LanguageFrame"]
    sections = document["components"]["schemas"]["ViewSections"]["properties"]
    assert set(sections) == set(View.__annotations__) - {"revision"}
    assert "lines" not in sections["sale"]["anyOf"][0]["properties"]


def test_every_error_that_is_documented_has_its_sentence() -> None:
    documented = {code for route in ROUTES for code in route.errors}

    assert documented - set(ERROR_TEXTS) == set()


@pytest.mark.parametrize(("language", "word"), [("en", "What the till shows"), ("it", "Cosa mostra la cassa")])
async def test_people_can_read_the_documentation_in_their_language(till: Till, language: str, word: str) -> None:
    page = await (await till.client.get(f"/api/v1/docs?lang={language}")).text()

    assert f'<html lang="{language}">' in page
    assert word in page
    assert "/api/v1/sale/tenders" in page
    assert 'id="ViewFrame"' in page
    assert "style=" not in page
    assert "<script" not in page


@pytest.mark.parametrize("examples", [6, pytest.param(400, marks=pytest.mark.soak)], ids=["few", "many"])
async def test_no_request_made_of_the_document_finds_a_fault(till: Till, examples: int) -> None:
    await till.post("/api/v1/sale/codes", {"code": "8001234500017"})
    sale = (await (await till.client.get("/api/v1/state")).json())["sale"]
    known = {"line": sale["lines"][0]["id"]}
    attack = Attack(
        openapi_document("1"), f"http://{till.address}", lambda _: {"X-Till-Token": till.token}, known, examples
    )

    assert await attack.faults() == []
