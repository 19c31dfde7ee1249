from functools import partial

import pytest

from central.identity.people import Actor, Role
from central.identity.tables import audit
from central.sales.tables import sale
from central.tills.queries import list_set_aside
from central.tills.review import Decision, EntryKey
from central.tills.tables import ledger_fork, set_aside
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, RuleError
from commerce.ledger import Kind
from tests.central.office import Office, actor_with
from tests.fakes.till import FakeTill

MANAGER = actor_with(Role.MANAGER, "Paola")


def decision(office: Office, note: str = "", actor: Actor = MANAGER) -> Decision:
    return Decision(actor, office.clock(), note)


async def a_revoked_sale(office: Office) -> tuple[FakeTill, EntryKey]:
    till = await office.new_till()
    await office.accept(till)
    await office.tills.revoke(till.till, "lost")
    till.sell()
    await office.accept(till)
    await office.projector.catch_up()
    return till, EntryKey(till.till, till.chain, 2)


async def test_an_entry_set_aside_is_listed_with_its_reason_for_its_till(office: Office) -> None:
    till, _ = await a_revoked_sale(office)

    (row,) = await office.database.read(partial(list_set_aside, till=till.till))

    assert (row.till, row.seq, row.reason, row.state, row.kind) == (
        till.till, 2, "till.revoked", "open", "sale_completed"
    )  # fmt: skip
    assert await office.database.read(partial(list_set_aside, till="another")) == []


async def test_a_retry_makes_it_a_sale_and_says_who_decided(office: Office) -> None:
    _, key = await a_revoked_sale(office)

    await office.tills.retry(key, decision(office, "found again"))

    assert [row.seq for row in await office.rows(sale)] == [2]
    assert await office.rows(set_aside, state="open") == []
    (done,) = await office.rows(set_aside, state="projected")
    assert (done.resolved_by, done.note) == ("Paola", "found again")
    assert "set_aside.projected" in [row.action for row in await office.rows(audit)]


async def test_a_retry_that_fails_again_changes_nothing(office: Office) -> None:
    till = await office.new_till()
    till.write(Kind.SALE_COMPLETED, {"sale": "x"})
    await office.accept(till)
    await office.projector.catch_up()

    with pytest.raises(RuleError, match=r"set_aside\.still"):
        await office.tills.retry(EntryKey(till.till, till.chain, 2), decision(office))
    assert len(await office.rows(set_aside, state="open")) == 1


async def test_dismissing_needs_a_reason_and_is_done_once(office: Office) -> None:
    _, key = await a_revoked_sale(office)

    with pytest.raises(BadInputError, match=r"resolve\.note"):
        await office.tills.dismiss(key, decision(office))
    await office.tills.dismiss(key, decision(office, "stolen till"))
    with pytest.raises(ConflictError, match=r"resolve\.done"):
        await office.tills.retry(key, decision(office))
    assert await office.rows(sale) == []


async def test_only_who_may_resolve_resolves(office: Office) -> None:
    _, key = await a_revoked_sale(office)

    with pytest.raises(ForbiddenError):
        await office.tills.retry(key, decision(office, actor=actor_with(Role.VIEWER, "Vito")))
    with pytest.raises(NotFoundError):
        await office.tills.retry(key, decision(office, actor=actor_with(Role.ADMIN, "Altro", "other")))


async def test_an_accepted_fork_counts_beside_the_chains_own_sale(office: Office) -> None:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    image.sell()
    await office.accept(till)
    await office.accept(image)
    await office.projector.catch_up()
    (fork,) = await office.rows(ledger_fork, state="open")
    key = EntryKey(fork.till, fork.chain, fork.seq, fork.hash)

    await office.tills.accept_fork(key, decision(office, "both were sold"))

    assert len(await office.rows(sale)) == 2
    assert await office.rows(ledger_fork, state="open") == []
    assert (await office.tills.get_entry(key)).body == image.entries[1].body


async def test_a_dismissed_fork_has_no_effect(office: Office) -> None:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    image.sell()
    await office.accept(till)
    await office.accept(image)
    await office.projector.catch_up()
    (fork,) = await office.rows(ledger_fork, state="open")

    await office.tills.dismiss_fork(EntryKey(fork.till, fork.chain, fork.seq, fork.hash), decision(office, "test"))

    assert len(await office.rows(sale)) == 1
