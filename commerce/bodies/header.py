"""The header of an entry: who, when, in which order, and what the body is."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from commerce.bodies.form import DayText, Digest, HalfDigest, Id, Moment, Part, Word

Offset = Annotated[str, Field(pattern=r"^[+-]([01]\d|2[0-3]):[0-5]\d$")]


@dataclass(frozen=True, slots=True)
class Header(Part):
    """The fields that are hashed and signed."""

    format: Literal[1]
    company: Id
    shop: Id
    till: Id
    chain: HalfDigest
    seq: Annotated[int, Field(ge=1, lt=2**53)]
    id: Id
    kind: Word
    kind_version: Annotated[int, Field(ge=1, lt=2**31)]
    at: Moment
    utc_offset: Offset
    business_day: DayText
    till_session: Id | None
    operator: Id | None
    approved_by: Id | None
    command_id: Id | None
    app_version: Id
    key_id: HalfDigest
    clock_suspect: bool
    prev: Digest
    body_hash: Digest
