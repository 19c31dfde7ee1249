"""What a whole file comes to, and what about it is doubtful though no single row is: said before it is loaded.

A kind names a function over these totals (``Kind.doubts``); what is here are the questions that several ask.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from commerce.errors import Problem

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from central.kit.proposals import Proposal

FACTOR = 5
_MOST_VALUES = 100


@dataclass(slots=True)
class FieldTotals:
    """What stands in one field: how often nothing, what else (of the first hundred different values), and in how many
    records that stand already a number changed by ``FACTOR`` or more."""

    empty: int = 0
    values: Counter[object] = field(default_factory=Counter)
    off: int = 0


@dataclass(slots=True)
class Totals:
    """What a file comes to. ``fields`` are those that it has columns for, of sound rows alone."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    fields: dict[str, FieldTotals] = field(default_factory=dict)
    warnings: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)  # codes that a workbook held as numbers, by field

    def add(self, kind: "Kind", names: Iterable[str], found: "Sequence[Proposal]") -> None:
        """Count a set."""
        sound = [one for one in found if not one.problems]
        self.rows += len(found)
        self.refused += len(found) - len(sound)
        self.added += sum(one.is_new for one in sound)
        self.unchanged += sum(one.unchanged for one in sound)
        self.changed = self.rows - self.refused - self.added - self.unchanged
        self.warnings.update(code for one in sound for code in {warning.code for warning in one.warnings})
        for name in names:
            self._add_field(self.fields.setdefault(name, FieldTotals()), name, kind.shapes[name].empty, sound)

    def _add_field(self, totals: FieldTotals, name: str, empty: object, sound: "Sequence[Proposal]") -> None:
        for one in sound:
            value = getattr(one.card, name)
            if value == empty:
                totals.empty += 1
            elif isinstance(value, str | Decimal) and (value in totals.values or len(totals.values) < _MOST_VALUES):
                totals.values[value] += 1
            before = getattr(one.before.card, name) if one.before else None
            totals.off += isinstance(value, Decimal) and isinstance(before, Decimal) and is_off(before, value)

    def counts(self) -> dict[str, int]:
        """Return how many rows would come to what."""
        return {name: getattr(self, name) for name in ("rows", "added", "changed", "unchanged", "refused")}


def is_off(before: Decimal, after: Decimal) -> bool:
    """Tell whether a number is five times what it was, or a fifth, or less or more than that."""
    low, high = sorted((abs(before), abs(after)))
    return low > 0 and high >= low * FACTOR


def one_value(totals: Totals, name: str, least: int = 100) -> Iterator[Problem]:
    """Doubt that so many rows all have the same in a field."""
    found = totals.fields.get(name, FieldTotals())
    if len(found.values) == 1 and not found.empty and found.values.total() >= least:
        yield Problem("import.one_value", name, {"count": found.values.total()})


def none_given(totals: Totals, name: str) -> Iterator[Problem]:
    """Doubt that new records all come without something; also where the file has no column for it."""
    found = totals.fields.get(name)
    if totals.added and (found is None or (found.empty and not found.values)):
        yield Problem("import.none_given", name, {"count": totals.added})


def off_by_factor(totals: Totals, name: str) -> Iterator[Problem]:
    """Doubt numbers that are many times what stands, or a fraction of it."""
    found = totals.fields.get(name, FieldTotals())
    if found.off:
        yield Problem("import.off", name, {"count": found.off, "factor": FACTOR})


def all_doubts(kind: "Kind", totals: Totals) -> list[Problem]:
    """Return what is doubtful of a file: what its kind says, and codes that were numbers and may have lost zeros."""
    lost = [Problem("import.was_number", name, {"count": count}) for name, count in totals.numbers.items()]
    return [*kind.doubts(totals), *lost]
