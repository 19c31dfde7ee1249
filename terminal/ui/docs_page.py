"""The API as a page for people; every word of it comes from the route table and the models' docstrings."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from terminal.ui.openapi import openapi_document

if TYPE_CHECKING:
    from terminal.ui.routes import Route


def docs_page(routes: "Iterable[Route]", version: str) -> str:
    """Return the page."""
    document = openapi_document(routes, version)
    rows = "".join(
        _operation(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    models = "".join(_model(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    info, socket = document["info"], document["x-websocket"]
    frames = f"<p>← {_links(socket['receive'])}</p><p>→ {_links(socket['send'])}</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(info['title'])}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/styles/tokens.css">'
        '<link rel="stylesheet" href="/static/styles/base.css">'
        '<link rel="stylesheet" href="/static/styles/docs-page.css"></head>'
        f"<body><main><h1>{escape(info['title'])} <small>{escape(version)}</small></h1>"
        f'<p>{escape(info["description"])} <a href="/api/v1/openapi.json">openapi.json</a></p>'
        f"<h2>HTTP</h2>{rows}<h2>WebSocket</h2><h3><code>{escape(socket['path'])}</code></h3>"
        f"<p>{escape(socket['description'])}</p>{frames}<h2>JSON</h2>{models}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = [
        schema
        for status, response in operation["responses"].items()
        if status == "200"
        for content in response["content"].values()
        if "$ref" in (schema := content["schema"])
    ]
    queries = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
    shown = f"?{'&'.join(queries)}" if queries else ""
    arrows = (f"<p>→ {_links([body])}</p>" if body else "") + (f"<p>← {_links(answers)}</p>" if answers else "")
    return (
        f'<section class="route"><h3><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}{escape(shown)}</code></h3><p>{escape(operation['summary'])}</p>{arrows}"
        f"{_refusals(operation['responses']['default']['description'])}</section>"
    )


def _refusals(told: str) -> str:
    return f'<p class="quiet">{escape(told)}</p>' if "Codes" in told else ""


def _links(schemas: list[dict[str, Any]]) -> str:
    names = [str(schema.get("$ref", "")).rsplit("/", 1)[-1] for schema in schemas]
    return ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names if name)


def _model(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><th><code>{escape(field)}</code>{'' if field in required else '?'}</th><td>{_type(kind)}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    told = escape(str(schema.get("description", "")))
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{told}</p><table>{rows}</table></section>'


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _links([dict(schema)])
    if "anyOf" in schema:
        return " | ".join(_type(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "enum" in schema or "const" in schema:
        return escape(" | ".join(map(str, schema.get("enum", [schema.get("const")]))))
    return escape(str(schema.get("type", "")))
