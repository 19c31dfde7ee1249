"""A poll's cursor goes past rows that do not concern it, and never past one that is still to come."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from central.db.engine import Database, open_database
from central.db.feed import publish_many
from central.db.migrate import migrate
from central.tills.values import KnownTill
from tests.central.office import Office, open_office
from tests.central.tills.test_restore import pull


async def put(database: Database, till: KnownTill, kind: str, ids: Sequence[str], shop: str | None = None) -> None:
    rows = [(row_id, {"name": row_id}) for row_id in ids]
    await database.write(partial(publish_many, company=till.company, shop=shop, kind=kind, rows=rows))


async def test_the_operating_feed_goes_past_items_and_other_shops(office: Office) -> None:
    till = await office.known(await office.new_till())
    await put(office.database, till, "vat_code", ["22"])
    _, first = await pull(office.database, till, "operating", "")
    await put(office.database, till, "item", ["a", "b", "c"])
    await put(office.database, till, "vat_code", ["10"], await office.add_shop())

    nothing, second = await pull(office.database, till, "operating", first)
    _, all_of_it = await pull(office.database, till, "", "")

    assert nothing == []
    assert second == all_of_it  # what is behind it is not looked through again
    await put(office.database, till, "item", ["d"])
    await put(office.database, till, "vat_code", ["4"])
    assert (await pull(office.database, till, "operating", second))[0] == ["4"]


async def test_a_poll_after_the_last_row_keeps_its_cursor(office: Office) -> None:
    till = await office.known(await office.new_till())
    await put(office.database, till, "item", ["a"])
    _, cursor = await pull(office.database, till, "operating", "")

    assert await pull(office.database, till, "operating", cursor) == ([], cursor)


@pytest.mark.postgres
async def test_the_cursor_waits_for_a_slower_transaction_of_another_kind(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)
    await migrate(database)
    office = await open_office(database, tmp_path)
    till = await office.known(await office.new_till())
    slow = await asyncpg.connect(postgres_url)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute(
        "INSERT INTO feed (company, shop, kind, id, version, row, xid, position)"
        " VALUES ($1, '', 'vat_code', 'slow', 1, '{}', pg_current_xact_id(), nextval('feed_position'))",
        till.company,
    )
    await put(database, till, "item", ["fast"])

    early, cursor = await pull(database, till, "operating", "")
    await transaction.commit()

    assert early == []
    assert (await pull(database, till, "operating", cursor))[0] == ["slow"]
    await slow.close()
    await database.close()
