"""Cards of any kind, made from its declaration: the n-th is always the same, and no two are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from central.app import KINDS
from central.identity.people import COMMAND_LINE
from central.kit import service, shapes
from central.kit.kinds import Kind, Kinds
from central.kit.proposals import Edit, Proposal
from central.kit.shape import RowsShape, Shape
from tests.central.kit.declared import BOOKS, SHELVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from central.kit.proposals import Record
    from tests.central.office import Office

ALL = Kinds((*KINDS, SHELVES, BOOKS))
# What a field's limits do not tell, by kind and field: the n-th value.
SPECIAL: dict[tuple[str, str], Any] = {
    ("customer", "vat_number"): lambda number: luhn(f"{number + 1:07d}012"),
    ("customer", "fiscal_code"): lambda number: luhn(f"{number + 1:07d}012"),
    ("customer", "recipient_code"): lambda number: f"ABC{number % 9999:04d}",
    ("customer", "pec"): lambda number: f"ditta{number}@pec.example",
    ("customer", "iban"): lambda _: "IT60X0542811101000000123456",
    ("customer", "country"): lambda _: "IT",
    ("customer", "province"): lambda number: ("MI", "RM", "TO")[number % 3],
    ("customer", "at_tills"): lambda _: True,
    ("customer", "currency"): lambda _: "EUR",
    ("customer.owners", "fiscal_code"): lambda number: luhn(f"{number + 1:07d}012"),
    ("customer.owners", "share"): lambda _: Decimal(50),
    ("customer.excluded_months", "month"): lambda number: ("08", "12")[number % 2],
    ("customer.excluded_months", "to_day"): lambda _: Decimal(5),
    ("customer.excluded_months", "to_month"): lambda number: ("09", "01")[number % 2],
    ("supplier", "vat_number"): lambda number: luhn(f"{number + 1:07d}012"),
    ("supplier", "fiscal_code"): lambda number: luhn(f"{number + 1:07d}012"),
    ("supplier", "pec"): lambda number: f"ditta{number}@pec.example",
    ("supplier", "iban"): lambda _: "IT60X0542811101000000123456",
    ("supplier", "country"): lambda _: "IT",
    ("supplier.addresses", "country"): lambda _: "IT",
    ("supplier.contacts", "mail"): lambda number: f"a{number}@b.example; c@d.example",
    ("warehouse", "country"): lambda _: "IT",
    ("unit_of_measure", "factor"): lambda _: Decimal(1),
    ("tender_type", "reader"): lambda number: f"POS {number}" if number % 4 else "",  # none for cash
    ("payment_type", "financial_discount"): lambda _: None,
    ("payment_solution.instalments", "of_taxable"): lambda _: Decimal(50),
    ("payment_solution.instalments", "of_vat"): lambda number: Decimal((40, 60)[number % 2]),
    ("payment_solution.instalments", "of_charges"): lambda _: None,
    ("document_type", "delivery_type"): lambda _: None,
    ("document_type", "invoice_type"): lambda _: None,
    ("stock_reason", "way"): lambda number: ("out", "none")[number % 2],  # what sales move by
    ("pos_type", "vat_code"): lambda _: "",
    ("pos_type", "rounding_vat"): lambda _: "",
    ("quick_key_page.keys", "sku"): lambda _: "",
    ("customer.destinations", "country"): lambda _: "IT",
    ("customer.destinations", "province"): lambda _: "MI",
    ("customer.destinations", "is_default"): lambda number: number % 10 == 0,
    ("customer.contacts", "mail"): lambda number: f"a{number}@b.example; c@d.example",
    ("customer.locks", "since"): lambda number: date(2026, 1, 1 + number % 20),
    ("customer.locks", "until"): lambda number: date(2026, 2, 1 + number % 20),
}


def luhn(number: str) -> str:
    """The number with its check digit."""
    from stdnum import luhn as checked

    return number + str(checked.calc_check_digit(number))


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
    if many > 1 and kind in kind.references.values():  # those that name one of their own kind name the first
        one = await fill_with(office, kind, edit, range(first, first + 1), named)
        named[kind.name] = one[0].id
        return [*one, *await fill_with(office, kind, edit, range(first + 1, first + many), named)]
    return await fill_with(office, kind, edit, range(first, first + many), named)


async def fill_with(office: Office, kind: Kind, edit: Edit, numbers: range, named: Mapping[str, str]) -> list[Record]:
    proposals = [Proposal(sample(kind, number, named)) for number in numbers]
    return await office.database.write(partial(service.save, kind=kind, edit=edit, proposals=proposals))


def _values(kind: str, of: Mapping[str, Shape], number: int, named: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: SPECIAL[kind, name](number) if (kind, name) in SPECIAL else _value(kind, name, shape, number, named)
        for name, shape in of.items()
    }


def _value(kind: str, name: str, shape: Shape, number: int, named: Mapping[str, str]) -> Any:  # noqa: ANN401, C901
    match shape:
        case shapes.TextShape():
            return f"{name.upper()[: max(shape.most - 6, 0)]}{number:05d}"[-shape.most :]
        case shapes.NamesShape():
            return {"it": f"È {name} {number % 7}"[: shape.most], "en": f"A {name} {number % 5}"[: shape.most]}
        case shapes.NumberShape():
            low = shape.least if shape.least is not None else Decimal(0)
            high = shape.most if shape.most is not None else Decimal(50)
            step = Decimal(1).scaleb(-shape.scale)
            if number % 5 == 0 and not shape.needed:
                return None
            return low + step * (number % int(min((high - low) / step, Decimal(40)) + 1))
        case shapes.TickShape():
            return number % 3 == 0
        case shapes.DayShape():
            return None if number % 4 == 0 and not shape.needed else date(2026, 1, 1) + timedelta(days=number % 60)
        case shapes.ChoiceShape():
            return list(shape.options)[number % len(shape.options)]
        case shapes.ChoicesShape():
            return tuple(shape.options)[: 1 + number % 2]
        case shapes.ReferenceShape():
            return named.get(shape.to.name)
        case shapes.TextsShape():
            return tuple(f"{name} {number} {one}" for one in range(number % 3))
        case RowsShape():
            inner = shape.shapes
            return tuple(shape.card(**_values(f"{kind}.{name}", inner, number * 10 + one, named)) for one in range(2))
    raise AssertionError(shape)
