"""Hands on the ledger's file: what was changed is named, shown and reported, and no Z is signed over it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.bodies.reading import read_body
from commerce.canonical import canonical_bytes
from commerce.errors import ForbiddenError
from commerce.ids import new_id
from commerce.kinds import Kind
from commerce.ledger import Problem, Signer, entry_hash
from commerce.texts import translator
from commerce.texts.errors import error_text
from terminal.services.clock import WatchedClock
from terminal.services.commands import CloseSession, OfferedApproval, OpenSession, SignOn
from terminal.services.integrity import LedgerChangedError, check_chain
from terminal.services.plan import Till
from terminal.services.verification import verify_ledger
from tests.terminal.shop import ANNA, CARLO, COFFEE, PIN, TestTill, make_shop_identity, running_till

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal.services.identity import Identity

CASH = 20_000  # more than was ever taken


def hands_on(folder: Path) -> sqlite3.Connection:
    """Open the ledger as somebody with a database tool does."""
    connection = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def cheaper(body: bytes) -> bytes:
    """Return a sale's body with a smaller amount, well formed."""
    sale = orjson.loads(body)
    sale["settlement"]["total"] -= 100
    return canonical_bytes(sale)


def change_body(connection: sqlite3.Connection, seq: int) -> None:
    (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
    connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (cheaper(body), seq))


def change_and_rehash(connection: sqlite3.Connection, seq: int) -> None:
    """Change a body and make header, hash and the next entry's link agree with it: everything but the signatures."""
    change_body(connection, seq)
    rows = connection.execute(
        "SELECT seq, header, body, hash FROM entry WHERE seq >= ? ORDER BY seq", (seq,)
    ).fetchall()
    previous = None
    for number, header_bytes, body, _ in rows:
        header = orjson.loads(header_bytes)
        header["body_hash"] = hashlib.sha256(body).hexdigest()
        header["prev"] = previous.hex() if previous else header["prev"]
        made = canonical_bytes(header)
        previous = entry_hash(made)
        connection.execute("UPDATE entry SET header = ?, hash = ? WHERE seq = ?", (made, previous, number))


def move_to_another_session(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("UPDATE entry SET till_session = 'another' WHERE seq = ?", (seq,))


def call_it_something_else(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("UPDATE entry SET kind = 'operator_signed_off' WHERE seq = ?", (seq,))


def take_it_out(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("DELETE FROM entry WHERE seq = ?", (seq,))


def make_it_nonsense(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("UPDATE entry SET header = x'00', body = 7 WHERE seq = ?", (seq,))


ALTERATIONS: dict[str, Callable[[sqlite3.Connection, int], None]] = {
    "ledger.body_changed": change_body,
    "ledger.signature": change_and_rehash,
    "ledger.column_changed": move_to_another_session,
    "ledger.missing": take_it_out,
    "ledger.unreadable": make_it_nonsense,
}


async def three_sales(till: TestTill) -> list[int]:
    """Sell three times and return where the sales stand."""
    await till.ready()
    for codes in ((COFFEE,), (COFFEE, COFFEE), (COFFEE, COFFEE, COFFEE)):
        await till.sell(*codes)
    rows = await till.core.readers.fetch_all("SELECT seq FROM entry WHERE kind = 'sale_completed' ORDER BY seq")
    return [row[0] for row in rows]


async def alarms(till: TestTill) -> list[Any]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'alarm_raised' ORDER BY seq")
    return [read_body("alarm_raised", 1, row[0]) for row in rows]


async def kinds(till: TestTill) -> set[str]:
    return {row[0] for row in await till.core.readers.fetch_all("SELECT kind FROM entry")}


@pytest.mark.parametrize("code", ALTERATIONS)
async def test_a_sale_changed_in_the_open_session_is_named_shown_and_reported_and_no_z_is_signed_over_it(
    tmp_path: Path, code: str
) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        with closing(hands_on(tmp_path)) as connection:
            ALTERATIONS[code](connection, seqs[1])

        with pytest.raises(LedgerChangedError) as refused:
            await till.submit(CloseSession(new_id(), CASH))

        assert (refused.value.values["seq"], refused.value.values["reason"]) == (seqs[1], code)
        assert "/26/000002 of 23 Nov 2026 was changed" in error_text(translator("en"), refused.value)
        assert "session_closed" not in await kinds(till)
        assert till.state.session is not None
        assert "ledger.changed" in [notice.code for notice in till.state.notices]
        with pytest.raises(LedgerChangedError):
            await till.submit(CloseSession(new_id(), CASH))
        assert [notice.code for notice in till.state.notices].count("ledger.changed") == 1
        assert [(one.code, one.subject.partition("/")[2], one.detail) for one in await alarms(till)][:1] == [
            ("ledger_changed", str(seqs[1]), code)
        ]


@pytest.mark.parametrize("code", ALTERATIONS)
async def test_it_is_seen_at_the_next_start_and_reported_once(tmp_path: Path, code: str) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
    with closing(hands_on(tmp_path)) as connection:
        ALTERATIONS[code](connection, seqs[1])

    for _ in range(2):
        async with running_till(tmp_path, fill=False) as till:
            assert "ledger.changed" in [notice.code for notice in till.state.notices]
            raised = [one.subject.partition("/")[2] for one in await alarms(till)]
            await till.sell()

        with pytest.raises(LedgerChangedError):  # what was sold since does not vouch for it
            async with running_till(tmp_path, fill=False) as till:
                await till.submit(CloseSession(new_id(), CASH))

    assert raised.count(str(seqs[1])) == 1


async def test_somebody_who_may_closes_without_it_and_the_z_names_it(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        total = (await till.core.readers.fetch_all("SELECT body FROM entry WHERE seq = ?", (seqs[0],)))[0][0]
        one = orjson.loads(total)["settlement"]["total"]
        with closing(hands_on(tmp_path)) as connection:
            change_body(connection, seqs[1])
        with pytest.raises(LedgerChangedError):
            await till.submit(CloseSession(new_id(), CASH))
        closed = (await till.submit(CloseSession(new_id(), CASH, leave_out=True))).values["z"]
        assert "ledger.changed" not in [notice.code for notice in till.state.notices]

        assert [(row["seq"], row["reason"]) for row in closed["left_out"]] == [(seqs[1], "ledger.body_changed")]
        assert (closed["sales"], closed["totals"]["total"]) == (2, one + 3 * one)
        assert till.state.session is None
        await till.ready()
        await till.sell()
        again = (await till.submit(CloseSession(new_id(), CASH))).values["z"]
        assert (again["left_out"], again["sales"]) == ([], 1)


async def test_closing_without_it_takes_a_right_that_somebody_else_may_lend(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        await till.submit(SignOn(new_id(), CARLO, PIN))
        with closing(hands_on(tmp_path)) as connection:
            change_body(connection, seqs[0])

        with pytest.raises(ForbiddenError, match=r"approval\.needed"):
            await till.submit(CloseSession(new_id(), CASH, leave_out=True))
        await till.submit(CloseSession(new_id(), CASH, leave_out=True, approval=OfferedApproval(ANNA, PIN)))

        assert till.state.session is None


async def test_opening_cash_is_what_was_signed_whatever_the_row_beside_it_says(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        with closing(hands_on(tmp_path)) as connection:
            connection.execute("UPDATE session SET opening_cash = opening_cash - 5000, opened_seq = opened_seq + 3")
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]

        assert closed["sales"] == 3
        assert closed["expected_cash"] == closed["opening_cash"] + closed["totals"]["total"]


async def test_a_checkpoint_put_over_the_change_hides_nothing(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        with closing(hands_on(tmp_path)) as connection:
            change_body(connection, seqs[0])
            connection.execute(
                "INSERT INTO session (id, mode, drawer, currency, opening_cash, business_day, opened_at, chain,"
                " opened_seq, closed_at, closed_chain, closed_seq, z_number)"
                " SELECT 'x', mode, 'y', currency, 0, business_day, opened_at, chain, opened_seq, opened_at, chain,"
                " ?, 1 FROM session",
                (seqs[1] - 1,),
            )

        with pytest.raises(LedgerChangedError) as refused:
            await till.submit(CloseSession(new_id(), CASH))

    assert refused.value.values["seq"] == seqs[0]


async def test_deleted_unsent_sales_leave_a_gap_in_the_numbers_that_is_reported(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
    with closing(hands_on(tmp_path)) as connection:
        connection.execute("DELETE FROM document WHERE seq >= ?", (seqs[1],))
        connection.execute("DELETE FROM entry WHERE seq >= ?", (seqs[1],))

    async with running_till(tmp_path, fill=False) as till:
        raised = [one for one in await alarms(till) if one.code == "numbers_missing"]
        shown = [notice.code for notice in till.state.notices]
        result = await till.sell()

    assert [(one.count, one.detail) for one in raised] == [(2, "after 1")]
    assert "ledger.numbers_missing" in shown
    assert result.values["document"]["formatted"].endswith("/000004")


def with_another_key() -> Identity:
    """The same till, enrolled again."""
    return replace(make_shop_identity(), private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))


async def test_a_session_that_began_under_the_key_before_closes_and_nobody_is_accused(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)

    async with running_till(tmp_path, fill=False, identity=with_another_key()) as till:
        assert (await alarms(till), till.state.notices) == ([], ())
        await till.sell()
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]

    assert (closed["sales"], closed["left_out"]) == (4, [])


def sign_all_anew(connection: sqlite3.Connection, seq: int) -> None:
    """Change a sale and sign its whole chain with a key that was made up, which the genesis then brings."""
    change_body(connection, seq)
    chain = connection.execute("SELECT chain FROM entry WHERE seq = ?", (seq,)).fetchone()[0]
    signer, previous = Signer(Ed25519PrivateKey.generate()), None
    query = "SELECT seq, header, body FROM entry WHERE chain = ? ORDER BY seq"
    for number, header_bytes, found in connection.execute(query, (chain,)).fetchall():
        header, body = orjson.loads(header_bytes), found
        if number == 1:
            own = {"public_key": signer.public_key.hex(), "key_id": signer.key_id}
            body = canonical_bytes({**orjson.loads(found), **own})
        header |= {
            "body_hash": hashlib.sha256(body).hexdigest(),
            "prev": previous.hex() if previous else header["prev"],
        }
        made = canonical_bytes(header)
        previous = entry_hash(made)
        connection.execute(
            "UPDATE entry SET header = ?, body = ?, hash = ?, signature = ? WHERE chain = ? AND seq = ?",
            (made, body, previous, signer.sign(previous), chain, number),
        )


@pytest.mark.parametrize("alteration", [change_body, change_and_rehash, sign_all_anew])
async def test_a_sale_under_the_key_before_that_was_changed_is_named_all_the_same(
    tmp_path: Path, alteration: Callable[[sqlite3.Connection, int], None]
) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
    async with running_till(tmp_path, fill=False, identity=with_another_key()) as till:
        with closing(hands_on(tmp_path)) as connection:
            alteration(connection, seqs[1])
        with pytest.raises(LedgerChangedError):
            await till.submit(CloseSession(new_id(), CASH))


async def test_a_good_ledger_raises_no_alarm_over_sessions_chains_and_starts(tmp_path: Path) -> None:
    for run in range(3):
        async with running_till(tmp_path, fill=run == 0) as till:
            if till.state.session is None:
                await till.ready()
            await till.sell()
            if run == 1:
                await till.register.open_new_chain("restored")
                await till.sell()
            await till.submit(CloseSession(new_id(), CASH))
            await till.ready()
            await till.sell()

            assert await alarms(till) == []
            assert [notice.code for notice in till.state.notices] == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), column=st.sampled_from(["header", "body", "signature"]))
async def test_any_flipped_bit_of_the_open_session_is_found(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int, column: str
) -> None:
    folder = tmp_path_factory.mktemp("till")
    async with running_till(folder) as till:
        seqs = await three_sales(till)
        with closing(hands_on(folder)) as connection:
            last = connection.execute("SELECT max(seq) FROM entry").fetchone()[0]
            seq = last if column == "signature" else seqs[place % 3]
            (value,) = connection.execute(f"SELECT {column} FROM entry WHERE seq = ?", (seq,)).fetchone()
            changed = bytearray(value)
            changed[place % len(changed)] ^= 1 << bit
            connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (bytes(changed), seq))

        with pytest.raises(LedgerChangedError) as refused:
            await till.submit(CloseSession(new_id(), CASH))

    assert refused.value.findings.problems[0].seq == seq


ROWS_BESIDE: dict[str, tuple[str, str]] = {
    "a kind": ("UPDATE entry SET kind = 'sale_voided' WHERE seq = {sale}", "ledger.column_changed"),
    "an id": ("UPDATE entry SET id = 'x' WHERE seq = {sale}", "ledger.column_changed"),
    "a time": ("UPDATE entry SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = {sale}", "ledger.column_changed"),
    "a day": ("UPDATE entry SET business_day = '2020-01-01' WHERE seq = {sale}", "ledger.column_changed"),
    "a session": ("UPDATE entry SET till_session = NULL WHERE seq = {sale}", "ledger.column_changed"),
    "a number": ("UPDATE document SET number = 99, formatted = 'X' WHERE seq = {sale}", "ledger.document_changed"),
    "a document taken away": ("DELETE FROM document WHERE seq = {sale}", "ledger.document_missing"),
    "a document for another entry": ("UPDATE document SET seq = 2 WHERE seq = {sale}", "ledger.document_changed"),
    "opening cash": ("UPDATE session SET opening_cash = 1", "ledger.session_changed"),
    "a session taken away": ("DELETE FROM session", "ledger.session_changed"),
    "a Z number": ("UPDATE session SET z_number = 7", "ledger.session_changed"),
}


@pytest.mark.parametrize("what", ROWS_BESIDE)
async def test_verify_compares_every_column_and_row_beside_the_entries(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        await till.submit(CloseSession(new_id(), CASH))
    statement, code = ROWS_BESIDE[what]
    before = verify_ledger(tmp_path / "ledger.db")
    with closing(hands_on(tmp_path)) as connection:
        connection.execute(statement.format(sale=seqs[1]))

    (verdict,) = verify_ledger(tmp_path / "ledger.db")

    assert [one.problem for one in before] == [None]
    assert verdict.problem is not None
    assert verdict.problem.code == code


UNREADABLE = {
    "no body": "UPDATE entry SET body = x'' WHERE seq = ?",
    "another body": "UPDATE entry SET body = CAST('{}' AS BLOB) WHERE seq = ?",
    "a number for a body": "UPDATE entry SET body = 7 WHERE seq = ?",
    "no header": "UPDATE entry SET header = x'00' WHERE seq = ?",
    "another header": "UPDATE entry SET header = CAST('{}' AS BLOB) WHERE seq = ?",
    "a text for a hash": "UPDATE entry SET hash = 'abc' WHERE seq = ?",
    "no time": "UPDATE entry SET at = 'x' WHERE seq = ?",
}


@pytest.mark.parametrize("kind", ["session_closed", "checkpoint", "session_opened", "sale_completed"])
@pytest.mark.parametrize("how", UNREADABLE)
async def test_a_till_starts_sells_and_closes_over_an_entry_that_cannot_be_read_whichever_it_is(
    tmp_path: Path, kind: str, how: str
) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
        await till.submit(CloseSession(new_id(), CASH))
        await till.submit(OpenSession(new_id(), 10_000))
        await till.sell()
        (row,) = await till.core.readers.fetch_all("SELECT max(seq) FROM entry WHERE kind = ?", (kind,))
    with closing(hands_on(tmp_path)) as connection:
        connection.execute(UNREADABLE[how], (row[0],))

    for _ in range(2):
        async with running_till(tmp_path, fill=False) as till:
            if till.state.session is None:
                await till.submit(OpenSession(new_id(), 10_000))
            await till.sell()
            await till.submit(CloseSession(new_id(), CASH, leave_out=True))
            await till.submit(OpenSession(new_id(), 10_000))


async def test_a_sale_that_was_signed_and_that_no_reader_takes_is_named_and_left_out_of_the_z(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        moment = Till(till.core.catalog, till.core.chains, WatchedClock(till.clock), till.core.steps).moment(
            till.state, None
        )
        entry = await till.core.chains.write(lambda write: write.append(moment, Kind.SALE_COMPLETED, {"sale": 1}))

        with pytest.raises(LedgerChangedError) as refused:
            await till.submit(CloseSession(new_id(), CASH))
        closed = await till.submit(CloseSession(new_id(), CASH, leave_out=True))

    assert (refused.value.values["seq"], refused.value.values["reason"]) == (entry.seq, "ledger.unreadable")
    assert closed.values["z"]["sales"] == 3
    assert [(one["seq"], one["reason"]) for one in closed.values["z"]["left_out"]] == [(entry.seq, "ledger.unreadable")]


async def test_verify_names_a_signed_body_that_is_not_of_its_form(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        moment = till.core.register._moment()
        await till.core.chains.write(lambda write: write.append(moment, Kind.CASH_MOVED, {"amount": "12.50"}))

    (verdict,) = verify_ledger(tmp_path / "ledger.db")

    assert verdict.problem is not None
    assert verdict.problem.code == "ledger.body_form"


@pytest.mark.parametrize("most", [0, 1, 5_000])
async def test_a_chain_without_any_entry_does_not_hold(tmp_path: Path, most: int) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        chain, key = till.state.till.chain, till.core.chains.signer.public_key
        with closing(hands_on(tmp_path)) as connection:
            connection.execute("DELETE FROM entry")
        found = await till.core.writer.run(lambda tx: check_chain(tx, chain, key, most))

    assert found == [Problem(chain, 1, "ledger.missing")]


async def test_a_chain_without_its_beginning_does_not_hold(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        chain, key = till.state.till.chain, till.core.chains.signer.public_key
        with closing(hands_on(tmp_path)) as connection:
            connection.execute("DELETE FROM entry WHERE seq < 4")
        found = await till.core.writer.run(lambda tx: check_chain(tx, chain, key))

    assert found == [Problem(chain, 1, "ledger.missing")]
