"""What the description of any of our APIs is held to, and random requests made of it; for both daemons alike."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ENDLESS = "text/event-stream"
Json = dict[str, Any]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Method, address and operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The names of all models that a part of a document refers to."""
    if isinstance(value, dict):
        if str(value.get("$ref", "")).startswith("#/components/schemas/"):
            yield value["$ref"].rsplit("/", 1)[1]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check_names(document: Json) -> None:
    """Every operation has a name of its own, every reference leads somewhere, every model is led to."""
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    assert set(references(document)) == set(document["components"]["schemas"])


def check_examples(document: Json) -> None:
    """Every body and answer in JSON has an example, and it is one."""
    contents = [
        (f"{method} {path} {kind}", content)
        for method, path, operation in operations(document)
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for kind, content in part.get("content", {}).items()
        if kind == "application/json"
    ]
    assert contents
    components = {"components": document["components"]}
    wrong = [
        (place, error.message)
        for place, content in contents
        for error in jsonschema_rs.validator_for(
            {**content["schema"], **components}, validate_formats=True
        ).iter_errors(content["example"])
    ]
    assert wrong == []


def open_fields(document: Json) -> set[str]:
    """The fields of which the document says no more than that they are an object."""
    return {
        f"{name}.{field}"
        for name, model in document["components"]["schemas"].items()
        for field, kind in model.get("properties", {}).items()
        for part in (kind, *kind.get("anyOf", ()), kind.get("items", {}))
        if part.get("type") == "object" and part.get("additionalProperties", True) is True and "properties" not in part
    }


def example_bodies(document: Json) -> list[tuple[str, str, Json, set[str]]]:
    """Method, address, an example and all fields of every body that is read as JSON."""
    found = []
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            model = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
            found.append((method, re.sub(r"[{}]", "", path), content["example"], set(model["properties"])))
    return found


@dataclass
class Attack:
    """Random requests, made of a document, to a server that runs.

    ``known`` are ids that exist: by their names, and those of records (``{record}``) by their part of the API.
    """

    document: Json
    address: str
    headers_for: Callable[[str], Mapping[str, str]]
    known: Mapping[str, str]
    examples: int

    async def faults(self) -> list[str]:
        """What was answered otherwise than the document says, the first of each operation."""
        schema = schemathesis.openapi.from_dict(self.document)
        found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
        assert len(found) == len(list(operations(self.document)))
        kept = [one for one in found if self._is_answered(one)]
        kept.sort(key=lambda one: one.path == "/sign-out")  # what ends the session comes last
        assert len(kept) > 20
        faults = [await asyncio.to_thread(self._attack, one) for one in kept]
        return [one for one in faults if one]

    def _is_answered(self, operation: Any) -> bool:  # noqa: ANN401 - schemathesis' own
        told = self.told(operation)["responses"]
        return "101" not in told and ENDLESS not in told.get("200", {}).get("content", {})

    def told(self, operation: Any) -> Json:  # noqa: ANN401 - schemathesis' own
        """What the document says of an operation."""
        told: Json = self.document["paths"][operation.path][operation.method.lower()]
        return told

    def _attack(self, operation: Any) -> str:  # noqa: ANN401 - schemathesis' own
        wanted = settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )

        @wanted
        @given(case=operation.as_strategy(), real=st.booleans())
        def run(case: Any, real: bool) -> None:  # noqa: ANN401 - drawn
            _ask(self, case, real=real)

        try:
            run()
        except FailureGroup as error:
            return f"{operation.method} {operation.path}: {error}"
        return ""


def _ask(attack: Attack, case: Any, *, real: bool) -> None:  # noqa: ANN401 - schemathesis' own
    """Ask once, in half of the cases about something that exists, as it stands now."""
    headers = {**attack.headers_for(case.path)}
    if real:
        known = {**attack.known, "record": attack.known.get(attack.told(case)["tags"][0], "nobody's")}
        held = {name: known[name] for name in case.path_parameters or {} if name in known}
        case.path_parameters = {**(case.path_parameters or {}), **held}
        headers |= _standing(attack, case, headers)
    answer = case.call(base_url=attack.address, headers=headers, allow_redirects=False, timeout=30)
    case.validate_response(answer, checks=CHECKS)


def _standing(attack: Attack, case: Any, headers: Mapping[str, str]) -> dict[str, str]:  # noqa: ANN401
    """The version that a change has to name, read from the record itself."""
    if "If-Match" not in (case.headers or {}):
        return {}
    read = case.operation.schema[case.path]["GET"].Case(path_parameters=case.path_parameters)
    answer = read.call(base_url=attack.address, headers={**headers}, timeout=30)
    tags = answer.headers.get("ETag", [])
    return {"If-Match": tags[0]} if tags else {}
