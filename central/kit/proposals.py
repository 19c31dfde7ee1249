"""What somebody wants saved, many at once: each with what stands, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from central.identity import audit
from central.identity.people import Actor
from central.kit.kinds import Kind, Kinds
from commerce.errors import InvalidError, Problem, Problems


class DoubtError(InvalidError):
    """Nothing is wrong, but somebody should look at it before it is saved; ``Edit.accepted`` overrules it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A card with its identity; ``version`` counts its changes from 1."""

    id: str
    version: int
    card: Any
    changed_at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes records of which company, and when; ``accepted`` are the warnings that were read and overruled."""

    actor: Actor
    company: str
    at: datetime
    kinds: Kinds
    accepted: frozenset[str] = frozenset()

    def act(self, kind: Kind, action: str, record: str, change: audit.Change) -> audit.Act:
        """Return what is to be written down."""
        return audit.Act(f"{kind.name}.{action}", kind.name, record, change, self.company)


@dataclass(slots=True)
class Proposal:
    """A card to be saved: a new one, or one in place of version ``shown`` of a record.

    A kind's check calls ``refuse``, ``warn`` and ``put``. One that ``returns`` was deleted, and is to stand again.
    """

    card: Any
    id: str | None = None
    shown: int | None = None
    before: Record | None = None
    problems: Problems = field(default_factory=Problems)
    warnings: Problems = field(default_factory=Problems)
    returns: bool = False

    def refuse(self, code: str, where: str = "", /, **values: object) -> None:
        """Note what makes it impossible, with the field it is about."""
        self.problems.add(code, where, **values)

    def warn(self, code: str, where: str = "", /, **values: object) -> None:
        """Note what somebody should look at before it is saved."""
        self.warnings.add(code, where, **values)

    def put(self, **values: object) -> None:
        """Put a better card in its place."""
        self.card = replace(self.card, **values)

    @property
    def is_new(self) -> bool:
        """Tell whether nothing of it stands yet."""
        return self.before is None

    @property
    def unchanged(self) -> bool:
        """Tell whether it says what stands already."""
        return self.before is not None and not self.before.gone and self.before.card == self.card


def pending(edit: Edit, proposal: Proposal) -> list[Problem]:
    """Return the warnings that nobody has overruled; each is overruled by its code."""
    return [one for one in proposal.warnings if one.code not in edit.accepted]


def all_problems(found: Sequence[Sequence[Problem]]) -> list[Problem]:
    """Return what was found of each proposal; of several, each field says whose it is."""
    return [_numbered(one, n) if len(found) > 1 else one for n, own in enumerate(found) for one in own]


def _numbered(problem: Problem, number: int) -> Problem:
    return replace(problem, field=".".join(filter(None, (str(number), problem.field))))
