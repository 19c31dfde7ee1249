"""Personal data of a customer is given out whole, and erased wherever central holds it, but for what has to stay."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Table, select

from central.db.metadata import metadata
from central.identity.people import Role
from central.identity.tables import audit
from central.kit import records, requests, service
from central.kit.proposals import Proposal
from central.kit.records import View
from central.kit.requests import Reply
from central.kit.tables import api_request
from central.registry.customers import CUSTOMERS, Contact, Customer, Destination
from central.registry.personal import erase, personal_data
from commerce.errors import ConflictError, ForbiddenError, NotFoundError
from tests.central.kit.samples import edit_of
from tests.central.office import actor_with

if TYPE_CHECKING:
    from central.kit.proposals import Record
    from tests.central.office import Office

MARK = "zqwx"  # nobody else's
PERSON = Customer(
    code="C7",
    name=f"Anna {MARK}",
    pec=f"anna@{MARK}.example",
    note=f"deaf, {MARK}",
    destinations=(Destination(name=f"Casa {MARK}", street=f"Via {MARK} 1"),),
    contacts=(Contact(name=f"Bruno {MARK}", mail=f"b@{MARK}.example"),),
)


@pytest.fixture
async def person(office: Office) -> Record:
    """A customer who was changed once."""
    made = await save(office, Proposal(PERSON))
    return await save(office, Proposal(replace(made.card, city=f"Città {MARK}"), made.id, made.version))


async def save(office: Office, proposal: Proposal) -> Record:
    job = partial(service.save, kind=CUSTOMERS, edit=edit_of(office), proposals=[proposal])
    return (await office.database.write(job))[0]


def _tables_with(conn: Connection, mark: str) -> set[str]:
    return {table.name for table in metadata.sorted_tables if _holds(conn, table, mark)}


def _holds(conn: Connection, table: Table, mark: str) -> bool:
    return any(mark in str(value).casefold() for row in conn.execute(select(table)) for value in row)


async def test_all_that_is_held_is_given_out_with_what_was_changed(office: Office, person: Record) -> None:
    found = await office.database.write(partial(personal_data, edit=edit_of(office), record=person.id))

    assert found.record["name"] == PERSON.name
    assert found.record["destinations"][0]["street"] == f"Via {MARK} 1"
    assert [act.action for act in found.acts] == ["customer.changed", "customer.added"]
    assert found.acts[0].change["city"] == ["", f"Città {MARK}"]
    assert [row.action for row in await office.rows(audit, subject=person.id)][-1] == "customer.exported"


async def test_nothing_of_a_person_is_anywhere_afterwards(office: Office, person: Record) -> None:
    keep = partial(requests.once, actor="a", key="k", digest=b"d" * 32, at=office.clock())
    reply = Reply(200, f'{{"id":"{person.id}","name":"Anna {MARK}"}}')
    await office.database.write(lambda conn: keep(conn, job=lambda _: reply))
    before = await office.database.read(lambda conn: _tables_with(conn, MARK))

    kept = await office.database.write(partial(erase, edit=edit_of(office), record=person.id, shown=2))

    assert {
        "customer",
        "customer_contacts",
        "customer_destinations",
        "record_search",
        "audit",
        "api_request",
        "feed",
    } <= before
    assert await office.database.read(lambda conn: _tables_with(conn, MARK)) == set()
    assert kept == ("number", "acts", "documents")
    assert await office.rows(api_request) == []


async def test_who_did_what_and_when_is_kept_and_the_code_is_free(office: Office, person: Record) -> None:
    await office.database.write(partial(erase, edit=edit_of(office), record=person.id, shown=2))

    acts = await office.rows(audit, subject=person.id)
    said = ["customer.added", "customer.changed", "customer.changed", "customer.deleted", "customer.erased"]
    assert [act.action for act in acts] == said
    assert [act.change for act in acts[:-1]] == [{}] * 4
    assert acts[-1].change == {"record": [None, "C7"]}
    with pytest.raises(NotFoundError, match=r"record\.gone"):
        await office.database.write(partial(erase, edit=edit_of(office), record=person.id, shown=4))
    assert (await save(office, Proposal(PERSON))).id != person.id


async def test_whoever_others_name_stands_on_with_nothing_but_a_number(office: Office, person: Record) -> None:
    await save(office, Proposal(Customer(code="C8", name="Altro", invoice_to=person.id)))

    kept = await office.database.write(partial(erase, edit=edit_of(office), record=person.id, shown=2))

    assert kept == ("number", "acts", "documents", "named")
    assert await office.database.read(lambda conn: _tables_with(conn, MARK)) == set()
    told = [act.change for act in await office.rows(audit) if "invoice_to" in act.change]
    assert [change["invoice_to"] for change in told] == [[None, "C7 · ***"]]
    page = partial(records.page, kind=CUSTOMERS, company=office.company, view=View("code"))
    assert [(one.card.code, one.card.name) for one in await office.database.read(page)] == [
        ("C7", "***"), ("C8", "Altro"),
    ]  # fmt: skip


async def test_of_a_version_that_is_not_the_last_nothing_is_erased(office: Office, person: Record) -> None:
    with pytest.raises(ConflictError, match=r"version\.stale"):
        await office.database.write(partial(erase, edit=edit_of(office), record=person.id, shown=1))
    assert "customer" in await office.database.read(lambda conn: _tables_with(conn, MARK))


async def test_only_who_changes_customers_erases_them(office: Office, person: Record) -> None:
    edit = replace(edit_of(office), actor=actor_with(Role.VIEWER, "Vito"))
    with pytest.raises(ForbiddenError):
        await office.database.write(partial(erase, edit=edit, record=person.id, shown=2))
