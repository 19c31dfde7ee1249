"""The OpenAPI 3.1 document of an API, made of its operations and the schemas of their models."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from commerce.apis.examples import example
from commerce.apis.operations import FORM_TYPE, JSON_TYPE, NO_CONTENT, PAGE_TYPE, Api, Header, Json, Operation, Socket

_REF: Final = "#/components/schemas/"
_LANGUAGE: Final = {
    "name": "lang",
    "in": "query",
    "required": False,
    "description": "The language of texts, numbers and refusals, before that of Accept-Language: en or it.",
    "schema": {"type": "string", "examples": ["en", "it"]},
}
_FOR_PROGRAMS: Final = ("/api/", "/sync/", "/health")
_FORM: Final = {"type": "object", "additionalProperties": {"type": "string"}}


class Description:
    """An API's document, made once, when it is first asked for; that takes its time, so in a thread."""

    def __init__(self, make: Callable[[], Json]) -> None:
        self._make = make

    @cached_property
    def document(self) -> Json:
        """Return the document."""
        return self._make()

    @cached_property
    def encoded(self) -> bytes:
        """Return the document as it is sent."""
        return orjson.dumps(self.document)


def describe(api: Api) -> Json:
    """Return the document of an API."""
    schemas = Schemas(api)
    paths: Json = {}
    for operation in api.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version, "description": api.description},
        "tags": [{"name": name, "description": title} for name, title in api.tags.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "parameters": {"lang": _LANGUAGE},
            "securitySchemes": dict(api.security),
        },
    }
    if api.sockets:
        document["x-websockets"] = [_socket(socket, schemas) for socket in api.sockets]
    return document


class Schemas:
    """The schemas of an API's models, all made at once, so that no two go by one name."""

    def __init__(self, api: Api) -> None:
        reading = _distinct([one for op in api.operations for one in (op.query, op.body)], api, "send")
        writing = [one for op in api.operations for one in (op.answer, op.refusal, *op.others.values())]
        self._read, self._written = reading, _distinct(writing, api, "receive")
        inputs: list[Any] = [(index, "validation", TypeAdapter(one)) for index, one in enumerate(self._read)]
        inputs += [(index, "serialization", TypeAdapter(one)) for index, one in enumerate(self._written)]
        self._made, whole = TypeAdapter.json_schemas(inputs, ref_template=_REF + "{model}")
        self.components: Json = whole.get("$defs", {})
        self._queries = {index: self._take(self._made[index, "validation"]) for index in self._of_queries(api)}

    def read(self, model: object) -> Json:
        """Return the schema of what comes in."""
        return self._made[_place(self._read, model), "validation"]

    def written(self, model: object) -> Json:
        """Return the schema of what goes out."""
        return self._made[_place(self._written, model), "serialization"]

    def query(self, model: object) -> Json:
        """Return the schema of a query, whose fields are parameters."""
        return self._queries[_place(self._read, model)]

    def _of_queries(self, api: Api) -> set[int]:
        return {_place(self._read, op.query) for op in api.operations if op.query is not None}

    def _take(self, schema: Json) -> Json:
        """Return a query's schema; as nobody sends it whole, it is no component."""
        name = schema.get("$ref", "").removeprefix(_REF)
        return self.components.pop(name) if name else schema


def _distinct(models: list[Any], api: Api, direction: str) -> list[Any]:
    """Return each model once: pydantic's by what they are, for a union is a new object each time."""
    of_sockets = [one for socket in api.sockets for one in getattr(socket, direction)]
    found: list[Any] = []
    for model in (*models, *of_sockets):
        if model is not None and model not in found:
            found.append(model)
    return found


def _place(models: list[Any], model: object) -> int:
    """Return which of the models one is."""
    return models.index(model)


def operation_id(operation: Operation) -> str:
    """Return an operation's name for programs: its own, or one made of its method and address."""
    if operation.name:
        return operation.name
    words = re.sub(r"[^a-z0-9]+", "_", operation.path.removeprefix("/api/v1").lower()).strip("_")
    kind = "" if operation.path.startswith(_FOR_PROGRAMS) else "page_"
    return f"{kind}{operation.method.lower()}_{words or 'start'}"


def _operation(operation: Operation, schemas: Schemas) -> Json:
    made: Json = {
        "tags": [operation.tag],
        "summary": ": ".join(filter(None, (operation.subject, operation.summary))),
        "operationId": operation_id(operation),
        "parameters": [*_path(operation), *_query(operation, schemas), *_headers(operation), _language()],
        "responses": _responses(operation, schemas),
        "security": [{scheme: []} for scheme in operation.security],
    }
    if operation.subject:
        made["x-words"] = [operation.subject, operation.summary]
    if operation.body is not None or operation.body_type == FORM_TYPE:
        schema = _FORM if operation.body is None else schemas.read(operation.body)
        made["requestBody"] = {"required": True, "content": _content(schema, operation.body_type, schemas)}
    return made


def _language() -> Json:
    return {"$ref": "#/components/parameters/lang"}


def _path(operation: Operation) -> list[Json]:
    names = re.findall(r"{(\w+)}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query(operation: Operation, schemas: Schemas) -> list[Json]:
    if operation.query is None:
        return []
    schema = schemas.query(operation.query)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _sayable(field)}
        for name, field in schema.get("properties", {}).items()
    ]


def _sayable(schema: Json) -> Json:
    """Return a parameter's schema without null, which an address cannot say: what is not wanted is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    if not kinds:
        return rest
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _headers(operation: Operation) -> list[Json]:
    return [{"name": one.name, "in": "header", "required": one.needed, **_header(one)} for one in operation.headers]


def _header(header: Header) -> Json:
    return {"description": header.meaning, "schema": {"type": "string"}}


def _responses(operation: Operation, schemas: Schemas) -> Json:
    responses = {str(operation.status): _success(operation, schemas)}
    if operation.answer_headers:
        responses[str(operation.status)]["headers"] = {one.name: _header(one) for one in operation.answer_headers}
    for status, model in operation.others.items():
        content = {} if model is None else {"content": _content(schemas.written(model), JSON_TYPE, schemas)}
        responses[str(status)] = {"description": operation.summary, **content}
    codes = f" Codes: {', '.join(operation.errors)}." if operation.errors else ""
    responses["4XX"] = {"description": f"Refused.{codes}", "content": _refused(operation, schemas)}
    responses["5XX"] = {"description": "Not possible now.", "content": _refused(operation, schemas)}
    return responses


def _success(operation: Operation, schemas: Schemas) -> Json:
    if operation.status == 101:
        return {"description": "The socket is open; see x-websockets."}
    if operation.status == NO_CONTENT:
        return {"description": operation.summary}
    if operation.answer is None:
        binary = not operation.media_type.startswith("text/")
        schema: Json = {"type": "string", **({"format": "binary"} if binary else {})}
        return {"description": operation.summary, "content": {operation.media_type: {"schema": schema}}}
    content = _content(schemas.written(operation.answer), operation.media_type, schemas)
    return {"description": operation.summary, "content": content}


def _refused(operation: Operation, schemas: Schemas) -> Json:
    if operation.refusal is None:
        return {PAGE_TYPE: {"schema": {"type": "string"}}}
    return _content(schemas.written(operation.refusal), operation.refusal_type, schemas)


def _content(schema: Json, media_type: str, schemas: Schemas) -> Json:
    return {media_type: {"schema": schema, "example": example(schema, schemas.components)}}


def _socket(socket: Socket, schemas: Schemas) -> Json:
    return {
        "path": socket.path,
        "description": socket.description,
        "receive": [schemas.written(one) for one in socket.receive],
        "send": [schemas.read(one) for one in socket.send],
    }
