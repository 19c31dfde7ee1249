"""Several people save the same thing in the same moment: one of them saves, the others are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.identity.people import COMMAND_LINE
from central.registry import queries, service
from central.registry.service import Edit, OperatorCard
from central.registry.values import VatCard
from commerce.errors import ConflictError
from tests.central.head_office import seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from tests.central.office import Office

KINDS = ("item", "operator", "vat_code", "till_settings")


async def prepared(office: Office, kind: str) -> Callable[[Connection, int], object]:
    """Return a job that saves something that stands in its first version, each time with another value."""
    item = (await seed(office))[0]
    edit, company = Edit(COMMAND_LINE, office.company, office.clock()), office.company
    codes = await office.database.read(partial(queries.list_vat_codes, company_id=company))
    people = await office.database.read(partial(queries.list_operators, company_id=company))
    settings, _ = await office.database.read(partial(service.get_settings, company=company, shop=office.shop))

    def save(conn: Connection, number: int) -> object:
        name = f"Nome {number}"
        match kind:
            case "item":
                return service.save_item(conn, edit, replace(item.card, names={"it": name}), item.id, 1)
            case "operator":
                return service.save_operator(conn, edit, OperatorCard(name, office.shop), people[0].id, 1)
            case "vat_code":
                card = VatCard("22", {"it": name}, ((office.clock().date(), Decimal(22)),))
                return service.save_vat_code(conn, edit, card, next(row.id for row in codes if row.code == "22"), 1)
            case _:
                return service.save_settings(conn, edit, office.shop, replace(settings, header=(name,)), 1)

    return save


@pytest.mark.parametrize("kind", KINDS)
async def test_one_of_many_saves_and_the_others_are_told(office: Office, kind: str) -> None:
    save = await prepared(office, kind)

    async def attempt(number: int) -> str:
        try:
            await office.database.write(lambda conn: save(conn, number))
        except ConflictError as error:
            return error.code
        return "saved"

    answers = await asyncio.gather(*(attempt(number) for number in range(6)))

    assert sorted(answers) == ["saved"] + ["version.stale"] * 5
