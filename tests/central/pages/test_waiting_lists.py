"""What waits for a person is paged by key along an index, on both engines: no sort, and the last page is as quick."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, insert, text

from central.db.bulk import insert_rows
from central.identity import queries as people
from central.identity.people import Role
from central.identity.service import NewUser, add_user
from central.identity.tables import user_session
from central.tills import alarms, queries
from central.tills.tables import ledger_entry, ledger_fork, set_aside, till_alarm
from central.web.paging import decode_cursor, encode_cursor
from commerce.dates import utc_text
from commerce.errors import BadInputError
from tests.central.pages.test_plans import plans, whole_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row, Table

    from central.db.keyset import Place, Waiting
    from tests.central.head_office import HeadOffice, Visitor
    from tests.central.office import Office

MANY = 3_000  # of one till: enough for a planner to prefer a sort, where it can
T0 = datetime(2026, 11, 1, tzinfo=UTC)
LISTS: dict[str, tuple[Table, str, Waiting, Callable[[Connection, str, Place | None, int], list[Row[Any]]]]] = {
    "alarms": (till_alarm, "ix_till_alarm_state", alarms.ALARMS, alarms.list_alarms),
    "set aside": (set_aside, "ix_set_aside_state", queries.SET_ASIDE, queries.list_set_aside),
    "forks": (ledger_fork, "ix_ledger_fork_state", queries.FORKS, queries.list_forks),
}
SORTS = re.compile(r"USE TEMP B-TREE|\bSort\b")


def fill(conn: Connection, till: str) -> None:
    """Many alarms, entries set aside and forks in every state, many of them of the same moment."""
    for seq in range(1, MANY + 1):
        digest, at = seq.to_bytes(32, "big"), T0 + timedelta(seconds=seq // 7)
        place = {"till": till, "chain": "c" * 31 + "ab"[seq % 2], "seq": seq}
        conn.execute(
            insert(till_alarm),
            {**place, "hash": digest, "code": "pin_guessed", "subject": "op", "times": 3, "detail": "", "at": at,
             "state": "open" if seq % 5 == 0 else "seen"},
        )  # fmt: skip
        state = ("open", "projected", "dismissed")[seq % 3]
        conn.execute(insert(set_aside), {**place, "reason": "till.revoked", "created_at": at, "state": state})
        bytes_ = {"header": b"{}", "body": b"{}", "signature": b""}
        fork = {**place, "hash": digest, "kind": "k", "received_at": at, **bytes_}
        conn.execute(insert(ledger_fork), {**fork, "state": ("open", "accepted", "dismissed")[seq % 3]})
        entry = (till, place["chain"], seq, digest, None, "k", "", utc_text(at), b"{}", b"{}", b"", None)
        insert_rows(conn, ledger_entry, tuple(column.name for column in ledger_entry.columns), [entry])
    conn.execute(text("ANALYZE"))


@pytest.fixture
async def till(office: Office) -> str:
    """A till about which much waits."""
    known = await office.add_till()
    await office.database.write(partial(fill, till=known))
    return known


def carried(place: Place) -> Place:
    """A place as an address carries it there and back."""
    return tuple(decode_cursor(encode_cursor(*place), len(place)))


@pytest.mark.parametrize("name", LISTS)
async def test_every_page_goes_along_the_index_without_a_sort(office: Office, till: str, name: str) -> None:
    table, index, waiting, read = LISTS[name]
    rows = await office.database.read(lambda conn: read(conn, till, None, MANY))
    middle, last = (waiting.place(rows[number]) for number in (MANY // 2, MANY - 60))

    for after in (None, middle, last):
        plan = await plans(office, lambda conn, after=after: read(conn, till, after, 51))  # type: ignore[misc]
        assert index in plan
        assert SORTS.search(plan) is None, plan
        assert [line for one in (table, ledger_entry) for line in whole_table(plan, one.name)] == []


@pytest.mark.parametrize("name", LISTS)
async def test_pages_show_each_row_once_what_waits_first_and_then_newest_first(
    office: Office, till: str, name: str
) -> None:
    _, _, waiting, read = LISTS[name]
    found: list[Row[Any]] = []
    after: Place | None = None
    while page := await office.database.read(lambda conn, after=after: read(conn, till, after, 177)):  # type: ignore[misc]
        found += page
        after = carried(waiting.place(page[-1]))

    assert len({(row.chain, row.seq) for row in found}) == len(found) == MANY
    places = [(row.state != "open", *(getattr(row, key.name) for key in waiting.keys)) for row in found]
    assert all(one[0] < two[0] or (one[0] == two[0] and one[1:] > two[1:]) for one, two in pairwise(places))


MOMENT = "2026-11-01T00:00:00.000000Z"
NO_PLACES: list[Place] = [
    (), (9, MOMENT, "c", 1), ("0", MOMENT, "c", 1), (0, "no time", "c", 1), (0, 5, "c", 1), (0, MOMENT, "c", "1"),
    (0, MOMENT, "c"), (0, MOMENT[:19], "c", 1), (-1, MOMENT, "c", 1),
]  # fmt: skip


@pytest.mark.parametrize("place", NO_PLACES)
async def test_a_place_that_no_page_gave_is_refused(office: Office, place: Place) -> None:
    with pytest.raises(BadInputError, match=r"page\.cursor"):
        await office.database.read(lambda conn: queries.list_set_aside(conn, "t", place, 10))


async def sessions(office: Office, count: int) -> list[str]:
    """Sessions of twenty users, most of one, every third one ended, many used at the same moment."""
    users = [
        await add_user(office.database, NewUser(f"anna{number}", "tre gatti sul tetto", Role.ADMIN, "en", "Anna"), T0)
        for number in range(20)
    ]

    def job(conn: Connection) -> None:
        for number in range(count):
            user = users[3 if number % 4 else number % 20]
            seen = T0 + timedelta(seconds=number // 5)
            conn.execute(
                insert(user_session),
                {"id": f"{number:05d}", "token_hash": number.to_bytes(32, "big"), "user": user,
                 "created_at": seen, "seen_at": seen, "expires_at": T0 + timedelta(days=1), "address": "::1",
                 "agent": "", "ended_at": seen if number % 3 == 0 else None},
            )  # fmt: skip
        conn.execute(text("ANALYZE"))

    await office.database.write(job)
    return users


async def test_open_sessions_are_paged_along_an_index(office: Office) -> None:
    users = await sessions(office, MANY)
    found: list[people.OpenSession] = []
    after: Place | None = None

    def read(conn: Connection, after: Place | None, who: str | None) -> list[people.OpenSession]:
        return people.list_sessions(conn, T0, T0 - timedelta(hours=3), user=who, after=after, limit=51)

    for who in (None, users[3]):
        for place in (None, (utc_text(T0 + timedelta(seconds=300)), "x")):
            plan = await plans(office, lambda conn, who=who, place=place: read(conn, place, who))  # type: ignore[misc]
            assert "ix_user_session_open" in plan
            assert SORTS.search(plan) is None, plan
    while page := await office.database.read(lambda conn, after=after: read(conn, after, None)):  # type: ignore[misc]
        found += page
        after = carried(page[-1].place)

    assert [one.id for one in found] == [f"{number:05d}" for number in reversed(range(MANY)) if number % 3]
    mine = await office.database.read(lambda conn: read(conn, None, users[3]))
    assert {one.user for one in mine} == {users[3]}
    assert len(mine) == 51


async def test_the_tills_page_leads_from_page_to_page(site: HeadOffice, anna: Visitor) -> None:
    office = site.office
    till = await office.add_till()
    await office.database.write(partial(fill, till=till))

    first = await anna.get(f"/tills/{till}")
    for name, count in (("alarms", MANY), ("aside", MANY), ("forks", MANY)):
        assert count > 50
        older = re.findall(rf'href="(/tills/{till}\?{name}=[^"#]+)', first.text)
        second = await anna.get(older[0])
        assert second.status == 200
        assert second.text.count("<article") == first.text.count("<article") == 150
    assert (await anna.get(f"/tills/{till}?alarms=x")).status == 400


async def test_programs_read_alarms_page_by_page(site: HeadOffice, anna: Visitor) -> None:
    office = site.office
    till = await office.add_till()
    await office.database.write(partial(fill, till=till))
    seen: list[int] = []
    after = ""
    while True:
        async with anna.session.get(f"/api/v1/tills/{till}/alarms", params={"limit": 500, "after": after}) as answer:
            page = await answer.json()
        seen += [one["seq"] for one in page["alarms"]]
        after = page["next"]
        if after is None:
            break

    assert len(set(seen)) == len(seen) == MANY
