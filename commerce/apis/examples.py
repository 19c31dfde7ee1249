"""An example of what a schema describes: a field's own where it gives one, otherwise the plainest that holds."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
_TEXTS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T12:00:00Z",
    "time": "12:00:00",
    "uuid": "019ab0c4-1f00-7000-8000-000000000001",
}


def example(schema: Mapping[str, Any], components: Mapping[str, Json]) -> Any:  # noqa: ANN401 - any JSON
    """Return an example; references lead to the components."""
    return _Maker(components).make(schema)


class _Maker:
    def __init__(self, components: Mapping[str, Json]) -> None:
        self._components = components

    def make(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        if "$ref" in schema:
            return self.make(self._components[schema["$ref"].rsplit("/", 1)[-1]])
        for name in ("examples", "enum"):
            if name in schema:
                return schema[name][0]
        for name in ("const", "default"):
            if name in schema:
                return schema[name]
        return self._of_kind(schema)

    def _of_kind(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        kinds = schema.get("anyOf") or schema.get("oneOf")
        if kinds:  # what is said beside them holds for each
            about = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf")}
            return self.make({**about, **next((kind for kind in kinds if kind != {"type": "null"}), kinds[0])})
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                kinds = schema.get("prefixItems") or [schema["items"]] * bool(schema.get("items"))
                return [self.make(kind) for kind in kinds]
            case "string":
                return _text(schema)
            case "integer" | "number":
                least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
                return max(least + ("exclusiveMinimum" in schema), 1)
            case "boolean":
                return True
        return None

    def _object(self, schema: Mapping[str, Any]) -> Json:
        if "properties" in schema:
            return {name: self.make(field) for name, field in schema["properties"].items()}
        values = schema.get("additionalProperties")
        return {"it": self.make(values)} if isinstance(values, dict) and values else {}


def _text(schema: Mapping[str, Any]) -> str:
    if "format" in schema:
        return _TEXTS.get(schema["format"], "text")
    return "text"[: schema.get("maxLength", 4)]
