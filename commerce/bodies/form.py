"""What bodies are made of: JSON values with the bounds that belong to the form, and the base of every body.

Amounts are whole minor units; quantities, prices and rates stay the texts of fixed scale that were signed. A reader
takes exactly what its writer writes: no missing, no further field, no other type.
"""

import re
from dataclasses import fields
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from commerce.canonical import parse_canonical
from commerce.errors import BadInputError
from commerce.kinds import Kind
from commerce.money import MAX_CENTS

MAX_LINES = 5_000  # a sale is one entry, and central takes none that is larger than one push
MAX_ROWS = 1_000  # of anything else in one body

Whole = Annotated[int, Field(gt=-(2**53), lt=2**53)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Cents = Annotated[int, Field(ge=-MAX_CENTS, le=MAX_CENTS)]
Quantity = Annotated[str, Field(pattern=r"^-?\d{1,12}\.\d{6}$")]
Price = Annotated[str, Field(pattern=r"^-?\d{1,10}\.\d{8}$")]  # exchange rates and discount values too
Rate = Annotated[str, Field(pattern=r"^\d{1,3}\.\d{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
DayText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
UtcText = Annotated[
    str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$")
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256, or a public key
HalfDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]  # a chain, a key id
Id = Annotated[str, Field(min_length=1, max_length=64)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]  # of our own making, in programs only
Reason = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_.]{0,63})?$")]  # a stable code; empty for none
Code = Annotated[str, Field(max_length=200)]  # as it was scanned or typed
Text = Annotated[str, Field(max_length=1_000)]
Language = Annotated[str, Field(min_length=2, max_length=16)]
Names = Annotated[dict[Language, Text], Field(max_length=32)]
Texts = Annotated[tuple[Text, ...], Field(max_length=64)]

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
P = TypeVar("P", bound="Part")
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
    """Read the bytes of a body or a part; BadInputError ``body.unreadable`` says where they are not of the form."""
    if _NUL.search(encoded):  # writers leave it out, and no database keeps it
        raise BadInputError("body.unreadable", kind=_title(kind), where="NUL")
    try:
        parsed: P = _reader(kind).validate_json(encoded)
    except ValidationError as error:
        raise BadInputError("body.unreadable", kind=_title(kind), where=_place(error)) from error
    return parsed


def personal_of(encoded: bytes) -> str | None:
    """Return the digest under which a body refers to personal data, whatever its kind; BadInputError as ``read``."""
    digest = parse_canonical(encoded).get("personal")
    return digest if isinstance(digest, str) else None


def _reader(kind: type[Part]) -> TypeAdapter[Any]:
    """Make a reader when its kind is first met: a till that starts needs few of them."""
    found = _READERS.get(kind)
    if found is None:
        found = _READERS[kind] = TypeAdapter(kind)
    return found


def _place(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return ".".join(map(str, first["loc"]))[:100]


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
