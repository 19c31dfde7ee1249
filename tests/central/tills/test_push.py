import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from central.sales.tables import effect_outcome, sale, sale_line, sale_tax, sale_tender, till_session
from central.tills.proof import find_evidence
from central.tills.review import Decision, EntryKey
from central.tills.tables import ledger_entry, ledger_fork, set_aside
from commerce.canonical import canonical_bytes, parse_canonical
from commerce.errors import ForbiddenError, RuleError
from commerce.ledger import Entry, Head, Kind, entry_hash, read_signed_head
from commerce.wire import GapAnswer, PushAnswer
from tests.central.office import Office
from tests.central.tills.test_review import MANAGER
from tests.fakes.till import FakeTill, tampered


async def reasons(office: Office) -> dict[int, str]:
    return {row.seq: row.reason for row in await office.rows(set_aside)}


def with_header(entry: Entry, **changes: object) -> Entry:
    header = canonical_bytes({**parse_canonical(entry.header), **changes})
    return dataclasses.replace(entry, header=header)


async def test_a_push_is_stored_as_the_very_bytes_and_answered_with_a_signed_head(office: Office) -> None:
    till = await office.new_till()
    till.sell(lines=3)

    answer = await office.accept(till)

    stored = await office.rows(ledger_entry)
    assert [(r.seq, r.hash, r.header, r.body, r.signature) for r in stored] == [
        (e.seq, e.hash, e.header, e.body, e.signature) for e in till.entries
    ]
    assert read_signed_head(answer.head.model_dump()).head == till.head
    assert answer.head.public_key == office.tills.signer.public_key.hex()
    assert (answer.forked, answer.set_aside) == (0, 0)


async def test_the_same_push_again_changes_nothing(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    first = await office.accept(till)

    again = await office.accept(till)

    assert again.head.hash == first.head.hash
    assert again.forked == 0
    assert len(await office.rows(ledger_entry)) == 2


async def test_a_gap_is_refused_with_the_sequence_that_is_expected(office: Office) -> None:
    till = await office.new_till()
    for _ in range(4):
        till.sell()
    await office.accept(till, till.push(1, 2))

    assert await office.push(till, till.push(4)) == GapAnswer(expected=3)
    assert len(await office.rows(ledger_entry)) == 2


async def test_an_unknown_chain_is_asked_for_from_its_genesis(office: Office) -> None:
    till = await office.new_till()
    till.sell()

    assert await office.push(till, till.push(2)) == GapAnswer(expected=1)


async def test_a_hole_inside_a_push_keeps_what_comes_before_it(office: Office) -> None:
    till = await office.new_till()
    for _ in range(4):
        till.sell()

    answer = await office.push(till, till.push_of([till.entries[0], till.entries[1], till.entries[4]]))

    assert answer == GapAnswer(expected=3)
    assert len(await office.rows(ledger_entry)) == 2


async def test_entries_of_one_push_may_come_in_any_order(office: Office) -> None:
    till = await office.new_till()
    till.sell()

    answer = await office.accept(till, till.push_of(till.entries[::-1]))

    assert (answer.head.seq, answer.set_aside) == (2, 0)


async def test_other_bytes_under_a_taken_identity_are_kept_as_a_fork(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    await office.accept(till)
    image = till.restored_at(1)
    image.sell()

    answer = await office.accept(image)

    assert answer.forked == 1
    assert answer.head.hash == till.head.hash.hex()
    (fork,) = await office.rows(ledger_fork)
    assert (fork.seq, fork.hash, fork.body) == (2, image.entries[1].hash, image.entries[1].body)
    assert (await office.accept(image)).forked == 1
    assert len(await office.rows(ledger_fork)) == 1


async def test_two_bytes_for_one_identity_in_one_push_are_an_entry_and_a_fork(office: Office) -> None:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    image.sell()

    answer = await office.accept(till, till.push_of([till.entries[0], till.entries[1], image.entries[1]]))

    assert (answer.head.seq, answer.forked) == (2, 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: tampered(e, body=e.body.replace(b"349", b"111")), "ledger.body_changed"),
        (lambda e: with_header(e, prev="00" * 32), "ledger.header_changed"),
        (lambda e: tampered(e, signature=b"\x00" * 64), "ledger.signature"),
        (lambda e: tampered(e, header=b"\x00 not json"), "ledger.unreadable"),
        (lambda e: tampered(e, header=b"{}"), "ledger.unreadable"),
        (lambda e: with_header(e, kind=["x"]), "ledger.unreadable"),
    ],
)
async def test_an_entry_that_fails_verification_is_kept_and_set_aside(
    office: Office, change: Callable[[Entry], Entry], reason: str
) -> None:
    till = await office.new_till()
    entry = till.sell()

    answer = await office.accept(till, till.push_of([till.entries[0], change(entry)]))
    await office.projector.catch_up()

    assert answer.set_aside == 1
    assert (await reasons(office))[2] in (reason, "ledger.header_changed")
    assert (await reasons(office))[2] == reason or reason == "ledger.unreadable"
    assert answer.head.seq == 2
    assert await office.rows(sale) == []


async def test_nothing_in_the_place_of_an_entry_that_a_till_lost_is_set_aside_and_what_follows_counts(
    office: Office,
) -> None:
    till = await office.new_till()
    till.sell()
    till.sell()
    lost = Entry(2, b"", b"", entry_hash(b""), bytes(64))

    answer = await office.accept(till, till.push_of([till.entries[0], lost, till.entries[2]]))
    await office.projector.catch_up()

    assert (answer.head.seq, answer.set_aside) == (3, 1)
    assert await reasons(office) == {2: "ledger.unreadable"}
    assert [row.seq for row in await office.rows(sale)] == [3]


async def test_the_sequence_advances_past_an_entry_set_aside(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    bad = tampered(till.entries[1], header=b"garbage")
    await office.accept(till, till.push_of([till.entries[0], bad]))
    till.sell()
    till.sell()

    answer = await office.accept(till, till.push(3))
    await office.projector.catch_up()

    assert answer.head.seq == 4
    assert await reasons(office) == {2: "ledger.unreadable"}
    assert [row.seq for row in await office.rows(sale)] == [3, 4]


async def test_a_kind_that_central_does_not_know_is_set_aside(office: Office) -> None:
    till = await office.new_till()
    till.write(Kind.SALE_COMPLETED, till.sale(), kind_version=9)

    answer = await office.accept(till)

    assert answer.set_aside == 1
    assert await reasons(office) == {2: "ledger.unknown_kind"}


async def test_what_a_revoked_till_sends_is_kept_and_set_aside(office: Office) -> None:
    till = await office.new_till()
    await office.accept(till)
    await office.tills.revoke(till.till, "stolen")
    till.sell()

    answer = await office.accept(till)
    await office.projector.catch_up()

    assert answer.set_aside == 1
    assert await reasons(office) == {2: "till.revoked"}
    assert await office.rows(sale) == []
    with pytest.raises(ForbiddenError, match=r"till\.revoked"):
        await office.tills.admit(till.token)


async def test_a_push_in_another_tills_name_is_refused(office: Office) -> None:
    one, two = await office.new_till("T1"), await office.new_till("T2")

    with pytest.raises(ForbiddenError, match=r"sync\.foreign_till"):
        await office.tills.receive(await office.known(one), two.push())
    assert await office.rows(ledger_entry) == []


async def test_an_entry_that_names_another_till_is_set_aside_alone(office: Office) -> None:
    one, two = await office.new_till("T1"), await office.new_till("T2")
    one.sell()
    named = dataclasses.replace(one, till=two.till, entries=one.entries).sell()
    one.sell()
    await office.accept(one)

    await office.projector.catch_up()

    assert await reasons(office) == {3: "ledger.other_till"}
    assert [row.seq for row in await office.rows(sale)] == [2, 4]
    found = await office.database.read(lambda c: find_evidence(c, one.till, one.chain, named.seq))
    assert found is not None
    assert (found.problem, found.is_genuine) == ("ledger.other_till", False)
    with pytest.raises(RuleError, match=r"set_aside\.still"):
        await office.tills.retry(EntryKey(one.till, one.chain, 3), Decision(MANAGER, office.clock(), "count it"))


async def test_whoever_has_one_tills_key_does_nothing_in_the_name_of_another(office: Office) -> None:
    one, two = await office.new_till("T1"), await office.new_till("T2")
    await office.accept(one)
    genuine = two.sell()
    thief = dataclasses.replace(one, till=two.till, entries=one.entries)
    thief.write(Kind.SALE_COMPLETED, two.sale(), id=str(parse_canonical(genuine.header)["id"]))
    new = FakeTill(one.company, one.shop, one.till).signer
    thief.write(Kind.KEY_ROTATED, {"public_key": new.public_key.hex(), "key_id": new.key_id})
    one.sell()
    await office.accept(one)

    answer = await office.accept(two)
    await office.projector.catch_up()

    assert answer.set_aside == 0  # its identity was not taken away from it
    assert await reasons(office) == {2: "ledger.other_till", 3: "ledger.other_till"}  # nor the key of the chain changed
    assert sorted((row.till, row.seq) for row in await office.rows(sale)) == sorted([(one.till, 4), (two.till, 2)])


async def test_a_fork_that_names_another_till_or_company_is_never_counted(office: Office) -> None:
    one, two = await office.new_till("T1"), await office.new_till("T2")
    copies = [
        dataclasses.replace(one.restored_at(1), till=two.till),
        dataclasses.replace(one.restored_at(1), company="c"),
    ]
    one.sell()
    await office.accept(one)
    for copy in copies:
        copy.sell()
        await office.accept(one, one.push_of(copy.entries))

    forks = await office.rows(ledger_fork)

    assert [row.problem for row in forks] == ["ledger.other_till"] * 2
    for row in forks:
        key = EntryKey(one.till, one.chain, row.seq, row.hash)
        with pytest.raises(RuleError, match=r"set_aside\.still"):
            await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "count it"))


async def test_a_chain_signed_by_another_key_than_was_enrolled_becomes_no_sale(office: Office) -> None:
    till = await office.new_till()
    thief = FakeTill(till.company, till.shop, till.till, token=till.token)
    thief.open_chain()
    thief.sell()

    answer = await office.accept(thief)
    await office.projector.catch_up()

    assert answer.set_aside == 2
    assert set((await reasons(office)).values()) == {"ledger.signature"}
    assert await office.rows(sale) == []


async def test_pushes_become_sales_with_lines_tenders_taxes_and_outcomes(office: Office) -> None:
    till = await office.new_till()
    till.sign_on()
    till.open_session()
    sold = parse_canonical(till.sell(lines=2, quantity="1.5").body)
    effects: Any = sold["effects"]
    till.settle(effects[0]["id"])
    till.close_session()
    await office.accept(till)

    await office.projector.catch_up()

    (one,) = await office.rows(sale)
    assert (one.id, one.total, one.tendered, one.change, one.lines) == (sold["sale"], 1048, 1048, 0, 2)
    assert [(line.total, str(line.quantity)) for line in await office.rows(sale_line)] == [(524, "1.500000")] * 2
    assert [(tender.kind, tender.value) for tender in await office.rows(sale_tender)] == [("cash", 1048)]
    assert [(row.taxable, row.tax) for row in await office.rows(sale_tax)] == [(859, 189)]
    assert [row.outcome for row in await office.rows(effect_outcome)] == ["done"]
    (session,) = await office.rows(till_session)
    assert (session.opening_cash, session.z_number, session.over_short) == (10000, 1, -10)


async def test_a_sale_whose_figures_do_not_add_up_is_set_aside_and_the_others_go_on(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    body = till.sale()
    body["settlement"]["change"] = 5
    till.write(Kind.SALE_COMPLETED, body)
    till.write(Kind.SALE_COMPLETED, {"sale": "x"})
    twice = till.sale()
    till.write(Kind.SALE_COMPLETED, twice)
    till.write(Kind.SALE_COMPLETED, twice)
    till.sell()
    await office.accept(till)

    await office.projector.catch_up()

    assert await reasons(office) == {
        3: "projection.unbalanced", 4: "projection.unreadable", 6: "projection.duplicate"
    }  # fmt: skip
    assert sorted(row.seq for row in await office.rows(sale)) == [2, 5, 7]


async def test_training_and_replay_chains_are_kept_but_become_sales_only_when_told(office: Office) -> None:
    till = await office.new_till("R1", mode="replay")
    till.sell()
    await office.accept(till)
    await office.projector.catch_up()
    assert await office.rows(sale) == []

    office.projector.modes = ("live", "replay")
    await office.projector.catch_up()

    assert len(await office.rows(sale)) == 1


async def test_a_replay_till_cannot_open_a_live_chain(office: Office) -> None:
    till = await office.new_till("R1", mode="replay")
    live = FakeTill(till.company, till.shop, till.till, till.signer, token=till.token)
    live.open_chain()
    live.sell()
    await office.accept(live)

    await office.projector.catch_up()

    assert await office.rows(sale) == []


async def test_a_rotated_key_signs_what_follows(office: Office) -> None:
    till = await office.new_till()
    other = FakeTill(till.company, till.shop, till.till).signer
    till.write(Kind.KEY_ROTATED, {"public_key": other.public_key.hex(), "key_id": other.key_id})
    till.signer = other
    till.sell()

    answer = await office.accept(till)
    till.sell()
    later = await office.accept(till, till.push(4))

    assert (answer.set_aside, later.set_aside) == (0, 0)


async def test_another_shops_entries_wait_for_a_person(office: Office) -> None:
    till = await office.new_till()
    till.shop = await office.add_shop()
    till.sell()

    answer = await office.accept(till)

    assert isinstance(answer, PushAnswer)
    assert await reasons(office) == {2: "ledger.other_shop"}


async def test_central_signs_for_the_very_entries_that_were_sent_where_they_are_not_its_head(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    image = till.restored_at(1)
    till.sell()
    plain = await office.accept(till)
    behind = await office.accept(till, till.push(1, 2))
    image.sell()
    forked = await office.accept(image)

    assert plain.received is None
    for answer, entry in ((behind, till.entries[1]), (forked, image.entries[-1])):
        assert answer.received is not None
        word = read_signed_head(answer.received.model_dump())
        assert (word.chain, word.head) == (till.chain, Head(entry.seq, entry.hash))
        assert word.public_key == office.tills.signer.public_key
