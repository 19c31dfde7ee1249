"""The OpenAPI 3.1 document, made from the route table; the socket's messages are described in it too."""

import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, TypeAdapter

from terminal.ui.frame_types import ChangesFrame, LanguageFrame, NoticeFrame, ViewFrame
from terminal.ui.view_types import ErrorAnswer, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from terminal.ui.routes import Route

Json = dict[str, Any]
_REF: Final = "#/components/schemas/{model}"


def openapi_document(routes: "Iterable[Route]", version: str) -> Json:
    """Return the document for these routes."""
    schemas: Json = {}
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cassaforte till",
            "version": version,
            "description": "Acts need a token (X-Till-Token). Errors carry a stable code and a message in the "
            "language of Accept-Language or ?lang=.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Till-Token"}},
        },
        "x-websocket": {
            "path": "/api/v1/live",
            "query": ["token", "lang"],
            "receive": [_schema(ViewFrame, schemas), _changes_schema(schemas), _schema(NoticeFrame, schemas)],
            "send": [_schema(LanguageFrame, schemas)],
            "description": "The whole view comes first, then with every change what differs from the one sent before; "
            "a page that lags gets all of it at once. A notice comes once each, none left out.",
        },
    }


def _changes_schema(schemas: Json) -> Json:
    """Describe the sections of a change by those of the view: any of them, the sale without its lines."""
    reference = _schema(ChangesFrame, schemas)
    _schema(View, schemas)
    sections = {name: part for name, part in schemas["View"]["properties"].items() if name != "revision"}
    sale = _without(schemas["SaleView"], "lines")
    schemas["ViewSections"] = {
        "type": "object",
        "properties": {**sections, "sale": {"anyOf": [sale, {"type": "null"}]}},
        "additionalProperties": False,
    }
    schemas["ChangesFrame"]["properties"]["sections"] = {"$ref": _REF.format(model="ViewSections")}
    return reference


def _without(schema: Json, name: str) -> Json:
    properties = {key: part for key, part in schema["properties"].items() if key != name}
    return {**schema, "properties": properties, "required": [key for key in schema["required"] if key != name]}


def _operation(route: "Route", schemas: Json) -> Json:
    operation: Json = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.request is not None:
        content = {"application/json": {"schema": _schema(route.request, schemas)}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.token:
        operation["security"] = [{"token": []}]
    return operation


def _operation_id(route: "Route") -> str:
    words = re.sub(r"[^a-z0-9]+", "_", route.path.removeprefix("/api/v1").lower()).strip("_")
    return f"{route.method.lower()}_{words or 'page'}"


def _parameters(route: "Route") -> list[Json]:
    text = {"type": "string"}
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in re.findall(r"{(\w+)}", route.path)
    ]
    in_query = [
        {"name": name, "in": "query", "required": name == "token", "description": meaning, "schema": text}
        for name, meaning in route.query
    ]
    return [*in_path, *in_query]


def _responses(route: "Route", schemas: Json) -> Json:
    responses: Json = {"200": _success(route, schemas)}
    if route.path.endswith("/live"):
        responses = {"101": {"description": "The socket is open; see x-websocket."}}
    refused = {"application/json": {"schema": _schema(ErrorAnswer, schemas)}}
    codes = f" Codes: {', '.join(route.errors)}." if route.errors else ""
    responses["default"] = {"description": f"Refused.{codes}", "content": refused}
    return responses


def _success(route: "Route", schemas: Json) -> Json:
    schema = _schema(route.response, schemas) if route.response is not None else {"type": "string"}
    return {"description": route.summary, "content": {route.media_type: {"schema": schema}}}


def _schema(model: type[Any], schemas: Json) -> Json:
    """Return a reference to a model's schema, which joins the document's."""
    mode: Any = "validation" if isinstance(model, type) and issubclass(model, BaseModel) else "serialization"
    schema = TypeAdapter(model).json_schema(ref_template=_REF, mode=mode)
    schemas.update(schema.pop("$defs", {}))
    name = getattr(model, "__name__", "")
    if not name or name == "dict":
        return schema
    if "$ref" not in schema:
        schemas[name] = schema
    return {"$ref": _REF.format(model=name)}
