"""Customers at a till: found by code and by words, sealed, and gone for good once they are erased."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from commerce import catalog_schema as schema
from commerce.wire import Change
from terminal.db.catalog import Catalog
from terminal.db.catalog_rows import create_catalog
from terminal.db.catalog_seals import ItemChangedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRET = bytes(range(32))
ROW: dict[str, Any] = {
    "code": "C1", "name": "Caffè Bianchi", "vat_number": "01234567897", "fiscal_code": "", "recipient_code": "ABC1234",
    "pec": "", "country": "IT", "language": "it", "address": ["Via Roma 1", "20100 Milano MI"], "stopped": False,
}  # fmt: skip


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[Catalog]:
    catalog = Catalog(tmp_path, SECRET)
    await catalog.open()
    yield catalog
    await catalog.close()


def customer(identity: str = "c1", version: int = 1, **changes: Any) -> Change:  # noqa: ANN401
    return Change(kind="customer", id=identity, version=version, row={**ROW, **changes})


async def test_a_code_names_one_customer(catalog: Catalog) -> None:
    assert await catalog.apply_items([customer(), customer("c2", code="C11")], "e.1") == []

    found = catalog.find_customer("C1")

    assert found is not None
    assert (found.id, found.name, found.address) == ("c1", "Caffè Bianchi", ("Via Roma 1", "20100 Milano MI"))
    assert catalog.find_customer("c1") is None
    assert catalog.count() == 0  # they are no items


@pytest.mark.parametrize("typed", ["bianchi", "CAFFE bia", "0123456", "roma caf", "c1", "milano"])
async def test_words_are_found_by_how_they_begin_without_case_and_accents(catalog: Catalog, typed: str) -> None:
    await catalog.apply_items([customer(), customer("c2", code="D2", name="Verdi", vat_number="", address=[])])

    assert [one.id for one in await catalog.search_customers(typed)] == ["c1"]


@pytest.mark.parametrize("typed", ["", "  ", "ianchi", "%", "_", "bianchi verdi"])
async def test_what_fits_nobody_finds_nobody(catalog: Catalog, typed: str) -> None:
    await catalog.apply_items([customer(), customer("c2", code="D2", name="Verdi")])

    assert await catalog.search_customers(typed) == []


async def test_a_newer_row_takes_the_place_of_the_older(catalog: Catalog) -> None:
    await catalog.apply_items([customer()])
    await catalog.apply_items([customer(version=2, name="Rossi", stopped=True)])

    found = await catalog.search_customers("rossi")

    assert [(one.version, one.stopped) for one in found] == [(2, True)]
    assert await catalog.search_customers("bianchi") == []


@pytest.mark.parametrize(
    "change", [{"code": ""}, {"name": 7}, {"address": "Via Roma"}, {"address": [1]}, {"stopped": 1}, {"pec": "x" * 201}]
)
async def test_a_row_that_makes_no_sense_is_named_and_what_was_stays(catalog: Catalog, change: dict[str, Any]) -> None:
    await catalog.apply_items([customer()])

    bad = await catalog.apply_items([customer(version=2, **change), customer("c2", code="C2")])

    assert [(one.kind, one.id) for one in bad] == [("customer", "c1")]
    first, second = catalog.find_customer("C1"), catalog.find_customer("C2")
    assert (first and first.version, second and second.version) == (1, 1)


async def test_whoever_is_erased_is_not_in_the_file_any_more(catalog: Catalog, tmp_path: Path) -> None:
    await catalog.apply_items([customer(name="Zqwxkj"), customer("c2", code="C2")], "e.1")
    await catalog.apply_items([Change(kind="customer", id="c1", version=2, row=None)], "e.2")

    assert catalog.find_customer("C1") is None
    assert await catalog.search_customers("zqwxkj") == []
    path = catalog.path
    await catalog.close()  # what is in the log goes into the file
    kept = b"".join(one.read_bytes() for one in tmp_path.glob(f"{path.name}*"))
    assert b"zqwxkj" not in kept.lower()
    assert b"20100 Milano" in kept


def test_what_is_freed_is_overwritten_whatever_the_library_does_by_itself(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog-1.db", isolation_level=None)
    connection.execute("PRAGMA secure_delete = OFF")

    create_catalog(connection)

    assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
    connection.close()


async def test_a_customer_changed_on_the_disk_is_not_used(catalog: Catalog) -> None:
    await catalog.apply_items([customer()], "e.1")
    with sqlite3.connect(catalog.path) as connection:
        connection.execute("UPDATE customer SET row_json = replace(row_json, '01234567897', '98765432103')")
    connection.close()

    with pytest.raises(ItemChangedError):
        catalog.find_customer("C1")
    assert await catalog.search_customers("bianchi") == []
    assert catalog.changed == {"customer/c1"}


async def test_a_file_of_central_is_sealed_with_its_customers(catalog: Catalog) -> None:
    path = catalog.fresh_path()
    with sqlite3.connect(path) as connection:
        connection.executescript(schema.CATALOG_TABLES + schema.CATALOG_INDEXES)
        text = (
            '{"code":"C1","name":"Rossi","vat_number":"","fiscal_code":"","recipient_code":"","pec":"","country":"IT",'
        )
        text += '"language":"it","address":[],"stopped":false}'
        rows = [(f"c{number}", f"C{number}", f" c{number} rossi", text, 1, None) for number in range(1200)]
        connection.executemany(schema.INSERT_CUSTOMER, rows)
        connection.execute(schema.PUT_META, (schema.META_SCHEMA_VERSION, str(schema.CATALOG_VERSION)))
    connection.close()

    await catalog.adopt(path)

    assert len(await catalog.search_customers("rossi", 2000)) == 1200
