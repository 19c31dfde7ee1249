"""Body of an approval: what somebody granted an operator for one act, right before the act's own entries."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from commerce.bodies.form import Body, Id, Word
from commerce.kinds import Kind


@dataclass(frozen=True, slots=True)
class ApprovalGiven(Body):
    """Somebody approved by PIN what the operator may not do alone; the header's command id ties it to the act."""

    KIND: ClassVar[Kind] = Kind.APPROVAL_GIVEN
    approver: Id
    operator: Id
    rights: Annotated[tuple[Word, ...], Field(min_length=1, max_length=32, fail_fast=True)]  # which the operator lacks
    act: Word
    sale: Id | None
