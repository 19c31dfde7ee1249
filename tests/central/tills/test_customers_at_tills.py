"""Customers reach the tills of their company by feed and by file, and no longer once they are erased or kept away."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import orjson
import zstandard

from central.db.feed import START, read_changes
from central.kit import service
from central.kit.proposals import Proposal
from central.registry.customers import CUSTOMERS, Customer
from central.registry.personal import erase
from central.tills.snapshots import Snapshots
from commerce.wire import Change
from terminal.db.catalog import Catalog
from tests.central.kit.samples import edit_of

if TYPE_CHECKING:
    from pathlib import Path

    from central.kit.proposals import Record
    from tests.central.office import Office

SECRET = bytes(range(32))
ANNA = Customer(code="C1", name="Anna Bianchi", street="Via Roma 1", zip="20100", city="Milano", province="MI",
                note="pays late", iban="IT60X0542811101000000123456")  # fmt: skip


async def save(office: Office, card: Customer, before: Record | None = None) -> Record:
    proposal = Proposal(card, before.id, before.version) if before else Proposal(card)
    job = partial(service.save, kind=CUSTOMERS, edit=edit_of(office), proposals=[proposal])
    return (await office.database.write(job))[0]


async def changes(office: Office) -> list[Change]:
    """What a till would pull."""
    rows = await office.database.read(
        lambda conn: read_changes(conn, office.company, office.shop, START, 100, ["customer"])
    )
    return [
        Change(kind=row.kind, id=row.id, version=row.version, row=orjson.loads(row.row) if row.row else None)
        for row in rows
    ]


async def test_tills_get_what_stands_on_papers_and_nothing_else(office: Office, tmp_path: Path) -> None:
    saved = await save(office, ANNA)
    catalog = Catalog(tmp_path, SECRET)
    await catalog.open()

    assert await catalog.apply_items(await changes(office)) == []
    found = catalog.find_customer("C1")
    await catalog.close()

    assert found is not None
    assert (found.id, found.name, found.address) == (saved.id, "Anna Bianchi", ("Via Roma 1", "20100 Milano MI"))
    said = str((await changes(office))[0].row)
    assert "pays late" not in said
    assert "IT60" not in said


async def test_who_is_not_for_the_tills_leaves_them(office: Office) -> None:
    saved = await save(office, ANNA)
    await save(office, replace(saved.card, at_tills=False), saved)

    assert [(one.id, one.row) for one in await changes(office)] == [(saved.id, None)]


async def test_a_ready_file_has_them_until_one_is_erased(office: Office, tmp_path: Path) -> None:
    saved = await save(office, ANNA)
    await save(office, replace(ANNA, code="C2", name="Bruno Verdi"))
    till = await office.known(await office.new_till())
    snapshots = Snapshots(office.database, tmp_path / "snapshots")
    first = await snapshots.get(till)
    catalog = Catalog(tmp_path / "till", SECRET)
    (tmp_path / "till").mkdir()
    await catalog.open()
    path = catalog.fresh_path()
    path.write_bytes(zstandard.ZstdDecompressor().stream_reader(first.path.read_bytes()).read())
    await catalog.adopt(path)
    had = await catalog.search_customers("bianchi roma")
    await catalog.close()

    await office.database.write(partial(erase, edit=edit_of(office), record=saved.id, shown=1))
    second = await snapshots.get(till)

    assert [one.code for one in had] == ["C1"]
    assert not first.path.exists()
    kept = zstandard.ZstdDecompressor().stream_reader(second.path.read_bytes()).read()
    assert b"Anna" not in kept
    assert b"Bruno" in kept
