"""A till that goes on from an older copy signs with a key of its own history: a person can count what it sold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.sales.tables import sale
from central.tills.proof import find_evidence
from central.tills.review import Decision, EntryKey
from central.tills.tables import ledger_fork, set_aside, till_chain
from commerce.canonical import canonical_bytes
from commerce.errors import RuleError
from commerce.ledger import Entry, Kind, Signer
from tests.central.tills.test_review import MANAGER

if TYPE_CHECKING:
    from tests.central.office import Office
    from tests.fakes.till import FakeTill

OWN_KEY = "ledger.fork_key"


def rotate(till: FakeTill) -> Signer:
    """Change a till's key; what it writes from now on is signed with the new one."""
    new = Signer(Ed25519PrivateKey.generate())
    till.write(Kind.KEY_ROTATED, {"public_key": new.public_key.hex(), "key_id": new.key_id})
    till.signer = new
    return new


def decision(office: Office) -> Decision:
    return Decision(MANAGER, office.clock(), "the copy of Monday")


async def forks(office: Office) -> list[tuple[int, str | None]]:
    return [(row.seq, row.problem) for row in await office.rows(ledger_fork)]


async def aside(office: Office) -> dict[int, str]:
    return {row.seq: row.reason for row in await office.rows(set_aside)}


async def accept_all(office: Office, till: FakeTill) -> None:
    for row in await office.rows(ledger_fork):
        await office.tills.accept_fork(EntryKey(till.till, till.chain, row.seq, row.hash), decision(office))
    for row in await office.rows(set_aside):
        await office.tills.retry(EntryKey(till.till, till.chain, row.seq), decision(office))


async def copied_till(office: Office) -> tuple[FakeTill, FakeTill]:
    """A till with a sale, and a copy of it."""
    till = await office.new_till()
    till.sell()
    return till, till.restored_at(2)


async def test_sales_of_a_copy_that_changed_its_key_can_be_counted(office: Office) -> None:
    till, copy = await copied_till(office)
    for _ in range(4):
        till.sell()
    await office.accept(till)
    rotate(copy)
    for _ in range(4):
        copy.sell()

    await office.accept(copy)
    await office.projector.catch_up()

    assert await forks(office) == [(3, None), (4, OWN_KEY), (5, OWN_KEY), (6, OWN_KEY)]
    assert await aside(office) == {7: OWN_KEY}
    assert len(await office.rows(sale)) == 5  # nothing of it counted by itself
    await accept_all(office, till)
    assert len(await office.rows(sale)) == 9


async def test_sales_of_a_copy_from_before_a_change_of_key_can_be_counted(office: Office) -> None:
    till, copy = await copied_till(office)
    rotate(till)
    for _ in range(4):
        till.sell()
    await office.accept(till)
    for _ in range(3):
        copy.sell()

    for seq in range(3, 6):  # one after the other, as a till sends what it sells
        await office.accept(copy, copy.push(seq, seq))

    assert await forks(office) == [(3, None), (4, OWN_KEY), (5, OWN_KEY)]
    await office.projector.catch_up()
    await accept_all(office, till)
    assert len(await office.rows(sale)) == 1 + 4 + 3


async def test_what_goes_on_after_the_chains_end_under_a_copys_key_waits_for_a_person(office: Office) -> None:
    till, copy = await copied_till(office)
    till.sell()
    await office.accept(till)
    rotate(copy)
    for _ in range(3):
        copy.sell()

    await office.accept(copy, copy.push(1, 4))
    await office.accept(copy, copy.push(5, 6))
    await office.projector.catch_up()

    assert await aside(office) == {4: OWN_KEY, 5: OWN_KEY, 6: OWN_KEY}
    assert len(await office.rows(sale)) == 2
    (chain,) = await office.rows(till_chain)
    assert chain.public_key == till.signer.public_key  # the chain's key is not changed by what stands beside it
    await accept_all(office, till)
    assert len(await office.rows(sale)) == 5


async def refused(office: Office, till: FakeTill) -> None:
    """Nothing of what stands beside the chain, but what its own key has signed, can be counted."""
    for row in await office.rows(ledger_fork):
        if row.problem is None:
            continue
        with pytest.raises(RuleError, match=r"set_aside\.still"):
            await office.tills.accept_fork(EntryKey(till.till, till.chain, row.seq, row.hash), decision(office))


async def test_a_key_that_nobody_trusted_has_signed_for_signs_nothing(office: Office) -> None:
    till, copy = await copied_till(office)
    for _ in range(3):
        till.sell()
    await office.accept(till)
    copy.signer = Signer(Ed25519PrivateKey.generate())  # a thief's, who has the files and not the key
    rotate(copy)
    copy.sell()
    copy.sell()

    await office.accept(copy)

    assert await forks(office) == [(3, "ledger.signature"), (4, "ledger.signature"), (5, "ledger.signature")]
    await refused(office, till)


async def test_a_change_of_key_whose_body_was_exchanged_changes_nothing(office: Office) -> None:
    till, copy = await copied_till(office)
    for _ in range(3):
        till.sell()
    await office.accept(till)
    rotate(copy)
    thief = Signer(Ed25519PrivateKey.generate())
    theirs = canonical_bytes({"public_key": thief.public_key.hex(), "key_id": thief.key_id})
    changed = dataclasses.replace(copy.entries[2], body=theirs)
    copy.entries[2], copy.signer = changed, thief
    copy.sell()

    await office.accept(copy)

    assert await forks(office) == [(3, "ledger.body_changed"), (4, "ledger.signature")]
    await refused(office, till)


async def test_the_chains_old_key_signs_nothing_that_follows_its_change(office: Office) -> None:
    till, _ = await copied_till(office)
    old = till.signer
    rotate(till)
    till.sell()
    copy = till.restored_at(4)
    till.sell()
    await office.accept(till)
    copy.signer = old
    copy.sell()

    await office.accept(copy)

    assert await forks(office) == [(5, "ledger.signature")]
    await refused(office, till)


async def test_a_history_that_is_not_held_proves_nothing(office: Office) -> None:
    till, copy = await copied_till(office)
    rotate(till)
    for _ in range(4):
        till.sell()
    await office.accept(till)
    for _ in range(3):
        copy.sell()

    await office.accept(copy, copy.push(5, 5))

    assert await forks(office) == [(5, "ledger.signature")]
    await office.accept(copy, copy.push(3, 4))  # what it follows came: now it is proven
    (*_, late) = await office.rows(ledger_fork)
    found = await office.database.read(lambda c: find_evidence(c, late.till, late.chain, late.seq, late.hash))
    assert found is not None
    assert (found.problem, found.is_genuine) == (OWN_KEY, True)


async def test_a_long_history_beside_the_chain_is_followed(office: Office) -> None:
    till, copy = await copied_till(office)
    for _ in range(40):
        till.sell()
    await office.accept(till)
    keys = [rotate(copy) for _ in range(20)]
    last: Entry = copy.sell()

    await office.accept(copy)

    assert keys
    key = EntryKey(till.till, till.chain, last.seq, last.hash)
    await office.projector.catch_up()
    await office.tills.accept_fork(key, decision(office))
    assert len(await office.rows(sale)) == 42


async def test_a_copys_history_may_be_long(office: Office) -> None:
    """A copy may sell for days before central is reached: what it sends last counts like what it sent first."""
    till, copy = await copied_till(office)
    till.sell()
    await office.accept(till)
    rotate(copy)
    for _ in range(1_400):
        copy.sell()
    await office.accept(copy, copy.push(1, 4))

    for first in range(5, copy.head.seq + 1, 300):
        await office.accept(copy, copy.push(first, min(first + 299, copy.head.seq)))

    await office.projector.catch_up()
    assert set((await aside(office)).values()) == {OWN_KEY}
    last = EntryKey(till.till, till.chain, copy.head.seq)
    await office.tills.retry(last, decision(office))
    assert last.seq in [row.seq for row in await office.rows(sale)]
