"""Chains, identity and PINs: who writes, under which key, and what walking it finds."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import BadInputError, RuleError
from commerce.ids import new_id, short_code
from commerce.ledger import Head, Signer, sign_head
from commerce.wire import Change
from terminal.services.commands import CloseSession
from terminal.services.identity import load_identity, save_identity
from terminal.services.verification import verify_ledger
from tests.fakes.clock import START
from tests.terminal.shop import (
    ANNA,
    BRUNO,
    CARLO,
    COMPANY,
    SHOP,
    TestTill,
    make_shop_identity,
    operating_changes,
    running_till,
)

if TYPE_CHECKING:
    from pathlib import Path

ANSWER: dict[str, Any] = {
    "company": {"id": COMPANY, "name": "Emporio", "tax_id": "0", "country": "IT", "currency": "EUR"},
    "shop": {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it"]},
    "till": {"id": "t", "code": "T1", "name": "Cassa 1", "mode": "live"},
    "token": "ab" * 32,
    "till_secret": "cd" * 32,
    "central_public_key": "ef" * 32,
}


async def genesis(till: TestTill) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all(
        "SELECT body FROM entry JOIN chain USING (chain) WHERE kind = 'chain_opened' ORDER BY position"
    )
    return [orjson.loads(row[0]) for row in rows]


async def test_a_new_ledger_begins_with_a_signed_genesis(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        (body,) = await genesis(till)

    assert (body["reason"], body["mode"], body["previous_chain"]) == ("enrolled", "live", None)


async def test_a_new_chain_starts_behind_the_old_head_with_its_own_numbers(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        old_chain = till.core.chains.chain
        old = (await till.sell()).values["document"]["formatted"]
        new_chain = await till.register.open_new_chain("restored")
        new = (await till.sell()).values["document"]["formatted"]
        bodies = await genesis(till)

    tag = short_code(bytes.fromhex(new_chain), 4)
    assert (old.endswith("/000001"), new) == (True, f"T1{tag}/26/000001")
    assert (bodies[1]["reason"], bodies[1]["previous_chain"]) == ("restored", old_chain)
    verdicts = verify_ledger(tmp_path / "ledger.db")
    assert [verdict.problem for verdict in verdicts] == [None, None]


async def test_a_session_over_two_chains_closes_with_all_its_sales(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
        await till.register.open_new_chain("forked")
        await till.sell()
        z = (await till.submit(CloseSession(new_id(), 0))).values["z"]

    assert (z["sales"], z["totals"]["total"]) == (2, 698)


async def test_another_key_opens_another_chain(tmp_path: Path) -> None:
    async with running_till(tmp_path):
        pass
    other = replace(make_shop_identity(), private_key=Ed25519PrivateKey.generate())

    async with running_till(tmp_path, identity=other, fill=False) as till:
        assert [body["reason"] for body in await genesis(till)] == ["enrolled", "key_rotated"]
    assert all(verdict.problem is None for verdict in verify_ledger(tmp_path / "ledger.db"))


async def test_a_changed_entry_is_named(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
    forger = sqlite3.connect(tmp_path / "ledger.db")
    forger.execute("DROP TRIGGER entry_never_changes")
    forger.execute("UPDATE entry SET body = replace(body, 'Anna', 'Aldo') WHERE kind = 'operator_signed_on'")
    seq = forger.execute("SELECT seq FROM entry WHERE kind = 'operator_signed_on'").fetchone()[0]
    forger.commit()
    forger.close()

    (verdict,) = verify_ledger(tmp_path / "ledger.db")

    assert verdict.problem is not None
    assert (verdict.problem.seq, verdict.problem.code) == (seq, "ledger.body_changed")


async def test_a_truncated_tail_is_named_by_centrals_head(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        chain = till.core.chains.chain
    central = Signer(Ed25519PrivateKey.generate())
    head = sign_head(central, make_shop_identity().till_id, chain, Head(99, bytes(32)), START)
    (tmp_path / "head.json").write_text(json.dumps(head.as_json()))

    (verdict,) = verify_ledger(tmp_path / "ledger.db", tmp_path / "head.json")

    assert verdict.problem is not None
    assert (verdict.problem.seq, verdict.problem.code) == (verdict.entries + 1, "ledger.truncated")


async def test_a_chain_that_central_knows_and_the_ledger_has_lost_is_named(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
    lost = "ab" * 16
    head = sign_head(
        Signer(Ed25519PrivateKey.generate()), make_shop_identity().till_id, lost, Head(7, bytes(32)), START
    )
    (tmp_path / "head.json").write_text(json.dumps(head.as_json()))

    here, missing = verify_ledger(tmp_path / "ledger.db", tmp_path / "head.json")

    assert here.problem is None
    assert missing.problem is not None
    assert (missing.problem.chain, missing.problem.seq, missing.problem.code) == (lost, 1, "ledger.truncated")


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\x00" + bytes(200)])
def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)

    with pytest.raises(BadInputError) as refused:
        verify_ledger(tmp_path / "x.db")

    assert refused.value.code == "ledger.not_one"


def test_a_missing_file_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        verify_ledger(tmp_path / "missing.db")


def test_the_identity_is_kept_for_the_service_user_alone(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    saved = save_identity(tmp_path / "till.key", key, ANSWER)

    loaded = load_identity(tmp_path / "till.key")

    assert (tmp_path / "till.key").stat().st_mode & 0o777 == 0o600
    assert (loaded.till_code, loaded.secret, loaded.signer.public_key) == (
        "T1",
        bytes.fromhex("cd" * 32),
        saved.signer.public_key,
    )
    assert "ab" * 32 not in repr(loaded)


def test_an_identity_that_others_can_read_is_refused(tmp_path: Path) -> None:
    save_identity(tmp_path / "till.key", Ed25519PrivateKey.generate(), ANSWER)
    (tmp_path / "till.key").chmod(0o644)

    with pytest.raises(RuleError) as refused:
        load_identity(tmp_path / "till.key")

    assert refused.value.code == "identity.exposed"


def test_a_missing_or_broken_identity_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuleError):
        load_identity(tmp_path / "till.key")
    (tmp_path / "till.key").touch(0o600)
    with pytest.raises(BadInputError):
        load_identity(tmp_path / "till.key")


async def test_rows_applied_twice_are_said_once_in_the_ledger(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.register.apply_operating(operating_changes(), cursor="1.1.2")
        rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'setting_applied'")

        assert [orjson.loads(row[0])["kind"] for row in rows] == ["till_settings"]
        assert till.state.operating.settings.version == 3


async def test_a_row_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        before = till.state.operating
        await till.register.apply_operating([Change(kind="vat_code", id="x", version=1, row={"code": "9"})])

        assert replace(till.state.operating, rows_aside=()) == before


async def test_a_whole_set_drops_what_it_no_longer_has(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        kept = [change for change in operating_changes() if change.id != BRUNO]
        await till.register.apply_operating(kept, whole=True)

        assert set(till.state.operating.operators) == {ANNA, CARLO}
