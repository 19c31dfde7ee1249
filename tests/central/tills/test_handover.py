from central.tills import handover as module
from central.tills.arriving import read_push
from central.tills.handover import Handover
from central.tills.values import Arrived, KnownTill
from commerce.ids import new_id
from tests.fakes.till import START, FakeTill


def ledger(sales: int) -> tuple[FakeTill, tuple[Arrived, ...]]:
    till = FakeTill(new_id(), new_id(), new_id())
    till.open_chain()
    for _ in range(sales):
        till.sell()
    known = KnownTill(till.till, till.company, till.shop, "live", b"", b"", revoked=False)
    return till, read_push(till.push(), known, START).entries


def seqs(handover: Handover, till: FakeTill, first: int, last: int) -> list[int] | None:
    taken = handover.take(till.till, till.chain, first, last)
    return None if taken is None else [entry.seq for entry in taken]


def test_what_was_put_is_taken_once_and_in_order() -> None:
    handover = Handover()
    till, entries = ledger(5)
    handover.put(till.till, till.chain, entries[:3])
    handover.put(till.till, till.chain, entries[3:])

    assert seqs(handover, till, 1, 4) == [1, 2, 3, 4]
    assert seqs(handover, till, 1, 4) is None
    assert seqs(handover, till, 5, 6) == [5, 6]


def test_a_set_that_is_not_whole_is_left_to_the_database() -> None:
    handover = Handover()
    till, entries = ledger(5)
    handover.put(till.till, till.chain, entries[2:])

    assert seqs(handover, till, 1, 4) is None
    assert seqs(handover, till, 5, 6) == [5, 6]


def test_batches_that_do_not_join_keep_only_the_later() -> None:
    handover = Handover()
    till, entries = ledger(5)
    handover.put(till.till, till.chain, entries[:2])
    handover.put(till.till, till.chain, entries[4:])

    assert seqs(handover, till, 5, 6) == [5, 6]


def test_it_forgets_rather_than_grow() -> None:
    handover = Handover()
    till, entries = ledger(3)
    size = sum(len(one.entry.header) + len(one.entry.body) for one in entries)
    for number in range(module._MAX_BYTES // size + 2):
        handover.put(str(number), till.chain, entries)

    assert handover._bytes <= module._MAX_BYTES
    assert handover.take("0", till.chain, 1, 4) is None
