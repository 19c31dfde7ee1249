"""Whatever the network does to pushes, central ends with exactly the tills' entries."""

import asyncio
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.db.engine import Database, open_database
from central.db.migrate import migrate
from central.sales.tables import sale
from central.tills.tables import ledger_entry, ledger_fork, set_aside
from commerce.wire import GapAnswer, PushRequest
from tests.central.office import Office, open_office
from tests.fakes.till import FakeTill

TILLS = 3
SALES = 12


async def deliver(office: Office, till: FakeTill, dice: random.Random) -> None:
    """Push as a till does, through a network that doubles, delays, reorders and cuts."""
    held = 1
    late: list[PushRequest] = []
    while held <= len(till.entries):
        first = dice.choice((held, held, max(1, held - 3), min(held + 2, len(till.entries))))
        request = till.push(first, min(first + dice.randrange(5), len(till.entries)))
        copies = [request] * dice.choice((1, 1, 2)) + ([late.pop()] if late and dice.random() < 0.5 else [])
        if dice.random() < 0.3:
            late.append(request)
        answers = await asyncio.gather(*(office.push(till, copy) for copy in copies))
        for answer in answers:
            held = answer.expected if isinstance(answer, GapAnswer) else max(held, answer.head.seq + 1)


async def check(database: Database, folder: Path, seed: int) -> None:
    office = await open_office(database, folder)
    tills = [await office.new_till(f"T{number}") for number in range(TILLS)]
    for till in tills:
        for _ in range(SALES):
            till.sell()
    dice = random.Random(seed)

    projecting = asyncio.gather(*(office.projector.catch_up() for _ in range(3)))
    await asyncio.gather(*(deliver(office, till, random.Random(dice.random())) for till in tills))
    await projecting
    await office.projector.catch_up()

    stored = [(row.till, row.seq, row.hash) for row in await office.rows(ledger_entry)]
    assert stored == sorted((till.till, entry.seq, entry.hash) for till in tills for entry in till.entries)
    assert await office.rows(ledger_fork) == []
    assert await office.rows(set_aside) == []
    assert len(await office.rows(sale)) == TILLS * SALES


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_doubled_reordered_and_cut_pushes_end_with_exactly_the_tills_entries_on_sqlite(seed: int) -> None:
    async def run(folder: Path) -> None:
        database = open_database(f"sqlite:///{folder / 'central.db'}")
        await migrate(database)
        await check(database, folder, seed)
        await database.close()

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@pytest.mark.parametrize("seed", range(3))
async def test_doubled_reordered_and_cut_pushes_end_with_exactly_the_tills_entries(
    central_database: Database, tmp_path: Path, seed: int
) -> None:
    await check(central_database, tmp_path, seed)
