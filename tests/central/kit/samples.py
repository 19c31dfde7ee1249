"""Cards of any kind, made from its declaration: the n-th is always the same, and no two are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from central.app import KINDS
from central.identity.people import COMMAND_LINE
from central.kit import fields, service
from central.kit.kinds import Kind, Kinds
from central.kit.proposals import Edit, Proposal
from tests.central.kit.declared import BOOKS, SHELVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from central.kit.proposals import Record
    from tests.central.office import Office

ALL = Kinds((*KINDS, SHELVES, BOOKS))
# What a field's limits do not tell, by kind and field: the n-th value.
SPECIAL: dict[tuple[str, str], Any] = {}


def edit_of(office: Office, company: str | None = None) -> Edit:
    return Edit(COMMAND_LINE, company or office.company, office.clock(), ALL)


def sample(kind: Kind, number: int, named: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
    """The n-th card; ``named`` are records that it may refer to, by kind."""
    return kind.card(**_values(kind.name, kind.shapes, number, named or {}))


async def fill(office: Office, kind: Kind, many: int, company: str | None = None, first: int = 0) -> list[Record]:
    """Save cards of a kind, and first a record of each kind that it names."""
    edit = edit_of(office, company)
    named = {}
    for to in {one.name: one for one in kind.references.values() if one is not kind}.values():
        named[to.name] = (await fill(office, to, 1, company, first=9000 + first))[0].id
    proposals = [Proposal(sample(kind, first + number, named)) for number in range(many)]
    return await office.database.write(partial(service.save, kind=kind, edit=edit, proposals=proposals))


def _values(kind: str, shapes: Mapping[str, fields.Shape], number: int, named: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: SPECIAL[kind, name](number) if (kind, name) in SPECIAL else _value(kind, name, shape, number, named)
        for name, shape in shapes.items()
    }


def _value(kind: str, name: str, shape: fields.Shape, number: int, named: Mapping[str, str]) -> Any:  # noqa: ANN401
    match shape:
        case fields.TextShape():
            return f"{name.upper()[: shape.most - 6]}{number:05d}"
        case fields.NamesShape():
            return {"it": f"È {name} {number % 7}"[: shape.most], "en": f"A {name} {number % 5}"[: shape.most]}
        case fields.NumberShape():
            low = shape.least if shape.least is not None else Decimal(0)
            high = shape.most if shape.most is not None else Decimal(50)
            step = Decimal(1).scaleb(-shape.scale)
            return None if number % 5 == 0 else low + step * (number % int(min((high - low) / step, Decimal(40)) + 1))
        case fields.TickShape():
            return number % 3 == 0
        case fields.DayShape():
            return None if number % 4 == 0 else date(2026, 1, 1) + timedelta(days=number % 60)
        case fields.ChoiceShape():
            return list(shape.options)[number % len(shape.options)]
        case fields.ReferenceShape():
            return named.get(shape.to.name)
        case fields.TextsShape():
            return tuple(f"{name} {number} {one}" for one in range(number % 3))
        case fields.RowsShape():
            inner = shape.shapes
            return tuple(shape.card(**_values(f"{kind}.{name}", inner, number * 10 + one, named)) for one in range(2))
    raise AssertionError(shape)
