"""The till's API as one description, made from the route table and the socket's frames."""

from functools import lru_cache
from typing import Final

from commerce.apis.document import Description, describe
from commerce.apis.operations import Api, Json, Socket
from commerce.texts import N_
from terminal.ui.frame_types import ChangesFrame, LanguageFrame, NoticeFrame, ViewFrame
from terminal.ui.routes import ROUTES

TAGS: Final = {
    "reading": N_("What the till shows"),
    "acts": N_("Acts at the till"),
    "pages": N_("Pages and paper"),
}
_SOCKET: Final = Socket(
    path="/api/v1/live",
    description=N_(
        "The whole view comes first, then with every change what differs from the view sent before; a page that lags "
        "gets all of it at once. A notice comes once each, none left out."
    ),
    receive=(ViewFrame, ChangesFrame, NoticeFrame),
    send=(LanguageFrame,),
)


@lru_cache(maxsize=1)
def description(version: str) -> Description:
    """Return the description of this version, made once."""
    return Description(lambda: openapi_document(version))


def openapi_document(version: str) -> Json:
    """Make the document."""
    document = describe(
        Api(
            title=N_("The till's API"),
            version=version,
            description=N_("Acts need a token (X-Till-Token). Refusals carry a stable code and a sentence."),
            operations=tuple(route.operation() for route in ROUTES),
            tags=TAGS,
            security={"token": {"type": "apiKey", "in": "header", "name": "X-Till-Token"}},
            sockets=(_SOCKET,),
        )
    )
    _describe_changes(document["components"]["schemas"])
    return document


def _describe_changes(schemas: Json) -> None:
    """Describe the sections of a change by those of the view: any of them, the sale without its lines."""
    sections = {name: part for name, part in schemas["View"]["properties"].items() if name != "revision"}
    sale = _without(schemas["SaleView"], "lines")
    schemas["ViewSections"] = {
        "type": "object",
        "properties": {**sections, "sale": {"anyOf": [sale, {"type": "null"}]}},
        "additionalProperties": False,
    }
    schemas["ChangesFrame"]["properties"]["sections"] = {"$ref": "#/components/schemas/ViewSections"}


def _without(schema: Json, name: str) -> Json:
    properties = {key: part for key, part in schema["properties"].items() if key != name}
    return {**schema, "properties": properties, "required": [key for key in schema["required"] if key != name]}
