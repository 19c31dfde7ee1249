"""What bodies are made of: JSON values with the bounds that belong to the form, and the base of every body.

Amounts are whole minor units; quantities, prices and rates stay the texts of fixed scale that were signed. A reader
takes exactly what its writer writes: no missing, no further field, no other type.
"""

import re
from dataclasses import fields
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from commerce.bodies.shape import member_of, shape_problem
from commerce.bounds import Cents, Count, DayText, Identity, Moment, Whole
from commerce.errors import BadInputError
from commerce.kinds import Kind

__all__ = ["Cents", "Count", "DayText", "Moment", "Whole"]
MAX_LINES = 5_000  # a sale is one entry, and central takes none that is larger than one push
MAX_ROWS = 1_000  # of anything else in one body

Quantity = Annotated[str, Field(pattern=r"^-?[0-9]{1,6}\.[0-9]{6}$", examples=["1.000000"])]  # below MAX_LINE_QUANTITY
Price = Annotated[
    str, Field(pattern=r"^-?[0-9]{1,10}\.[0-9]{8}$", examples=["3.49000000"])
]  # exchange rates and discount values too
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,3}\.[0-9]{2}$", examples=["22.00"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
# Of lines and the like, by pattern alone: a sale has many. What is sorted or shown by takes ``Moment`` and ``DayText``.
UtcText = Annotated[
    str,
    Field(
        pattern=r"^2[01][0-9]{2}-[01][0-9]-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$",
        examples=["2026-11-23T12:00:00.000000Z"],
    ),
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0123456789abcdef" * 4])]  # SHA-256, or a public key
HalfDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=["0123456789abcdef" * 2])]  # a chain, a key id
Id = Identity
Word = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_.]{0,63}$", examples=["operator"])
]  # of our own making, in programs only
Reason = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_.]{0,63})?$", examples=[""])]  # a stable code; empty for none
Code = Annotated[str, Field(max_length=512)]  # as it was scanned or typed
Text = Annotated[str, Field(max_length=1_000)]
Language = Annotated[str, Field(min_length=2, max_length=16)]
Names = Annotated[dict[Language, Text], Field(max_length=32)]
Texts = Annotated[tuple[Text, ...], Field(max_length=64, fail_fast=True)]
R = TypeVar("R")
Rows = Annotated[tuple[R, ...], Field(max_length=MAX_ROWS, fail_fast=True)]

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
P = TypeVar("P", bound="Part")
B = TypeVar("B", bound="Body")
_BEYOND = frozenset(
    {"greater_than_equal", "less_than_equal", "int_parsing_size", "string_too_long", "too_long", "value_error"}
)
_READERS: "dict[type[Part], TypeAdapter[Any]]" = {}


class Part:
    """A part of a body. ``as_body`` gives the JSON value that the reader read."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    def as_body(self) -> dict[str, Any]:
        """Return the part as entries store it."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]


class Body(Part):
    """The whole body of an entry of one kind and version."""

    __slots__ = ()
    KIND: ClassVar[Kind]
    VERSION: ClassVar[int] = 1


def read(kind: type[P], encoded: bytes) -> P:
    """Read the bytes of a body or a part.

    BadInputError ``body.unreadable`` says where they are not of the form, ``body.out_of_bounds`` where they say what
    cannot be; ``body.control_characters`` when there is a NUL among them.
    """
    problem = shape_problem(kind, encoded)
    if problem:
        raise BadInputError(problem, kind=_title(kind), where="")
    if b"\\u0000" in encoded and _NUL.search(encoded):  # writers leave it out, and no database keeps it
        raise BadInputError("body.control_characters", kind=_title(kind))
    try:
        parsed: P = _reader(kind).validate_json(encoded)
    except ValidationError as error:
        raise _refusal(kind, error) from error
    return parsed


def expect(kind: type[B], body: Body) -> B:
    """Return the body as the kind that its reader named; a later version is no case of an earlier one."""
    if not isinstance(body, kind):
        raise BadInputError("body.unknown", kind=body.KIND.value, version=body.VERSION)
    return body


def personal_of(encoded: bytes) -> str | None:
    """Return the digest under which a body refers to personal data, whatever its kind; BadInputError as ``read``."""
    said = member_of(encoded, "personal")
    digest = said[1:-1].decode(errors="replace")
    return digest if said[:1] == b'"' else None


def _reader(kind: type[Part]) -> TypeAdapter[Any]:
    """Make a reader when its kind is first met: a till that starts needs few of them."""
    found = _READERS.get(kind)
    if found is None:
        found = _READERS[kind] = TypeAdapter(kind)
    return found


def _refusal(kind: type[Part], error: ValidationError) -> BadInputError:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    code = "body.out_of_bounds" if any(fault["type"] in _BEYOND for fault in faults) else "body.unreadable"
    return BadInputError(code, kind=_title(kind), where=".".join(map(str, faults[0]["loc"]))[:100])


def _title(kind: type[Part]) -> str:
    return str(getattr(kind, "KIND", kind.__name__.lower()))


def _plain(value: object) -> object:
    if isinstance(value, Part):
        return value.as_body()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value
