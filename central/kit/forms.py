"""Forms: a card as what people type, and back. Whatever is refused, everything typed is kept.

Inputs are named by the path of their field (``code``, ``names.it``, ``addresses.0.street``); beside a reference's text
stands ``<path>.id``, the record that the text was the title of.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from central.kit import records
from central.kit.kinds import Kind
from central.kit.shape import RowsShape, Shape
from central.kit.shapes import ReferenceShape
from central.kit.showing import Titles
from central.kit.titles import titles_of
from commerce.errors import BadInputError, Problem, Problems

Typed = dict[str, str]
_ROW = re.compile(r"([a-z_]+)\.([0-9]{1,4})\.(.+)")
ROW_ID, DROP, CHOSEN = "id", "drop", "id"


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the inputs, and what is wrong with it or doubtful."""

    typed: Typed
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)  # how many there are of each table

    def value(self, path: str, part: str = "") -> str:
        """Return what stands in an input."""
        return self.typed.get(f"{path}.{part}" if part else path, "")

    def about(self, path: str) -> list[Problem]:
        """Return what is wrong with a field."""
        return [one for one in self.problems if one.field == path]

    def doubts(self, path: str) -> list[Problem]:
        """Return what somebody should look at in a field."""
        return [one for one in self.warnings if one.field == path]


def form_of(conn: Connection, kind: Kind, company: str, card: object, language: str) -> Form:
    """Return a card as people would have typed it."""
    titles = titles_of(conn, kind, company, [card])
    typed: Typed = {}
    rows: dict[str, int] = {}
    for name, shape in kind.shapes.items():
        value = getattr(card, name)
        if isinstance(shape, RowsShape):
            rows[name] = len(value)
            for number, row in enumerate(value):
                typed |= _typed_row(shape, f"{name}.{number}", row, titles, language)
        else:
            typed |= _typed(shape, name, value, titles, language)
    return Form(typed, rows=rows)


def tidy(kind: Kind, sent: Mapping[str, str]) -> Form:
    """Return what was sent with its rows numbered from 0, without those that are empty or were dropped.

    Rows are renumbered before anything is checked, or what is wrong would land on others. ``add`` names a table that
    gets one more.
    """
    inputs = {one for name, shape in kind.plain.items() for one in _inputs(name, shape)}
    typed = {name: text for name, text in sent.items() if name in inputs}
    rows: dict[str, int] = {}
    for table, shape in kind.children.items():
        kept = [row for row in _sent_rows(table, sent) if row.get(DROP) != "1" and _filled(shape, row)]
        if sent.get("add") == table:
            kept.append({})
        rows[table] = len(kept)
        for number, row in enumerate(kept):
            typed |= {f"{table}.{number}.{rest}": text for rest, text in row.items() if rest != DROP}
    return Form(typed, rows=rows)


def read_card(conn: Connection, kind: Kind, company: str, form: Form) -> tuple[Any, Problems]:
    """Return the card that a form means, and what of it cannot be read; those fields are empty in the card."""
    problems = Problems()
    values: dict[str, Any] = {}
    for name, shape in kind.shapes.items():
        if isinstance(shape, RowsShape):
            values[name] = tuple(
                _read_row(conn, company, shape, form, f"{name}.{number}", problems)
                for number in range(form.rows.get(name, 0))
            )
        else:
            values[name] = _read(conn, company, shape, form, name, problems)
    return kind.card(**values), problems


def _read_row(conn: Connection, company: str, shape: RowsShape, form: Form, path: str, problems: Problems) -> Any:  # noqa: ANN401 - each table has its own rows
    values = {name: _read(conn, company, one, form, f"{path}.{name}", problems) for name, one in shape.shapes.items()}
    return shape.card(id=form.value(path, ROW_ID), **values)


def _read(conn: Connection, company: str, shape: Shape, form: Form, path: str, problems: Problems) -> Any:  # noqa: ANN401 - each shape has its own values
    with problems.taking(path):
        if isinstance(shape, ReferenceShape):
            return _find_meant(conn, company, shape, form, path)
        return shape.read({part: form.value(path, part) for part in shape.parts})
    return shape.empty


def _find_meant(conn: Connection, company: str, shape: ReferenceShape, form: Form, path: str) -> str | None:
    """Return the record that was chosen, or whose code or title was typed; nothing is guessed."""
    typed, chosen = form.value(path).strip(), form.value(path, CHOSEN)
    if not typed:
        return None
    if chosen and records.titles(conn, shape.to, company, [chosen]).get(chosen) == typed:
        return chosen
    fitting = records.meant(conn, shape.to, company, typed)
    if len(fitting) != 1:
        raise BadInputError("field.several" if fitting else "field.unknown", value=typed[:40])
    return fitting[0]


def _typed_row(shape: RowsShape, path: str, row: Any, titles: Titles, language: str) -> Typed:  # noqa: ANN401
    typed = {f"{path}.{ROW_ID}": row.id}
    for name, one in shape.shapes.items():
        typed |= _typed(one, f"{path}.{name}", getattr(row, name), titles, language)
    return typed


def _typed(shape: Shape, path: str, value: Any, titles: Titles, language: str) -> Typed:  # noqa: ANN401
    if isinstance(shape, ReferenceShape):
        title = titles.get((shape.to.name, value), "") if value else ""
        return {path: title, f"{path}.{CHOSEN}": value or ""}
    return {f"{path}.{part}" if part else path: text for part, text in shape.typed(value, language).items()}


def _inputs(path: str, shape: Shape) -> Iterator[str]:
    yield from (f"{path}.{part}" if part else path for part in shape.parts)
    if isinstance(shape, ReferenceShape):
        yield f"{path}.{CHOSEN}"


def _sent_rows(table: str, sent: Mapping[str, str]) -> list[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name, text in sent.items():
        place = _ROW.fullmatch(name)
        if place and place[1] == table:
            found.setdefault(int(place[2]), {})[place[3]] = text
    return [found[number] for number in sorted(found)]


def _filled(shape: RowsShape, row: Mapping[str, str]) -> bool:
    """A row that stands already is dropped on purpose only; a new one counts once something was typed or ticked."""
    defaults = shape.card()
    standard = {name: one.typed(getattr(defaults, name), "en") for name, one in shape.shapes.items()}
    plain = {f"{name}.{part}" if part else name: text for name, by in standard.items() for part, text in by.items()}
    return bool(row.get(ROW_ID)) or any(text.strip() not in ("", plain.get(name)) for name, text in row.items())
