"""Somebody with a till's files but not its key alters what is sent: nothing altered counts, everything genuine does."""

import asyncio
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.db.engine import open_database
from central.db.migrate import migrate
from central.sales.tables import sale
from central.tills.proof import find_evidence
from central.tills.review import Decision, EntryKey
from central.tills.tables import ledger_fork, set_aside
from commerce.canonical import canonical_bytes, parse_canonical
from commerce.errors import RuleError
from commerce.ledger import ChainMode, Entry, Head, Kind, entry_hash, genesis_body, personal_part
from tests.central.office import Office, open_office
from tests.central.tills.test_review import MANAGER
from tests.fakes.till import FakeTill

NO_SIGNATURE = bytes(64)
GARBAGE = b"garbage"
SALES = 5


def forge(entry: Entry, body: dict[str, Any] | None = None, signature: bytes = NO_SIGNATURE, **header: object) -> Entry:
    """An entry with other contents whose hashes are right and whose signature is not."""
    if entry.header == GARBAGE:
        return entry
    encoded = entry.body if body is None else canonical_bytes(body)
    said = {**parse_canonical(entry.header), "body_hash": hashlib.sha256(encoded).hexdigest(), **header}
    written = canonical_bytes(said)
    return Entry(entry.seq, written, encoded, entry_hash(written), signature, entry.personal)


def relink(entries: list[Entry], start: int) -> list[Entry]:
    """Make every link from an index on hold again, which costs each its signature."""
    linked = list(entries)
    for index in range(start, len(linked)):
        linked[index] = forge(linked[index], prev=linked[index - 1].hash.hex())
    return linked


def unsigned(entry: Entry) -> Entry:
    return dataclasses.replace(entry, signature=NO_SIGNATURE)


# What is done to the entry at an index; "larger" is another sale, with a larger total, by nobody's hand.
def other_total(entries: list[Entry], at: int, larger: dict[str, Any]) -> list[Entry]:
    return [*entries[:at], forge(entries[at], larger), *entries[at + 1 :]]


def other_total_old_signature(entries: list[Entry], at: int, larger: dict[str, Any]) -> list[Entry]:
    return [*entries[:at], forge(entries[at], larger, entries[at].signature), *entries[at + 1 :]]


def other_total_relinked(entries: list[Entry], at: int, larger: dict[str, Any]) -> list[Entry]:
    return relink(other_total(entries, at, larger), at + 1)


def other_body(entries: list[Entry], at: int, larger: dict[str, Any]) -> list[Entry]:
    return [*entries[:at], dataclasses.replace(entries[at], body=canonical_bytes(larger)), *entries[at + 1 :]]


def replayed(entries: list[Entry], at: int, _: dict[str, Any]) -> list[Entry]:
    other = entries[at - 1]
    return [*entries[:at], dataclasses.replace(other, seq=entries[at].seq), *entries[at + 1 :]]


def garbage(entries: list[Entry], at: int, _: dict[str, Any]) -> list[Entry]:
    return [*entries[:at], dataclasses.replace(entries[at], header=GARBAGE), *entries[at + 1 :]]


def all_before_forged(entries: list[Entry], at: int, larger: dict[str, Any]) -> list[Entry]:
    """Every sale up to one gets another total and its links; the genuine one after them is replayed."""
    return [entries[0], *relink([entries[0], *other_total(entries, at, larger)[1 : at + 1]], 1)[1:], *entries[at + 1 :]]


ALTERATIONS = (
    other_total, other_total_old_signature, other_total_relinked, other_body, replayed, garbage, all_before_forged
)  # fmt: skip


async def a_till_with_sales(office: Office, code: str) -> FakeTill:
    till = await office.new_till(code)
    for _ in range(SALES):
        till.sell()
    return till


Alteration = Callable[[list[Entry], int, dict[str, Any]], list[Entry]]


async def check(office: Office, code: str, alter: Alteration, at: int, bare: set[int], cut: int) -> None:
    """Send altered entries, some of the genuine ones without their signature, in two pushes; then compare."""
    till = await a_till_with_sales(office, code)
    larger = till.sale(lines=7)
    sent = [unsigned(one) if index in bare else one for index, one in enumerate(alter(till.entries, at, larger))]
    for part in (sent[:cut], sent[cut:]):
        if part:
            await office.accept(till, till.push_of(part))
    await office.projector.catch_up()

    genuine = {one.hash: parse_canonical(one.body)["settlement"]["total"] for one in till.entries[1:]}  # type: ignore[index]
    query = select(sale.c.hash, sale.c.total).where(sale.c.till == till.till)
    counted = {row.hash: row.total for row in await office.database.read(lambda conn: conn.execute(query).all())}
    assert counted.items() <= genuine.items()
    certain = {one.hash for one in sent[1:] if one in till.entries}
    assert certain <= counted.keys()
    for one in sent:
        if one not in till.entries and one.hash not in counted and one.seq > 1:
            await refuses(office, EntryKey(till.till, till.chain, one.seq))


async def refuses(office: Office, key: EntryKey) -> None:
    """What was altered cannot be counted by a person either."""
    with pytest.raises(RuleError, match=r"set_aside\.still"):
        await office.tills.retry(key, Decision(MANAGER, office.clock(), "try"))


async def test_whatever_is_altered_where_only_the_genuine_entries_count(office: Office) -> None:
    number = 0
    for alter in ALTERATIONS:
        for at in (1, 3, SALES):
            for cut in {at, at + 1}:
                number += 1
                await check(office, f"A{number}", alter, at, set(), cut)


@pytest.mark.parametrize("bare", [{SALES}, {1, 2, 3}, {1, 2, 3, 4}, {4, 5}], ids=str)
async def test_nor_does_it_matter_which_of_them_are_signed(office: Office, bare: set[int]) -> None:
    for number, alter in enumerate(ALTERATIONS):
        await check(office, f"B{number}", alter, 2, bare, SALES + 1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    alter=st.sampled_from(ALTERATIONS),
    again=st.sampled_from(ALTERATIONS),
    places=st.tuples(st.integers(1, SALES), st.integers(1, SALES)),
    bare=st.sets(st.integers(1, SALES)),
    cut=st.integers(1, SALES + 1),
)
def test_two_alterations_at_any_places_make_no_sale(
    alter: Alteration, again: Alteration, places: tuple[int, int], bare: set[int], cut: int
) -> None:
    def both(entries: list[Entry], _: int, larger: dict[str, Any]) -> list[Entry]:
        first = alter(entries, places[0], larger)
        return again(first, places[1], {**larger, "sale": larger["sale"][:-1] + "f"})

    async def run(folder: Path) -> None:
        database = open_database(f"sqlite:///{folder / 'central.db'}")
        await migrate(database)
        await check_soundness(await open_office(database, folder), both, bare, cut)
        await database.close()

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


async def check_soundness(office: Office, alter: Alteration, bare: set[int], cut: int) -> None:
    till = await a_till_with_sales(office, "H1")
    larger = till.sale(lines=7)
    sent = [unsigned(one) if index in bare else one for index, one in enumerate(alter(till.entries, 0, larger))]
    for part in (sent[:cut], sent[cut:]):
        if part:
            await office.push(till, till.push_of(part))
    await office.projector.catch_up()

    totals = {one.hash: parse_canonical(one.body)["settlement"]["total"] for one in till.entries[1:]}  # type: ignore[index]
    assert {row.hash: row.total for row in await office.rows(sale)}.items() <= totals.items()
    for one in await office.rows(sale):
        evidence = await office.database.read(lambda conn, o=one: find_evidence(conn, o.till, o.chain, o.seq, o.hash))  # type: ignore[misc]
        assert evidence is not None
        assert evidence.is_genuine


async def test_five_entries_without_a_signature_before_a_replayed_one_are_no_sales(office: Office) -> None:
    till = await office.new_till()
    await office.accept(till)
    genuine = [till.sell() for _ in range(6)]
    larger = [till.sale(lines=3) for _ in range(5)]
    forged = relink([till.entries[0], *(forge(a, b) for a, b in zip(genuine, larger, strict=False))], 1)[1:]

    answer = await office.accept(till, till.push_of([*forged, genuine[5]]))
    await office.projector.catch_up()

    assert answer.set_aside == 5
    assert [row.hash for row in await office.rows(sale)] == [genuine[5].hash]
    assert {row.reason for row in await office.rows(set_aside)} == {"ledger.signature"}


async def test_two_histories_that_the_till_signed_both_wait_for_a_person(office: Office) -> None:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    image.sell()
    beside = image.sell()
    await office.accept(till)

    await office.accept(till, till.push_of([beside]))
    await office.projector.catch_up()

    assert [(row.seq, row.reason) for row in await office.rows(set_aside)] == [(3, "ledger.broken_link")]
    await office.tills.retry(EntryKey(till.till, till.chain, 3), Decision(MANAGER, office.clock(), "sold"))
    assert [row.seq for row in await office.rows(sale)] == [2, 3]


async def forked(office: Office, change: Callable[[Entry], Entry]) -> EntryKey:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    await office.accept(till)
    await office.projector.catch_up()
    beside = change(image.sell(lines=3))
    await office.accept(image, image.push_of([beside]))
    return EntryKey(till.till, till.chain, 2, entry_hash(beside.header))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (unsigned, "ledger.signature"),
        (lambda e: forge(e, {**parse_canonical(e.body), "note": "x"}, e.signature), "ledger.signature"),
        (lambda e: dataclasses.replace(e, body=e.body.replace(b"1047", b"9999")), "ledger.body_changed"),
        (lambda e: dataclasses.replace(e, header=GARBAGE), "ledger.unreadable"),
    ],
)
async def test_a_fork_that_nobody_signed_is_kept_with_its_verdict_and_refused(
    office: Office, change: Callable[[Entry], Entry], problem: str
) -> None:
    key = await forked(office, change)

    (row,) = await office.rows(ledger_fork)
    assert row.problem == problem
    with pytest.raises(RuleError, match=r"set_aside\.still"):
        await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "count it"))
    assert len(await office.rows(sale)) == 1


async def test_a_signed_fork_has_no_problem_and_its_sale_shows_its_own_entry(office: Office) -> None:
    key = await forked(office, lambda entry: entry)
    (row,) = await office.rows(ledger_fork)
    assert row.problem is None

    await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "both sold"))

    evidence = await office.database.read(lambda c: find_evidence(c, key.till, key.chain, key.seq, key.hash))
    assert evidence is not None
    assert (evidence.hash, evidence.body, evidence.problem, evidence.is_fork) == (key.hash, row.body, None, True)


async def test_a_fork_on_a_chain_that_does_not_count_is_no_sale(office: Office) -> None:
    till = await office.new_till("R1", mode="training")
    image = till.restored_at(1)
    till.sell()
    image.sell()
    await office.accept(till)
    await office.accept(image)
    (fork,) = await office.rows(ledger_fork)
    key = EntryKey(fork.till, fork.chain, fork.seq, fork.hash)

    with pytest.raises(RuleError, match=r"set_aside\.still"):
        await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "count it"))
    assert await office.rows(sale) == []


async def test_evidence_is_checked_with_the_key_of_its_time_after_a_rotation_too(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    other = FakeTill(till.company, till.shop, till.till).signer
    till.write(Kind.KEY_ROTATED, {"public_key": other.public_key.hex(), "key_id": other.key_id})
    old, till.signer = till.signer, other
    till.sell()
    await office.accept(till)
    till.signer = old
    stale = till.sell()

    await office.accept(till, till.push(5))

    problems = [
        evidence.problem
        for seq in range(1, 6)
        if (evidence := await office.database.read(lambda c, s=seq: find_evidence(c, till.till, till.chain, s)))  # type: ignore[misc]
    ]
    assert problems == [None, None, None, None, "ledger.signature"]
    assert [row.seq for row in await office.rows(set_aside)] == [stale.seq]


def opened(till: FakeTill, body: dict[str, object], previous: Head) -> FakeTill:
    """Another chain of the same till, opened as told."""
    other = FakeTill(till.company, till.shop, till.till, till.signer, token=till.token)
    sealed = dataclasses.replace(other, entries=[])
    entry = sealed.write(Kind.CHAIN_OPENED, body)
    header = canonical_bytes({**parse_canonical(entry.header), "prev": previous.hash.hex()})
    digest = entry_hash(header)
    other.entries = [Entry(1, header, entry.body, digest, till.signer.sign(digest))]
    return other


async def test_a_genesis_names_the_end_of_the_chain_before_as_central_holds_it(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    await office.accept(till)
    true, false = till.head, Head(2, b"\x07" * 32)
    cases = [
        (true, true, till.chain, None),
        (false, false, till.chain, "ledger.previous_chain"),
        (true, false, till.chain, "ledger.genesis"),
        (Head(0, bytes(32)), true, None, "ledger.genesis"),
        (Head(2**70, bytes(32)), Head(2**70, bytes(32)), till.chain, "ledger.unreadable"),
        (Head(1, b"\x07" * 32), Head(1, b"\x07" * 32), "\x00", "ledger.unreadable"),
        (Head(9, b"\x07" * 32), Head(9, b"\x07" * 32), till.chain, None),  # not held here: nothing to compare with
    ]
    for said, linked, chain, problem in cases:
        body = genesis_body(till.signer, ChainMode.LIVE, "restored", chain, said)
        body["previous_seq"] = str(said.seq) if said.seq > 2**53 else said.seq
        other = opened(till, body, linked)
        await office.accept(other)
        found = [row.reason for row in await office.rows(set_aside) if row.chain == other.chain]
        assert found == ([problem] if problem else []), (said, linked, chain)


async def test_a_forged_genesis_does_not_say_what_its_chain_is_for(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    training = forge(till.entries[0], {**parse_canonical(till.entries[0].body), "mode": "training"})

    await office.accept(till, till.push_of([training, *till.entries[1:]]))
    await office.projector.catch_up()

    assert [row.seq for row in await office.rows(sale)] == [2]
    assert [(row.seq, row.reason) for row in await office.rows(set_aside)] == [(1, "ledger.signature")]


async def test_a_personal_part_that_is_not_the_one_the_body_names_is_set_aside(office: Office) -> None:
    till = await office.new_till()
    personal, digest = personal_part({"name": "Anna"})
    other, _ = personal_part({"name": "Bruno"})
    till.write(Kind.SALE_COMPLETED, {**till.sale(), "personal": digest})
    till.write(Kind.SALE_COMPLETED, {**till.sale(), "personal": digest})
    till.sell()
    sent = [
        till.entries[0],
        dataclasses.replace(till.entries[1], personal=personal),
        dataclasses.replace(till.entries[2], personal=other),
        dataclasses.replace(till.entries[3], personal=personal),
    ]

    await office.accept(till, till.push_of(sent))

    found = [(row.seq, row.reason) for row in await office.rows(set_aside)]
    assert found == [(3, "ledger.personal_changed"), (4, "ledger.personal_changed")]


async def test_an_id_that_another_tills_entry_has_is_set_aside(office: Office) -> None:
    one, two = await office.new_till("T1"), await office.new_till("T2")
    first, _, again = one.sell(), one.sell(), parse_canonical(one.entries[1].header)["id"]
    await office.accept(one)
    two.sell()
    two.write(Kind.SALE_COMPLETED, two.sale(), id=again)
    two.sell()

    answer = await office.accept(two)
    await office.projector.catch_up()

    assert answer.set_aside == 1
    assert [(row.till, row.seq, row.reason) for row in await office.rows(set_aside)] == [
        (two.till, 3, "ledger.shared_id")
    ]
    assert first.hash in {row.hash for row in await office.rows(sale)}
    assert len(await office.rows(sale)) == 4


async def test_a_forged_entry_keeps_no_genuine_one_from_its_id(office: Office) -> None:
    till = await office.new_till()
    sold = [till.sell() for _ in range(3)]
    other = await office.new_till("T2")
    forged = forge(sold[0], id=parse_canonical(sold[2].header)["id"])
    theirs = forge(other.sell(), id=parse_canonical(sold[1].header)["id"])

    await office.accept(other, other.push_of([other.entries[0], theirs]))
    await office.accept(till, till.push_of([till.entries[0], forged, *sold[1:]]))
    await office.projector.catch_up()

    assert {row.hash for row in await office.rows(sale)} == {sold[1].hash, sold[2].hash}
    assert {row.reason for row in await office.rows(set_aside)} == {"ledger.signature"}


async def test_an_id_used_twice_by_one_till_is_set_aside(office: Office) -> None:
    till = await office.new_till()
    again = parse_canonical(till.sell().header)["id"]
    till.write(Kind.SALE_COMPLETED, till.sale(), id=again)

    await office.accept(till)

    assert [(row.seq, row.reason) for row in await office.rows(set_aside)] == [(3, "ledger.shared_id")]


async def test_what_a_program_does_not_know_cannot_be_counted_by_a_person(office: Office) -> None:
    till = await office.new_till()
    till.write(Kind.SALE_COMPLETED, till.sale(), kind_version=9)
    await office.accept(till)
    await office.projector.catch_up()

    await refuses(office, EntryKey(till.till, till.chain, 2))
