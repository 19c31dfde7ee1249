"""The record of changes is found by who, what, which record and days, a page after the other, along an index."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.identity.audit import Act, record
from central.identity.people import Role
from central.identity.queries import ActFilter, act_place, list_acts
from tests.central.office import actor_with
from tests.central.pages.test_plans import plans, whole_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.central.office import Office

FILTERS = {
    "ix_audit_who": ActFilter(who="Berta"),
    "ix_audit_action": ActFilter(action="search.two"),
    "ix_audit_subject": ActFilter(subject=("thing", "2")),
    "ix_audit_at": ActFilter(since=datetime(2027, 1, 2, tzinfo=UTC), before=datetime(2027, 1, 3, tzinfo=UTC)),
}


def write_down(conn: Connection) -> None:
    """Four acts that differ in everything, and twenty of one moment."""
    for day, who, action in ((1, "Anna", "one"), (2, "Berta", "two"), (3, "Anna", "three"), (4, "Carlo", "four")):
        record(conn, actor_with(Role.ADMIN, who), datetime(2027, 1, day, 12, tzinfo=UTC),
               Act(f"search.{action}", "thing", str(day), {}))  # fmt: skip
    for number in range(20):
        record(conn, actor_with(Role.ADMIN, "Dora"), datetime(2027, 2, 1, tzinfo=UTC),
               Act("search.many", "thing", f"many {number}", {}))  # fmt: skip


@pytest.mark.parametrize("index", FILTERS)
async def test_each_search_finds_what_it_names_alone_and_along_its_index(office: Office, index: str) -> None:
    await office.database.write(write_down)
    job = partial(list_acts, limit=10, wanted=FILTERS[index])

    found = await office.database.read(job)

    assert [act.action for act in found] == ["search.two"]
    plan = await plans(office, job)
    assert index in plan
    assert whole_table(plan, "audit") == []
    assert "TEMP B-TREE" not in plan


async def test_two_conditions_hold_together(office: Office) -> None:
    await office.database.write(write_down)

    wanted = ActFilter(who="Anna", since=datetime(2027, 1, 2, tzinfo=UTC))

    found = await office.database.read(partial(list_acts, limit=10, wanted=wanted))
    assert [act.action for act in found] == ["search.three"]


async def test_pages_of_one_moment_leave_nothing_out_and_repeat_nothing(office: Office) -> None:
    await office.database.write(write_down)
    seen: list[str] = []
    after = None
    for _ in range(3):
        rows = await office.database.read(partial(list_acts, limit=7, wanted=ActFilter(who="Dora"), after=after))
        seen += [row.subject for row in rows]
        after = act_place(rows[-1])

    assert len(seen) == 20
    assert set(seen) == {f"many {number}" for number in range(20)}
