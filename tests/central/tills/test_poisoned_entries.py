"""Signed entries of a broken or stolen till: each is set aside alone, its chain goes on, others never notice."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
from sqlalchemy import func, select

from central.sales.projection import SalesProjection
from central.sales.tables import sale, sale_line
from central.tills.messages import parse_push
from central.tills.projector import SET_SIZE, Projector
from central.tills.queries import list_set_aside
from central.tills.tables import set_aside
from central.tills.values import RawEntry
from commerce.canonical import parse_canonical
from commerce.errors import PosError
from commerce.ids import new_id
from commerce.ledger import Entry, Kind, entry_hash
from commerce.money import MAX_CENTS, tax_in_gross
from tests.central.head_office import Visitor, open_head_office
from tests.central.poison import POISON, all_poisoned, poisoned
from tests.fakes.bodies import stored_bodies
from tests.fakes.till import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from central.sales.projection import SalesRows
    from tests.central.office import Office
    from tests.fakes.till import FakeTill

PAGES = ("/", "/sales", "/tills", "/api/v1/sales", "/api/v1/reports/totals?by=month", "/api/v1/reports/totals?by=till")


def write(till: FakeTill, kind: Kind, body: Any) -> bool:  # noqa: ANN401 - JSON
    """Write an entry as a till's program does, unless what is wrong in it cannot even be written."""
    try:
        till.write(kind, body)
    except (TypeError, ValueError, AttributeError):
        return False
    return True


POISONED = (
    Kind.EFFECT_INTENDED, Kind.EFFECT_SETTLED, Kind.SESSION_OPENED, Kind.SESSION_CLOSED, Kind.OPERATOR_SIGNED_ON,
)  # fmt: skip


def poisoned_kinds(till: FakeTill) -> Iterable[tuple[Kind, Any]]:
    till.open_session()
    bodies = {Kind(kind): orjson.loads(body) for kind, body in stored_bodies() if kind in POISONED}
    for kind, body in {**bodies, Kind.SALE_COMPLETED: till.sale(lines=2)}.items():
        for _, message in all_poisoned(body):
            yield kind, message


async def test_no_body_stops_its_chain_and_every_page_still_answers(office: Office, tmp_path: Path) -> None:
    site, runner = await open_head_office(office, tmp_path)
    till = await office.new_till()
    for kind, body in poisoned_kinds(till):
        write(till, kind, body)
    taken, refused = read_alone(till)
    last = till.sell()
    sent = [till.entries[0], *rechained(till, [*taken, *(seqs[0] for seqs in refused.values()), last.seq])]
    for first in range(0, len(sent), 500):
        await office.accept(till, till.push_of(sent[first : first + 500]))

    await office.projector.catch_up()

    assert min(map(len, refused.values())) > 0
    assert sum(map(len, refused.values())) > 600
    assert set(refused) == {"projection.out_of_bounds", "projection.unreadable", "projection.unbalanced"}
    assert {row.reason for row in await office.rows(set_aside)} == {*refused, "projection.duplicate"}
    assert sent[-1].seq in {row.seq for row in await office.rows(sale)}
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        for path in (*PAGES, f"/tills/{till.till}"):
            assert (await anna.get(path)).status == 200, path
        assert "beyond what the law of entries allows" in (await anna.get(f"/tills/{till.till}")).text
        broken = [row.seq for row in await office.rows(sale) if (await anna.get(f"/sales/{row.id}")).status != 200]
        assert [till.entries[seq - 1].body for seq in broken] == []
    await runner.cleanup()


def read_alone(till: FakeTill) -> tuple[list[int], dict[str, list[int]]]:
    """The sequences that the projection takes, and those it refuses by reason: refused ones never reach a table."""
    taken: list[int] = []
    refused: dict[str, list[int]] = {}
    for entry in till.entries[1:]:
        kind = str(parse_canonical(entry.header)["kind"])
        raw = RawEntry(till.till, till.chain, entry.seq, entry.hash, kind, entry.header, entry.body)
        _, problems = SalesProjection().build([raw])
        refused.setdefault(problems[0], []).append(entry.seq) if problems else taken.append(entry.seq)
    return taken, refused


def rechained(till: FakeTill, seqs: Iterable[int]) -> list[Entry]:
    """Some entries of a till as if it had written these alone."""
    bodies = [(parse_canonical(e.header)["kind"], parse_canonical(e.body)) for e in (till.entries[q - 1] for q in seqs)]
    del till.entries[1:]
    return [till.write(Kind(str(kind)), body) for kind, body in bodies]


def sealed(till: FakeTill, header: bytes, body: bytes) -> None:
    """Append an entry with a header that no honest till writes, rightly hashed and signed."""
    digest = entry_hash(header)
    till.entries.append(Entry(till.head.seq + 1, header, body, digest, till.signer.sign(digest), None))


async def test_no_header_stops_its_chain_and_every_page_still_answers(office: Office, tmp_path: Path) -> None:
    site, runner = await open_head_office(office, tmp_path)
    till = await office.new_till()
    model = till.sell()
    header = parse_canonical(model.header)
    for key in header.keys() - {"till", "company"}:  # those speak for another till, and are refused as such
        for name, value in POISON.items():
            if name == "1 MB":
                continue
            fresh = header | {"seq": till.head.seq + 1, "prev": till.head.hash.hex(), "id": new_id()}
            sealed(till, json.dumps(poisoned(fresh, (key,), value)).encode(), model.body)
    last = till.sell()

    for first in range(0, len(till.entries), 200):
        await office.accept(till, till.push(first + 1, first + 200))
    await office.projector.catch_up()

    assert len(till.entries) > 350
    assert last.seq in {row.seq for row in await office.rows(sale)}
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        for path in (*PAGES, f"/tills/{till.till}"):
            assert (await anna.get(path)).status == 200, path
    await runner.cleanup()


async def test_no_push_is_answered_but_by_a_head_a_gap_or_a_refusal(office: Office) -> None:
    till, other = await office.new_till("T1"), await office.new_till("T2")
    till.sell()
    refused, codes = 0, set()
    for _, message in all_poisoned(till.push().model_dump()):
        try:
            await office.push(till, parse_push(json.dumps(message).encode(), compressed=False))
        except PosError as error:
            refused += 1
            codes.add(error.code)
    other.sell()

    answer = await office.accept(other)
    await office.projector.catch_up()

    assert refused > 100
    assert codes == {"wire.unreadable"}
    assert answer.set_aside == 0
    assert other.entries[-1].seq in {row.seq for row in await office.rows(sale) if row.till == other.till}


def amounts(body: dict[str, Any], cents: int) -> dict[str, Any]:
    """A sale of one line in which everything adds up, at that amount."""
    paid = body["settlement"]
    paid |= {"total": cents, "due": cents, "tendered": cents, "change": 0, "rounding": 0, "excess": 0, "deposits": 0}
    body["lines"][0] |= {"amount": cents, "total": cents, "total_origin": "import"}
    body["tenders"][0] |= {"value": cents, "amount": cents}
    tax = tax_in_gross(cents, Decimal(22))
    body["taxes"][0] |= {"taxable": cents - tax, "tax": tax}
    return body


async def test_amounts_beyond_the_law_are_set_aside_and_the_sums_hold(office: Office, tmp_path: Path) -> None:
    site, runner = await open_head_office(office, tmp_path)
    till = await office.new_till()
    for _ in range(1100):
        till.write(Kind.SALE_COMPLETED, amounts(till.sale(), 2**53 - 1))
    for _ in range(3):
        till.write(Kind.SALE_COMPLETED, amounts(till.sale(), MAX_CENTS))
    for first in range(0, len(till.entries), 500):
        await office.accept(till, till.push(first + 1, first + 500))

    await office.projector.catch_up()

    assert [row.total for row in await office.rows(sale)] == [MAX_CENTS] * 3
    assert {row.reason for row in await office.rows(set_aside)} == {"projection.out_of_bounds"}
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        for path in PAGES:
            assert (await anna.get(path)).status == 200, path
    await runner.cleanup()


LONG_AGO, FAR_AHEAD = START - timedelta(days=366 * 12), START + timedelta(days=9)


@pytest.mark.parametrize(
    "facts",
    [
        {"at": FAR_AHEAD, "business_day": FAR_AHEAD.date()},
        {"at": START.replace(year=9999), "business_day": date(9999, 12, 31)},
        {"at": LONG_AGO, "business_day": LONG_AGO.date()},
        {"business_day": date(9999, 12, 31)},
        {"business_day": date(2026, 12, 1)},
        {"business_day": date(1, 1, 1)},
    ],
)
async def test_a_time_that_cannot_be_is_set_aside_with_its_reason(
    office: Office, facts: dict[str, datetime | date]
) -> None:
    till = await office.new_till()
    till.write(Kind.SALE_COMPLETED, till.sale(), **facts)
    good = till.sell()

    await office.accept(till)
    await office.projector.catch_up()

    assert [row.reason for row in await office.rows(set_aside)] == ["ledger.out_of_time"]
    assert [row.seq for row in await office.rows(sale)] == [good.seq]


@pytest.mark.parametrize("mode", ["replay", "demo"])
async def test_chains_that_tell_of_other_days_are_not_held_to_their_arrival(office: Office, mode: str) -> None:
    till = await office.new_till(mode=mode)
    till.write(Kind.SALE_COMPLETED, till.sale(), at=LONG_AGO, business_day=LONG_AGO.date())

    answer = await office.accept(till)

    assert answer.set_aside == 0


class Fragile(SalesProjection):
    """Fails in its code, or in the tables, at some sequences: whatever comes next."""

    def __init__(self, in_code: Sequence[int], in_tables: Sequence[int]) -> None:
        self.in_code, self.in_tables, self.sets = in_code, in_tables, 0

    def build(self, entries: Sequence[RawEntry]) -> Any:  # noqa: ANN401 - rows and problems
        if any(entry.seq in self.in_code for entry in entries):
            raise RecursionError
        return super().build(entries)

    def store(self, connection: Connection, rows: SalesRows, at: datetime, announced: int) -> None:
        self.sets += 1
        super().store(connection, rows, at, announced)
        if any(row[5] in self.in_tables for row in rows.sales):
            connection.execute(select(func.abs(sale_line.c.position, 2, 3)))


class Weighing(SalesProjection):
    """Notes what the sets weigh that it is given."""

    def __init__(self) -> None:
        self.weights: list[int] = []

    def build(self, entries: Sequence[RawEntry]) -> tuple[SalesRows, Mapping[int, str]]:
        self.weights.append(sum(len(entry.body) for entry in entries))
        return super().build(entries)


async def test_a_set_of_large_entries_weighs_no_more_than_two_of_them(office: Office) -> None:
    till = await office.new_till()
    for _ in range(4):
        till.sign_on("x" * 5_000_000)
        till.sell()
        await office.accept(till, till.push(till.head.seq - 1 if till.head.seq > 3 else 1))
    projection = Weighing()

    await Projector(office.database, projection, office.clock).catch_up()

    assert max(projection.weights) < 16 * 2**20
    assert sum(projection.weights) > 20_000_000
    assert len(await office.rows(sale)) == 4
    shown = await office.database.read(lambda conn: list_set_aside(conn, till.till))
    assert [row.body for row in shown] == [None] * 4


class Unlucky(SalesProjection):
    """Finds no memory, disk or file for one till's entries."""

    def __init__(self, till: str) -> None:
        self.till = till

    def build(self, entries: Sequence[RawEntry]) -> tuple[SalesRows, Mapping[int, str]]:
        if any(entry.till == self.till for entry in entries):
            raise MemoryError
        return super().build(entries)


async def test_a_chain_that_cannot_be_projected_just_now_holds_up_no_other(office: Office) -> None:
    first, second = await office.new_till("T1"), await office.new_till("T2")
    for till in (first, second):
        till.sell()
        await office.accept(till)
    projector = Projector(office.database, Unlucky(first.till), office.clock)

    for _ in range(2):
        with pytest.raises(MemoryError):
            await projector.step()

    assert [row.till for row in await office.rows(sale)] == [second.till]
    assert await office.rows(set_aside) == []
    await office.projector.catch_up()
    assert {row.till for row in await office.rows(sale)} == {first.till, second.till}


async def test_entries_that_fail_for_reasons_nobody_thought_of_are_found_by_halves(office: Office) -> None:
    till, other = await office.new_till("T1"), await office.new_till("T2")
    for _ in range(SET_SIZE - 1):
        till.sell()
    other.sell()
    await office.accept(till)
    await office.accept(other)
    fragile = Fragile(in_code=[77], in_tables=[300])
    projector = Projector(office.database, fragile, office.clock)

    async with asyncio.timeout(60):
        await projector.catch_up()

    assert {row.seq: row.reason for row in await office.rows(set_aside)} == {
        77: "projection.failed", 300: "projection.refused"
    }  # fmt: skip
    stored = [row.seq for row in await office.rows(sale) if row.till == till.till]
    assert sorted(stored) == [seq for seq in range(2, SET_SIZE + 1) if seq not in (77, 300)]
    assert [row.till for row in await office.rows(sale)].count(other.till) == 1
    assert fragile.sets < 60
