"""PostgreSQL restored from a dump into another cluster, whose transactions count from somewhere else."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from central.db.engine import Database, open_database
from central.db.feed import current_epoch, publish_many
from central.db.marker import EpochMarker
from central.db.migrate import migrate
from central.tills.pulling import change_lines, start_pull
from central.tills.snapshots import Snapshots
from central.tills.values import KnownTill
from commerce.errors import ConflictError, StorageError
from tests.central.office import open_office
from tests.postgres import PostgresServer, find_binaries
from tests.prerequisites import missing

pytestmark = pytest.mark.postgres
TRANSACTIONS = "DO $$ BEGIN FOR i IN 1..%d LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$;"
ITEM = {"sku": "A", "names": {"it": "A"}, "unit": "pc", "vat_code": "22", "price": "1.00000000", "rank": 0, "codes": []}


@pytest.fixture(scope="module")
def new_cluster() -> Iterator[PostgresServer]:
    """Another PostgreSQL, made for the restore."""
    binaries = find_binaries()
    if binaries is None:
        missing("PostgreSQL", "install the package postgresql")
    server = PostgresServer(binaries)
    yield server
    server.stop()


@pytest.fixture(params=["earlier", "later"])
async def restored(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, new_cluster: PostgresServer, postgres_url: str,
    tmp_path: Path,
) -> AsyncIterator[tuple[Database, KnownTill, dict[str, str]]]:  # fmt: skip
    """A dump restored into a cluster that counts behind the old one, or ahead; a till, and its cursors of before."""
    name = postgres_url.rpartition("/")[2]
    old = open_database(postgres_url)
    await migrate(old)
    postgres_server.run(name, TRANSACTIONS % 20_000)
    office = await open_office(old, tmp_path)
    till = await office.known(await office.new_till())
    await publish(old, till, "item", 5)
    await publish(old, till, "vat_code", 3)
    cursors = {feed: (await pull(old, till, feed, ""))[1] for feed in ("operating", "catalog")}
    await old.close()
    target = new_cluster.create_database()
    new_cluster.run(target, postgres_server.dump(name))
    if request.param == "later":
        new_cluster.run(target, TRANSACTIONS % 60_000)
    database = open_database(new_cluster.url(target))
    yield database, till, cursors
    await database.close()
    new_cluster.drop_database(target)


async def publish(database: Database, till: KnownTill, kind: str, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        rows = [(f"{kind}-{number}", {**ITEM, "sku": f"A{number}"})]
        job = partial(publish_many, company=till.company, shop=None, kind=kind, rows=rows)
        await database.write(job)


async def pull(database: Database, till: KnownTill, feed: str, cursor: str) -> tuple[list[str], str]:
    """Return the ids that one poll brings, and the cursor to go on from."""
    lines = [
        orjson.loads(line) async for line in change_lines(database, await start_pull(database, till, feed, cursor))
    ]
    changes: list[dict[str, Any]] = [change for group in lines[:-1] for change in group]
    return [change["id"] for change in changes if change["kind"] in ("item", "vat_code")], lines[-1]["cursor"]


Restored = tuple[Database, KnownTill, dict[str, str]]


async def test_a_restored_dump_is_not_served_before_somebody_says_so(restored: Restored, tmp_path: Path) -> None:
    database, _, _ = restored
    epoch = await database.read(current_epoch)

    with pytest.raises(StorageError, match=r"storage\.restored"):
        await EpochMarker(database, tmp_path / "marker.json").check()
    assert await database.read(current_epoch) == epoch


async def test_after_a_new_epoch_tills_get_everything_once(restored: Restored, tmp_path: Path) -> None:
    database, till, cursors = restored
    marker = EpochMarker(database, tmp_path / "marker.json")

    await marker.renew()

    assert not await marker.check()
    for feed, cursor in cursors.items():
        with pytest.raises(ConflictError, match=r"feed\.epoch"):
            await start_pull(database, till, feed, cursor)
    items, after = await pull(database, till, "catalog", "")
    assert sorted(items) == [f"item-{number}" for number in range(5)]
    codes, _ = await pull(database, till, "operating", "")
    assert sorted(codes) == [f"vat_code-{number}" for number in range(3)]
    await publish(database, till, "item", 3, first=4)
    assert (await pull(database, till, "catalog", after))[0] == ["item-4", "item-5", "item-6"]


async def test_a_snapshot_after_it_holds_every_item_and_goes_on(restored: Restored, tmp_path: Path) -> None:
    database, till, _ = restored
    await EpochMarker(database, tmp_path / "marker.json").renew()

    snapshot = await Snapshots(database, tmp_path / "snapshots").get(till)
    await publish(database, till, "item", 1, first=9)

    assert await pull(database, till, "catalog", snapshot.cursor) == (
        ["item-9"], (await pull(database, till, "catalog", ""))[1]
    )  # fmt: skip


async def test_who_never_moved_starts_as_ever(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)
    await migrate(database)

    assert not await EpochMarker(database, tmp_path / "marker.json").check()
    await database.close()
