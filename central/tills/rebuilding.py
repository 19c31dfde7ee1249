"""Drops every projection and makes it again from the raw entries, with the same result."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, select, update

from central.identity import audit
from central.identity.people import COMMAND_LINE, Actor
from central.organisation.service import get_till
from central.tills import chains
from central.tills.projector import Projector, count_waiting, project_one
from central.tills.tables import ledger_fork, projection_cursor, till_chain
from central.tills.values import RawEntry

_NOTHING_IS_NEWS = 2**62


async def rebuild(
    projector: Projector, progress: Callable[[int, int], None] = lambda done, of: None, actor: Actor = COMMAND_LINE
) -> int:
    """Rebuild; ``progress`` is told how many entries of how many. A running server may go on meanwhile.

    A crash in the middle loses nothing: whoever projects next goes on from there.
    """
    await projector.database.write(partial(_start_again, projector=projector, actor=actor))
    total = await projector.database.read(partial(count_waiting, modes=projector.modes))
    return await projector.catch_up(lambda done: progress(done, total))


def _start_again(connection: Connection, projector: Projector, actor: Actor) -> None:
    audit.record(connection, actor, projector.now(), audit.Act("sales.rebuilt", "sales", "all", {}))
    chains.hold_all_projections(connection)
    again = {"projected_seq": 0, "revision": projection_cursor.c.revision + 1}
    connection.execute(update(projection_cursor).values(again))
    projector.projection.clear(connection)
    fork = ledger_fork.c
    query = select(fork.till, fork.chain, fork.seq, fork.hash, fork.kind, fork.header, fork.body)
    counting = (till_chain.c.till == fork.till) & (till_chain.c.chain == fork.chain)
    query = query.join(till_chain, counting & till_chain.c.mode.in_(projector.modes)).where(fork.state == "accepted")
    for row in connection.execute(query.order_by(*query.selected_columns[:4])).all():
        entry = RawEntry(*row)
        if project_one(connection, projector.projection, entry, projector.now(), _NOTHING_IS_NEWS):
            _reopen(connection, entry, projector, actor)


def _reopen(connection: Connection, entry: RawEntry, projector: Projector, actor: Actor) -> None:
    """A fork that counts no more, because something else stands in its place, waits for a person again."""
    fork, key = ledger_fork.c, f"{entry.till}/{entry.chain}/{entry.seq}"
    same = (fork.till == entry.till) & (fork.chain == entry.chain) & (fork.hash == entry.hash)
    connection.execute(update(ledger_fork).where(same, fork.seq == entry.seq).values(state="open"))
    company = str(get_till(connection, entry.till).company)
    act = audit.Act("ledger_fork.reopened", "ledger_fork", key, {"state": ("accepted", "open")}, company)
    audit.record(connection, actor, projector.now(), act)
