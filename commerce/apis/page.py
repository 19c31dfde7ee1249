"""An API as a page for people: every word of it comes from its description, in the reader's language.

No script, no style of its own, nothing from elsewhere: each daemon puts it into its own frame. What models and their
fields are for stays in English, as it stands in the programs; it is marked as such for whoever has it read aloud.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import orjson

from commerce.apis.operations import Json
from commerce.texts import Translator

OPENAPI_PATH = "/api/v1/openapi.json"


def api_page(document: Json, words: Translator) -> str:
    """Return what stands in the page's frame, as HTML."""
    info = document["info"]
    parts = [
        f"<h1>{escape(words.t(info['title']))} <small>{escape(info['version'])}</small></h1>",
        f'<p>{escape(words.t(info["description"]))} <a href="{OPENAPI_PATH}">openapi.json</a></p>',
        _contents(document, words),
        *(_part(document, tag, words) for tag in document["tags"]),
        *_sockets(document, words),
        f'<h2 id="models">{escape(words.t("Models"))}</h2>',
        *(_model(name, schema, words) for name, schema in sorted(document["components"]["schemas"].items())),
    ]
    return f'<div class="api">{"".join(parts)}</div>'


def _contents(document: Json, words: Translator) -> str:
    places = [(f"part-{tag['name']}", tag["description"]) for tag in document["tags"]]
    links = "".join(f'<li><a href="#{place}">{escape(words.t(title))}</a></li>' for place, title in places)
    label = escape(words.t("On this page"))
    return f'<nav aria-label="{label}"><ul>{links}<li><a href="#models">{escape(words.t("Models"))}</a></li></ul></nav>'


def _part(document: Json, tag: Mapping[str, str], words: Translator) -> str:
    found = [
        _operation(method, path, operation, words)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation["tags"] == [tag["name"]]
    ]
    return f'<h2 id="part-{tag["name"]}">{escape(words.t(tag["description"]))}</h2>{"".join(found)}'


def _operation(method: str, path: str, operation: Json, words: Translator) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    answers = {
        status: response["content"]
        for status, response in operation["responses"].items()
        if status not in ("4XX", "5XX") and "content" in response
    }
    told = [
        _parameters(operation["parameters"], words),
        _content(words.t("Sends"), body, words),
        *(_content(f"{words.t('Answers')} {status}", content, words) for status, content in answers.items()),
        _refusals(operation, words),
    ]
    return (
        f'<section class="route" id="{escape(operation["operationId"])}"><h3><span class="method">{method.upper()}'
        f"</span> <code>{escape(path)}</code></h3><p>{_summary(operation, words)}</p>"
        f"{''.join(told)}</section>"
    )


def _summary(operation: Json, words: Translator) -> str:
    """Return what it does; what no catalogue knows is the programs' own text, and marked as such."""
    told = operation.get("x-words", [operation["summary"]])
    said = escape(": ".join(map(words.t, told)))
    return said if words.language == "en" or [*map(words.t, told)] != told else f'<span lang="en">{said}</span>'


def _parameters(parameters: Iterable[Json], words: Translator) -> str:
    named = [one for one in parameters if one.get("in") in ("query", "header")]
    if not named:
        return ""
    rows = "".join(_row(one["name"], one["required"], one["schema"], one.get("description", "")) for one in named)
    return f"<table><caption>{escape(words.t('Parameters'))}</caption>{rows}</table>"


def _content(title: str, content: Json, words: Translator) -> str:
    shown = [
        f"<p>{escape(title)} <code>{escape(kind)}</code> {_type(one['schema'])}</p>{_example(one, words)}"
        for kind, one in content.items()
        if kind != "text/html"
    ]
    return "".join(shown)


def _example(content: Json, words: Translator) -> str:
    if "example" not in content:
        return ""
    text = orjson.dumps(content["example"], option=orjson.OPT_INDENT_2).decode()
    return f"<details><summary>{escape(words.t('Example'))}</summary><pre><code>{escape(text)}</code></pre></details>"


def _refusals(operation: Json, words: Translator) -> str:
    _, _, codes = operation["responses"]["4XX"]["description"].partition("Codes: ")
    if not codes:
        return ""
    shown = ", ".join(f"<code>{escape(code)}</code>" for code in codes.rstrip(".").split(", "))
    return f'<p class="quiet">{escape(words.t("Refused with"))} {shown}</p>'


def _sockets(document: Json, words: Translator) -> list[str]:
    return [
        f'<section class="route"><h3><span class="method">WebSocket</span> <code>{escape(socket["path"])}</code></h3>'
        f"<p>{escape(words.t(socket['description']))}</p>"
        f"<p>{escape(words.t('Receives'))} {_types(socket['receive'])}</p>"
        f"<p>{escape(words.t('Sends'))} {_types(socket['send'])}</p></section>"
        for socket in document.get("x-websockets", ())
    ]


def _model(name: str, schema: Json, words: Translator) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        _row(field, field in required, kind, kind.get("description", ""))
        for field, kind in schema.get("properties", {}).items()
    )
    told = escape(str(schema.get("description", "")))
    kind = f"<table><caption>{escape(words.t('Fields'))}</caption>{rows}</table>" if rows else f"<p>{_type(schema)}</p>"
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p lang="en">{told}</p>{kind}</section>'


def _row(name: str, required: bool, schema: Json, told: str) -> str:
    said = f' <span lang="en">{escape(told)}</span>' if told else ""
    optional = "" if required else "?"
    return f'<tr><th scope="row"><code>{escape(name)}</code>{optional}</th><td>{_type(schema)}{said}</td></tr>'


def _types(schemas: Iterable[Json]) -> str:
    return ", ".join(_type(one) for one in schemas)


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    kinds = schema.get("anyOf") or schema.get("oneOf")
    if kinds:
        return " | ".join(_type(part) for part in kinds)
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "enum" in schema or "const" in schema:
        return escape(" | ".join(map(str, schema.get("enum", [schema.get("const")]))))
    return escape(str(schema.get("type", "")))
