"""What an API is: its operations, typed by the very models that its server reads and answers with.

Both daemons say theirs in these values; ``document`` makes OpenAPI of them and ``page`` a page for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
PROBLEM_TYPE = "application/problem+json"
PAGE_TYPE = "text/html"
NO_CONTENT = 204

Json = dict[str, Any]


class ProblemField(BaseModel):
    """One thing that is wrong: where (dotted, as ``items.2.price``), its code, its sentence, the values in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    code: str
    detail: str
    values: dict[str, Any]


class ProblemDocument(BaseModel):
    """Any refusal, as RFC 9457 has it: a stable ``code``, its sentence in the caller's language, the values in it.

    ``errors`` is everything that is wrong at once, where it is about fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    code: str
    values: dict[str, Any]
    errors: list[ProblemField]


class Described:
    """Marks plain JSON by the model that it is of: ``Annotated[Json, Described(SaleCompleted)]``."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - whatever pydantic makes a schema of
        self.model = model

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> Any:  # noqa: ANN401
        """Return the model's own."""
        return handler.generate_schema(self.model)


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a request takes, or an answer carries; a request has to have one that is ``needed``."""

    name: str
    meaning: str
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. Models are whatever pydantic makes a schema of; ``summary`` is a message id.

    Where many operations are alike, ``subject`` is a message id too: what it is about, said before the summary
    ("Customers: list"). ``name`` is the operation's id, made of method and address where none is given.
    ``answer`` None is no JSON, ``refusal`` None an answer of ``media_type`` too. ``errors`` are the stable codes that a
    caller should know, ``others`` answers by status beside the usual one, ``headers`` those that a request takes,
    ``answer_headers`` those of the usual answer, and ``security`` the schemes of which one is enough, none where
    anybody may ask.
    """

    method: str
    path: str
    summary: str
    tag: str
    answer: Any = None
    media_type: str = JSON_TYPE
    query: Any = None
    body: Any = None
    body_type: str = JSON_TYPE
    refusal: Any = ProblemDocument
    refusal_type: str = PROBLEM_TYPE
    errors: tuple[str, ...] = ()
    status: int = 200
    others: Mapping[int, Any] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    answer_headers: tuple[Header, ...] = ()
    subject: str = ""
    name: str = ""
    security: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """A WebSocket: what whoever opened it receives and sends."""

    path: str
    description: str
    receive: tuple[Any, ...]
    send: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What one daemon offers. ``tags`` are the parts of the page in order, each with its title (a message id)."""

    title: str
    version: str
    description: str
    operations: tuple[Operation, ...]
    tags: Mapping[str, str]
    security: Mapping[str, Json] = field(default_factory=dict)
    sockets: tuple[Socket, ...] = ()
