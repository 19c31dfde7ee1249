from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from commerce.texts.errors import ERROR_TEXTS
from terminal.ui.openapi import openapi_document
from terminal.ui.routes import ROUTES
from terminal.ui.view_types import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terminal.ui.till_client import Till

NOT_IN_THE_TABLE = {("GET", "/static"), ("HEAD", "/static")}


def served(till: Till) -> set[tuple[str, str]]:
    """Return the method and address of everything the server answers to."""
    routes = ((route.method, route.resource) for route in till.app.router.routes())
    found = {(method, resource.canonical) for method, resource in routes if resource is not None}
    return {(method, path) for method, path in found if (method, path) not in NOT_IN_THE_TABLE and method != "HEAD"}


def references(value: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    """Return every reference in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


async def test_every_route_is_documented_and_every_documented_one_is_served(till: Till) -> None:
    document = await (await till.client.get("/api/v1/openapi.json")).json()

    documented = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert documented == served(till)


def test_the_document_is_openapi_3_1_as_it_should_be() -> None:
    document = openapi_document(ROUTES, "1")

    assert document["openapi"] == "3.1.0"
    assert set(document["info"]) >= {"title", "version"}
    for path, item in document["paths"].items():
        for operation in item.values():
            declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
            assert operation["responses"]


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [op["operationId"] for item in openapi_document(ROUTES, "1")["paths"].values() for op in item.values()]

    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere() -> None:
    document = openapi_document(ROUTES, "1")

    leading = {reference.rsplit("/", 1)[1] for reference in references(document)}
    assert leading
    assert leading <= set(document["components"]["schemas"])


def test_bodies_take_nothing_beyond_their_fields() -> None:
    document = openapi_document(ROUTES, "1")
    bodies = [
        document["components"]["schemas"][reference.rsplit("/", 1)[1]]
        for item in document["paths"].values()
        for operation in item.values()
        for reference in references(operation.get("requestBody", {}))
    ]

    assert bodies
    assert all(body["additionalProperties"] is False for body in bodies)


def test_acts_say_that_they_need_a_token() -> None:
    acts = [op for item in openapi_document(ROUTES, "1")["paths"].values() for op in item.values() if "security" in op]

    assert len(acts) >= 20


def test_the_messages_of_the_socket_are_described() -> None:
    document = openapi_document(ROUTES, "1")
    socket = document["x-websocket"]

    described = [reference.rsplit("/", 1)[1] for reference in references(socket)]
    assert described == ["ViewFrame", "ChangesFrame", "NoticeFrame", "LanguageFrame"]
    sections = document["components"]["schemas"]["ViewSections"]["properties"]
    assert set(sections) == set(View.__annotations__) - {"revision"}
    assert "lines" not in sections["sale"]["anyOf"][0]["properties"]


def test_every_error_that_is_documented_has_its_sentence() -> None:
    documented = {code for route in ROUTES for code in route.errors}

    assert documented - set(ERROR_TEXTS) == set()


async def test_people_can_read_the_documentation(till: Till) -> None:
    page = await (await till.client.get("/api/v1/docs")).text()

    assert "/api/v1/sale/tenders" in page
    assert 'id="ViewFrame"' in page
