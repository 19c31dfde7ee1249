"""Jobs are taken, and their rows listed, along indexes on both engines, however many there were."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, insert, text

from central.identity.people import COMMAND_LINE, Actor, Role
from central.jobs import queue, results
from central.jobs.tables import job, job_row
from central.jobs.values import Asked, JobKind, Outcome, State
from tests.central.office import Clock, actor_with
from tests.central.pages.test_plans import plans, whole_table

if TYPE_CHECKING:
    from tests.central.office import Office

MANY = 3_000
KIND = JobKind(name="k", title="K")
SORTS = re.compile(r"USE TEMP B-TREE|\bSort\b")


def fill(connection: Connection) -> None:
    """Many jobs of three companies, most of them housekeeping or ended, and one with many rows."""
    known = queue.ask_for(connection, KIND, Asked(company="c1"))
    row = dict(connection.execute(job.select()).one()._mapping)
    for number in range(MANY):
        ended = {"state": State.DONE, "free_at": None, "ended_at": Clock()()} if number % 100 else {}
        named = {"id": f"j{number:06}", "key": f"k{number}", "company": f"c{number % 3}", "listed": number % 40 == 0,
                 "asked_by": f"u{number % 50}"}  # fmt: skip
        connection.execute(insert(job).values({**row, **named, **ended}))
        connection.execute(
            insert(job_row).values(job=known, number=number, outcome=("done", "refused")[number % 50 == 0],
                                   subject="x", code="", values={})
        )  # fmt: skip
    connection.execute(text("ANALYZE"))


@pytest.fixture
async def full(office: Office) -> Office:
    await office.database.write(fill)
    return office


@pytest.mark.parametrize("outcome", [None, Outcome.REFUSED])
async def test_a_page_of_rows_goes_along_the_index(full: Office, outcome: Outcome | None) -> None:
    plan = await plans(full, partial(results.list_rows, job_id="j000000", outcome=outcome, after=7, limit=101))

    assert ("ix_job_row_outcome" if outcome else "job_row") in plan
    assert (SORTS.search(plan), whole_table(plan, "job_row")) == (None, [])


@pytest.mark.parametrize(
    ("actor", "indexes"),
    [
        (COMMAND_LINE, ["ix_job_listed"]),
        (actor_with(Role.MANAGER, company="c1"), ["ix_job_asked_by", "ix_job_company_listed"]),
        (actor_with(Role.MANAGER, company="c1", shop="s1"), ["ix_job_asked_by"]),
    ],
    ids=["everywhere", "a company", "a shop"],
)
async def test_a_page_of_jobs_goes_along_an_index_for_each_way_to_see_them(
    full: Office, actor: Actor, indexes: list[str]
) -> None:
    plan = await plans(full, partial(results.list_jobs, actor=actor, before="j002900", limit=6))

    assert [name for name in indexes if name not in plan] == []
    assert (SORTS.search(plan), whole_table(plan, "job")) == (None, [])


async def test_what_is_free_is_found_by_when_it_became_free(full: Office) -> None:
    plan = await plans(full, lambda conn: conn.execute(queue.oldest_free(["k"], Clock()())).all())

    assert "ix_job_free_at" in plan
    assert (SORTS.search(plan), whole_table(plan, "job")) == (None, [])
