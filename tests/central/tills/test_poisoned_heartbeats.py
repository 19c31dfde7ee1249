"""A heartbeat is the word of a machine that may be broken or stolen: whatever it says, the others never notice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar, cast

import aiohttp
import pytest

from central.db.faults import DatabaseAwayError
from central.tills.fleet import Fleet
from central.tills.watching import till_state
from tests.central.head_office import Visitor, open_head_office
from tests.central.poison import all_poisoned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from central.db.engine import Database
    from tests.central.office import Office
    from tests.fakes.till import FakeTill

T = TypeVar("T")
GOOD = {
    "wire": 1, "type": "heartbeat", "unsent": 3, "oldest_unsent_at": "2026-11-23T11:00:00.000000Z",
    "version": "0.1.0", "clock_offset_ms": -40, "chain": "0" * 32, "seq": 7,
    "devices": [{"name": "Stampante", "kind": "receipt_printer", "availability": "gone", "reason": "link.closed",
                 "doubtful": 0}],
}  # fmt: skip


async def hear(office: Office, till: FakeTill, message: object) -> None:
    office.tills.fleet.heard(await office.known(till), json.dumps(message))


async def test_no_heartbeat_keeps_another_tills_from_being_written(office: Office) -> None:
    broken, honest = await office.new_till("T1"), await office.new_till("T2")
    for count, (name, message) in enumerate(all_poisoned(GOOD)):
        await hear(office, broken, message)
        await hear(office, honest, {**GOOD, "unsent": count})

        await office.tills.fleet.flush()

        first, second = await office.tills.list_fleet()
        assert second.unsent == count, name
        assert till_state(first, office.clock()).state == "connected", name
        assert all(device["name"] is not None for device in first.devices or []), name


async def test_what_a_till_says_within_bounds_is_kept_to_the_bounds(office: Office) -> None:
    till = await office.new_till()

    await hear(office, till, {**GOOD, "unsent": 2**53 - 1, "seq": 2**53 - 1, "clock_offset_ms": -(10**13)})
    await office.tills.fleet.flush()

    (row,) = await office.tills.list_fleet()
    assert (row.unsent, row.seq, row.clock_offset_ms) == (2**53 - 1, 2**53 - 1, -(10**13))
    assert row.devices == GOOD["devices"]


async def test_the_tills_page_shows_whatever_was_kept(office: Office, tmp_path: Path) -> None:
    site, runner = await open_head_office(office, tmp_path)
    till = await office.new_till()
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        for name, message in all_poisoned(GOOD):
            office.clock.advance(seconds=1)
            await hear(office, till, message)
            await office.tills.fleet.flush()
            if (await office.tills.list_fleet())[0].heartbeat_at != office.clock():
                continue  # not kept, so nothing new is shown
            for path in ("/tills", f"/tills/{till.till}", "/api/v1/tills"):
                assert (await anna.get(path)).status == 200, (name, path)
    await runner.cleanup()


class Away:
    """A database that does not answer at first."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = True

    async def write(self, job: Callable[[Connection], T]) -> T:
        if self.away:
            raise DatabaseAwayError
        return await self.database.write(job)


async def test_a_heartbeat_that_the_database_did_not_take_is_kept_for_the_next_time(office: Office) -> None:
    first, second = await office.new_till("T1"), await office.new_till("T2")
    database, fleet = Away(office.database), Fleet(office.database, office.clock)
    fleet.database = cast("Database", database)
    for till, unsent in ((first, 1), (second, 2)):
        fleet.heard(await office.known(till), json.dumps({**GOOD, "unsent": unsent}))

    with pytest.raises(DatabaseAwayError):
        await fleet.flush()
    fleet.heard(await office.known(second), json.dumps({**GOOD, "unsent": 3}))
    database.away = False
    await fleet.flush()

    assert [row.unsent for row in await office.tills.list_fleet()] == [1, 3]
