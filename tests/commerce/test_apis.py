"""The generator of OpenAPI documents, by APIs of its own: no daemon stands behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date  # noqa: TC003 - pydantic reads it
from decimal import Decimal  # noqa: TC003
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field, TypeAdapter

from commerce.apis.document import Description, describe
from commerce.apis.examples import example
from commerce.apis.operations import (
    FORM_TYPE,
    NO_CONTENT,
    PAGE_TYPE,
    Api,
    Described,
    Header,
    Json,
    Operation,
    Socket,
)
from commerce.apis.page import api_page
from commerce.texts import Translator, translator


class Row(BaseModel):
    """A row <of> something."""

    amount: int
    note: str | None = None


class Body(BaseModel):
    """What is sent."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["ABC"])]
    rows: list[Row] = []


class Answer(BaseModel):
    """What is answered."""

    rows: list[Row]


class Query(BaseModel):
    """How it is narrowed."""

    since: date | None = None
    order: Literal["up", "down"] = "up"
    words: str


ONE = Operation(method="POST", path="/api/v1/things/{thing}/rows", summary="Copies", tag="things", answer=Answer,
                body=Body, query=Query)  # fmt: skip


def made(*operations: Operation, **more: Any) -> Json:  # noqa: ANN401
    return describe(
        Api(title="T", version="1", description="D", operations=operations, tags={"things": "Things"}, **more)
    )


def told(operation: Operation) -> Json:
    found: Json = made(operation)["paths"][operation.path][operation.method.lower()]
    return found


def test_path_query_and_language_are_parameters_and_an_address_says_no_null() -> None:
    named = {one.get("name"): one for one in told(ONE)["parameters"]}

    assert {name: one["in"] for name, one in named.items() if name} == {
        "thing": "path", "since": "query", "order": "query", "words": "query"
    }  # fmt: skip
    assert [name for name, one in named.items() if one.get("required")] == ["thing", "words"]
    assert named["since"]["schema"] == {"type": "string", "format": "date", "title": "Since"}
    assert {"$ref": "#/components/parameters/lang"} in told(ONE)["parameters"]


def test_a_query_is_no_model_of_its_own_and_what_is_sent_and_answered_is() -> None:
    assert set(made(ONE)["components"]["schemas"]) == {"Answer", "Body", "ProblemDocument", "ProblemField", "Row"}


def test_two_models_of_one_name_do_not_hide_each_other() -> None:
    def another() -> type[BaseModel]:
        class Answer(BaseModel):
            """Another one."""

            other: str

        return Answer

    document = made(ONE, replace(ONE, method="GET", body=None, answer=another()))

    shown = [
        document["components"]["schemas"][
            operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        ]
        for operation in document["paths"][ONE.path].values()
    ]
    assert [set(schema["properties"]) for schema in shown] == [{"rows"}, {"other"}]


@pytest.mark.parametrize(("change", "name"), [
    ({}, "post_things_thing_rows"),
    ({"name": "copy_rows"}, "copy_rows"),
    ({"path": "/sales/{sale}"}, "page_post_sales_sale"),
    ({"path": "/"}, "page_post_start"),
])  # fmt: skip
def test_an_operation_is_named_by_itself_or_by_its_address(change: dict[str, Any], name: str) -> None:
    assert told(replace(ONE, **change))["operationId"] == name


def test_the_usual_answer_has_its_status_and_its_headers_and_refusals_their_codes() -> None:
    added = replace(ONE, status=201, answer_headers=(Header("ETag", "The version."),), errors=("taken", "gone"))

    responses = told(added)["responses"]

    assert set(responses) == {"201", "4XX", "5XX"}
    assert responses["201"]["headers"] == {"ETag": {"description": "The version.", "schema": {"type": "string"}}}
    assert responses["4XX"]["description"] == "Refused. Codes: taken, gone."
    assert set(responses["4XX"]["content"]) == {"application/problem+json"}


def test_nothing_is_nothing_and_another_answer_has_its_own_status() -> None:
    responses = told(replace(ONE, method="DELETE", body=None, answer=None, status=NO_CONTENT, others={503: Row}))[
        "responses"
    ]

    assert responses["204"] == {"description": "Copies"}
    assert responses["503"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Row"}


def test_headers_of_a_request_say_whether_it_has_to_have_them() -> None:
    asked = told(replace(ONE, headers=(Header("If-Match", "V.", needed=True), Header("X-Company", "C."))))

    found = {one["name"]: one["required"] for one in asked["parameters"] if one.get("in") == "header"}
    assert found == {"If-Match": True, "X-Company": False}


def test_a_form_is_sent_as_a_form_and_a_page_refuses_by_a_page() -> None:
    page = told(replace(ONE, body=None, answer=None, media_type=PAGE_TYPE, refusal=None, body_type=FORM_TYPE))

    assert set(page["requestBody"]["content"]) == {FORM_TYPE}
    assert set(page["responses"]["200"]["content"]) == set(page["responses"]["4XX"]["content"]) == {PAGE_TYPE}


def test_bytes_are_bytes() -> None:
    told_of = told(replace(ONE, body=None, answer=None, media_type="application/octet-stream"))

    schema = told_of["responses"]["200"]["content"]["application/octet-stream"]["schema"]
    assert schema == {"type": "string", "format": "binary"}


def test_plain_json_is_described_by_the_model_that_it_is_of() -> None:
    class Holder(BaseModel):
        """Holds it."""

        row: Annotated[dict[str, Any], Described(Row)]

    schemas = made(replace(ONE, answer=Holder))["components"]["schemas"]

    assert schemas["Holder"]["properties"]["row"] == {"$ref": "#/components/schemas/Row"}


def test_sockets_say_what_is_received_and_sent() -> None:
    (socket,) = made(ONE, sockets=(Socket(path="/live", description="L", receive=(Answer,), send=(Body,)),))[
        "x-websockets"
    ]

    assert socket["receive"] == [{"$ref": "#/components/schemas/Answer"}]
    assert socket["send"] == [{"$ref": "#/components/schemas/Body"}]


def test_a_document_is_made_once_and_not_before_it_is_asked_for() -> None:
    calls: list[int] = []

    def make() -> Json:
        calls.append(1)
        return {"n": len(calls)}

    description = Description(make)
    assert calls == []
    assert (description.document, description.encoded, calls) == ({"n": 1}, b'{"n":1}', [1])


class Odd(BaseModel):
    """A field of every sort that an example has to be found for."""

    day: date
    least: Annotated[int, Field(ge=5)]
    above: Annotated[int, Field(gt=2)]
    short: Annotated[str, Field(max_length=2)]
    pair: tuple[str, int]
    names: dict[Literal["it", "en"], str]
    perhaps: Row | None
    choice: Literal["b", "a"]
    number: Decimal = Field(examples=["3.49"])
    given: Annotated[list[str], Field(json_schema_extra={"items": {"enum": ["x"]}})]
    later: Annotated[str | None, Field(json_schema_extra={"format": "date"})]


@pytest.mark.parametrize("model", [Odd, Body, Answer])
def test_an_example_is_of_what_it_is_an_example_of(model: type[BaseModel]) -> None:
    schema = TypeAdapter(model).json_schema()

    found = example(schema, schema.get("$defs", {}))

    assert list(jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(found)) == []
    model.model_validate(found)


def test_a_fields_own_example_stands_before_its_default() -> None:
    assert example({"type": "string", "examples": ["mine"], "default": "none"}, {}) == "mine"
    assert example({"type": "string", "default": "none"}, {}) == "none"


@pytest.mark.parametrize(("language", "shown"), [("en", "Customers: Copies"), ("it", "Clienti: Copie")])
def test_the_page_says_what_it_is_about_in_the_readers_language(language: str, shown: str) -> None:
    known = {"Customers": "Clienti", "Copies": "Copie"} if language == "it" else {}

    page = api_page(made(replace(ONE, subject="Customers")), _Words(language, known))

    assert f"<p>{shown}</p>" in page


def test_what_no_catalogue_knows_is_marked_as_the_programs_own_text() -> None:
    assert '<p><span lang="en">Copies</span></p>' in api_page(made(ONE), _Words("it", {}))
    assert '<p><span lang="en">' not in api_page(made(ONE), _Words("en", {}))


def test_nothing_of_a_description_becomes_markup() -> None:
    page = api_page(made(replace(ONE, summary="<b>Copies</b>", errors=("<i>",))), translator("en"))

    assert "<b>" not in page
    assert "<i>" not in page
    assert "A row &lt;of&gt; something." in page


class _Words(Translator):
    """A catalogue of a few words."""

    def __init__(self, language: str, known: dict[str, str]) -> None:
        super().__init__(language)
        self._known = known

    def t(self, msgid: str, /, **_values: object) -> str:
        return self._known.get(msgid, msgid)
