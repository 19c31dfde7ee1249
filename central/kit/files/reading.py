"""Entries of a file as proposals: what stands is found by its code, cells are read as values, references by code or
title. Each set asks the database as often as there are kinds it names, not as often as it has rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from central.kit import records
from central.kit.files.columns import ID, FileColumn, codes_of, split
from central.kit.files.entries import Entry, Layout
from central.kit.files.mapping import matched_by
from central.kit.kinds import Kind
from central.kit.proposals import Proposal, Record
from central.kit.reading import clean, fold, read_number
from central.kit.shape import Shape
from central.kit.shapes import ChoiceShape, ChoicesShape, DayShape, NumberShape, ReferenceShape, TextsShape, TickShape
from central.web.sheets import SheetRow
from commerce.errors import BadInputError, Problems
from commerce.money import round_half_up
from commerce.texts import LANGUAGES, translator

TICKS = {**dict.fromkeys(("1", "yes", "y", "true", "x", "si", "s", "vero"), True),
         **dict.fromkeys(("", "0", "no", "n", "false", "falso", "-"), False)}  # fmt: skip
_NEIGHBOUR = Decimal("2e-15")  # a few steps of a binary number of 53 bits
Named = dict[tuple[str, str], list[str]]  # the records that a text means, by kind and text


def proposals_of(conn: Connection, layout: Layout, company: str, found: Sequence[Entry]) -> list[Proposal]:
    """Return what the entries of a set propose, with what of them cannot be read."""
    standing = _standing(conn, layout, company, found)
    reader = _Reader(layout, _named(conn, layout, company, found))
    return [reader.propose(one, standing.get(one.key)) for one in found]


def _standing(conn: Connection, layout: Layout, company: str, found: Sequence[Entry]) -> dict[str, Record]:
    kind, match = layout.kind, matched_by(layout.kind, layout.mapping)
    held = {one.key: one.key for one in found if one.by_id}
    codes = [one.key for one in found if one.key and not one.by_id]
    if codes:
        held |= {str(key): one for key, one in records.holders(conn, kind, company, match, codes).items()}
    known = records.find(conn, kind, company, held.values())
    return {key: known[one] for key, one in held.items() if one in known and not known[one].gone}


def _named(conn: Connection, layout: Layout, company: str, found: Sequence[Entry]) -> Named:
    """Return which records the texts of references mean: by a code at once, the others by their titles."""
    wanted: dict[str, tuple[Kind, set[str]]] = {}
    for path, column in layout.columns.items():
        if isinstance(column.shape, ReferenceShape):
            texts = {text for one in found for row in one.lines if (text := layout.cell(row, path))}
            wanted.setdefault(column.shape.to.name, (column.shape.to, set()))[1].update(texts)
    return {
        (to.name, text): ids for to, texts in wanted.values() for text, ids in _meant(conn, to, company, texts).items()
    }


def _meant(conn: Connection, to: Kind, company: str, texts: set[str]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {}
    for name in to.unique:
        keys = {text: to.shapes[name].key(to.shapes[name].read({"": text})) for text in texts - known.keys()}
        held = records.holders(conn, to, company, name, keys.values())
        known |= {text: [held[key]] for text, key in keys.items() if key in held}
    return known | {text: records.meant(conn, to, company, text) for text in texts - known.keys()}


@dataclass(frozen=True)
class _Reader:
    """Reads the entries of one set."""

    layout: Layout
    named: Named

    @cached_property
    def _choices(self) -> dict[str, dict[str, str]]:
        words = [translator(language) for language in LANGUAGES]
        return {
            path: {fold(text): code for text, code in codes_of(one.shape, words).items()}
            for path, one in self.layout.columns.items()
            if isinstance(one.shape, ChoiceShape | ChoicesShape)
        }

    @cached_property
    def _fields(self) -> dict[str, list[tuple[str, FileColumn]]]:
        """Of each field of the record its columns; of a table under its name all of its rows'."""
        found: dict[str, list[tuple[str, FileColumn]]] = {}
        for path, one in self.layout.columns.items():
            if path != ID:
                found.setdefault(one.table or one.name, []).append((path, one))
        return found

    def propose(self, entry: Entry, before: Record | None) -> Proposal:
        """Return what an entry wants saved."""
        kind, problems = self.layout.kind, Problems()
        base = before.card if before else kind.card()
        row, values = entry.lines[0], dict[str, Any]()
        match = matched_by(kind, self.layout.mapping)
        if entry.double:
            problems.add("import.double", match, first=entry.double)
        elif entry.is_orphan(self.layout, match):
            problems.add("import.orphan", match)
        elif before is None and entry.by_id:
            problems.add("record.gone", ID)
        for name, columns in self._fields.items():
            if name in kind.children:
                values[name] = self._rows(name, columns, entry, getattr(base, name), problems)
                continue
            with problems.taking(name):
                values[name] = self._value(columns, row, getattr(base, name), new=before is None)
        card = replace(base, **values)
        return Proposal(card, before.id if before else None, before.version if before else None, problems=problems)

    def _value(self, columns: Sequence[tuple[str, FileColumn]], row: SheetRow, base: Any, *, new: bool) -> Any:  # noqa: ANN401
        shape = columns[0][1].shape
        if columns[0][1].part:
            given = {one.part: clean(self.layout.cell(row, path)) for path, one in columns}
            return {part: text for part, text in ({**base, **given}).items() if text}
        path = columns[0][0]
        text = self.layout.cell(row, path)
        if not text and new and shape.needed:  # nothing is not possible there: what stands in a new one
            return base
        return self._cell(path, shape, text, number=self.layout.is_number(row, path))

    def _cell(self, path: str, shape: Shape, text: str, *, number: bool) -> Any:  # noqa: ANN401
        match shape:
            case NumberShape():
                return _number(shape, text, number=number, mark=self.layout.mapping.decimal)
            case TickShape():
                return _tick(text)
            case ChoiceShape():
                return self._choices[path].get(fold(text), text)
            case ChoicesShape():
                parts = split(text, self.layout.mapping.separator)
                return shape.heard([self._choices[path].get(fold(part), part) for part in parts])
            case TextsShape():
                return shape.heard(split(text, self.layout.mapping.separator))
            case DayShape():
                return shape.read({"": text.removesuffix(" 00:00:00")})
            case ReferenceShape():
                return self._reference(shape, text)
        return shape.read({"": text})

    def _reference(self, shape: ReferenceShape, text: str) -> str | None:
        if not text:
            return None
        fitting = self.named.get((shape.to.name, text), [])
        if len(fitting) != 1:
            raise BadInputError("field.several" if fitting else "field.unknown", value=text[:40])
        return fitting[0]

    def _rows(
        self, table: str, columns: Sequence[tuple[str, FileColumn]], entry: Entry, standing: Sequence[Any],
        problems: Problems,
    ) -> tuple[Any, ...]:  # fmt: skip
        """Return the rows of a table; one that says what a standing one says keeps its id, else the one in its place.

        Of rows beside each other, standing ones beyond the last column stay.
        """
        numbers = sorted({one.number for _, one in columns})
        given: list[dict[str, Any]] = []
        for number in numbers:
            mine = [(path, one) for path, one in columns if one.number == number]
            for row in entry.lines if not number else entry.lines[:1]:
                if any(self.layout.cell(row, path) for path, _ in mine if path in self.layout.places):
                    given.append(self._row(mine, row, problems.under(f"{table}.{len(given)}")))
        made = _settle(self.layout.kind.children[table].card, given, standing)
        return made if 0 in numbers else (*made, *standing[numbers[-1] :])

    def _row(self, columns: Sequence[tuple[str, FileColumn]], row: SheetRow, problems: Problems) -> dict[str, Any]:
        values: dict[str, Any] = {}
        fields: dict[str, list[tuple[str, FileColumn]]] = {}
        for path, one in columns:
            fields.setdefault(one.name, []).append((path, one))
        for name, of in fields.items():
            with problems.taking(name):
                values[name] = self._value(of, row, of[0][1].shape.empty, new=False)
        return values


def _settle(card: type, given: Sequence[Mapping[str, Any]], standing: Sequence[Any]) -> tuple[Any, ...]:
    free = list(standing)
    found: dict[int, Any] = {}
    for number, values in enumerate(given):
        same = next((one for one in free if all(getattr(one, name) == value for name, value in values.items())), None)
        if same is not None:
            found[number] = same
            free.remove(same)
    for number in range(len(given)):
        there = standing[number] if number < len(standing) else None
        if number not in found and there in free:
            found[number] = there
            free.remove(there)
    return tuple(replace(found.get(number) or card(), **values) for number, values in enumerate(given))


def _number(shape: NumberShape, text: str, *, number: bool, mark: str) -> Decimal | None:
    if not text:
        return None
    if number:
        return _computed(text, shape.scale)
    return read_number(_pointed(text, mark) if mark else text, shape.scale)


def _computed(text: str, scale: int) -> Decimal:
    """Return the number of a workbook's cell: 1.1 × 3 is 3.3000000000000003 there, and is meant to be 3.3."""
    try:
        value = Decimal(text)
        settled = round_half_up(value, scale)
        meant = settled if abs(value - settled) <= abs(value) * _NEIGHBOUR else value
    except InvalidOperation as error:
        raise BadInputError("field.number", value=text[:40]) from error
    return read_number(f"{meant:f}", scale)


def _pointed(text: str, mark: str) -> str:
    """Return a number with a known decimal mark with a point in its place, and without groups."""
    whole, _, decimals = "".join(text.split()).partition(mark)
    first, *groups = whole.split("." if mark == "," else ",")
    if any(len(group) != 3 for group in groups) or (groups and len(first.lstrip("-")) > 3):
        raise BadInputError("field.number", value=text[:40])
    return f"{first}{''.join(groups)}" + (f".{decimals}" if decimals else "")


def _tick(text: str) -> bool:
    found = TICKS.get(fold(text))
    if found is None:
        raise BadInputError("field.tick", value=text[:40])
    return found
