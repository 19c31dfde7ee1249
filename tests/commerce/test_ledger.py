import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import BadInputError
from commerce.ledger import (
    NO_HASH,
    ChainMode,
    Entry,
    Facts,
    Head,
    Kind,
    Origin,
    Signer,
    entry_hash,
    genesis_body,
    personal_part,
    read_signed_head,
    seal,
    sign_head,
    verify_chain,
)

VECTORS = Path(__file__).parent / "vectors" / "ledger_v1.json"
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
CHAIN = "000102030405060708090a0b0c0d0e0f"
EMPTY = Head(0, NO_HASH)
ORIGIN = Origin(
    company="01890000-0000-7000-8000-000000000001",
    shop="01890000-0000-7000-8000-000000000002",
    till="01890000-0000-7000-8000-000000000003",
    chain=CHAIN,
    app_version="0.1.0",
)


def facts(seq: int, kind: Kind) -> Facts:
    return Facts(
        id=f"01890000-0000-7000-8000-{seq:012d}",
        kind=kind,
        at=datetime(2026, 11, 23, 8, 0, seq % 60, 123456, tzinfo=UTC),
        utc_offset="+01:00",
        business_day=date(2026, 11, 23),
        till_session="01890000-0000-7000-8000-0000000000aa",
        operator="01890000-0000-7000-8000-0000000000bb",
        command_id=f"command-{seq}",
    )


@cache
def chain_of(length: int, previous: Head = EMPTY) -> tuple[Entry, ...]:
    body: dict[str, object] = genesis_body(SIGNER, ChainMode.LIVE, "enrolled", None, previous)
    entries = [seal(ORIGIN, Head(0, previous.hash), facts(1, Kind.CHAIN_OPENED), body, SIGNER)]
    for seq in range(2, length + 1):
        head = Head(seq - 1, entries[-1].hash)
        names = {"it": "Caffè €", "en": "Coffee"}
        entries.append(seal(ORIGIN, head, facts(seq, Kind.SALE_COMPLETED), {"total": seq, "names": names}, SIGNER))
    return tuple(entries)


def problem(entries: Sequence[Entry], known_head: Head | None = None) -> tuple[int, str] | None:
    found = verify_chain(CHAIN, entries, known_head=known_head).problem
    return None if found is None else (found.seq, found.code)


def test_published_vectors_are_reproduced_byte_for_byte() -> None:
    published = json.loads(VECTORS.read_text())

    assert published["entries"] == [
        {
            "seq": entry.seq,
            "header": entry.header.decode(),
            "body": entry.body.decode(),
            "hash": entry.hash.hex(),
            "signature": entry.signature.hex(),
        }
        for entry in chain_of(3)
    ]
    assert published["public_key"] == SIGNER.public_key.hex()


def test_a_whole_chain_verifies() -> None:
    verdict = verify_chain(CHAIN, chain_of(20))

    assert verdict.problem is None
    assert (verdict.entries, verdict.head) == (20, Head(20, chain_of(20)[-1].hash))


def test_a_chain_continues_from_a_checkpoint() -> None:
    entries = chain_of(20)

    verdict = verify_chain(CHAIN, entries[10:], start=Head(10, entries[9].hash), public_key=SIGNER.public_key)

    assert (verdict.problem, verdict.entries) == (None, 10)


def test_a_new_chain_links_to_the_old_ones_head() -> None:
    assert problem(chain_of(3, Head(9, bytes([7]) * 32))) is None


@given(st.integers(1, 12), st.data())
def test_any_changed_byte_is_named(seq: int, data: st.DataObject) -> None:
    entries = list(chain_of(12))
    entry = entries[seq - 1]
    part = data.draw(st.sampled_from(["header", "body", "hash", "signature"]))
    raw: bytes = getattr(entry, part)
    at, flip = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(1, 255))
    changed = raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
    entries[seq - 1] = replace(entry, **{part: changed})  # type: ignore[arg-type]

    found = problem(entries)

    assert found is not None
    assert found[0] == seq


@given(st.integers(1, 11))
def test_a_removed_entry_is_named(seq: int) -> None:
    entries = list(chain_of(12))
    del entries[seq - 1]

    found = problem(entries)

    assert found is not None
    assert found[0] == seq + 1  # the first that does not follow


@given(st.integers(1, 12), st.integers(1, 12))
def test_reordered_entries_are_named(one: int, other: int) -> None:
    entries = list(chain_of(12))
    entries[one - 1], entries[other - 1] = entries[other - 1], entries[one - 1]

    found = problem(entries)

    assert (found is None) == (one == other)
    if found:
        assert found[0] == max(one, other)


@given(st.integers(0, 11))
def test_a_truncated_tail_is_named_by_comparing_with_a_head(kept: int) -> None:
    whole = chain_of(12)

    assert problem(whole[:kept]) is None
    assert problem(whole[:kept], Head(12, whole[-1].hash)) == (kept + 1, "ledger.truncated")


def test_another_head_than_the_known_one_is_named() -> None:
    assert problem(chain_of(12), Head(5, bytes(32))) == (5, "ledger.other_head")


def test_an_entry_inserted_and_rechained_by_a_stranger_is_named() -> None:
    entries = list(chain_of(3))
    forged = seal(ORIGIN, Head(3, entries[-1].hash), facts(4, Kind.SALE_COMPLETED), {"total": 1}, STRANGER)

    assert problem([*entries, forged]) == (4, "ledger.signature")


def test_a_whole_chain_of_a_stranger_does_not_pass_for_the_tills() -> None:
    body = genesis_body(STRANGER, ChainMode.LIVE, "enrolled", None, Head(0, NO_HASH))
    genesis = seal(ORIGIN, Head(0, NO_HASH), facts(1, Kind.CHAIN_OPENED), body, STRANGER)

    verdict = verify_chain(CHAIN, [genesis], known_head=Head(1, chain_of(1)[0].hash))

    assert verdict.problem is not None
    assert verdict.problem.code == "ledger.other_head"


def test_a_genesis_that_brings_another_key_than_is_trusted_proves_nothing() -> None:
    body = genesis_body(STRANGER, ChainMode.LIVE, "enrolled", None, Head(0, NO_HASH))
    genesis = seal(ORIGIN, Head(0, NO_HASH), facts(1, Kind.CHAIN_OPENED), body, STRANGER)

    assert verify_chain(CHAIN, [genesis]).problem is None
    verdict = verify_chain(CHAIN, [genesis], public_key=SIGNER.public_key)

    assert verdict.problem is not None
    assert verdict.problem.code == "ledger.signature"
    assert verify_chain(CHAIN, chain_of(3), public_key=SIGNER.public_key).problem is None


def test_keys_can_be_rotated_within_a_chain() -> None:
    entries = list(chain_of(2))
    rotated: dict[str, object] = {"public_key": STRANGER.public_key.hex(), "key_id": STRANGER.key_id}
    entries.append(seal(ORIGIN, Head(2, entries[-1].hash), facts(3, Kind.KEY_ROTATED), rotated, SIGNER))
    entries.append(seal(ORIGIN, Head(3, entries[-1].hash), facts(4, Kind.SALE_COMPLETED), {"n": 4}, STRANGER))

    assert problem(entries) is None
    old_key = seal(ORIGIN, Head(4, entries[-1].hash), facts(5, Kind.SALE_COMPLETED), {"n": 5}, SIGNER)
    assert problem([*entries, old_key]) == (5, "ledger.signature")


def test_personal_data_can_be_erased_but_not_changed() -> None:
    personal, digest = personal_part({"name": "Anna Bianchi"})
    entries = list(chain_of(1))
    entry = seal(
        ORIGIN, Head(1, entries[0].hash), facts(2, Kind.CUSTOMER_CREATED), {"personal": digest}, SIGNER, personal
    )

    assert problem([*entries, entry]) is None
    assert problem([*entries, replace(entry, personal=None)]) is None
    other, _ = personal_part({"name": "Anna Bianchi"})
    assert problem([*entries, replace(entry, personal=other)]) == (2, "ledger.personal_changed")


def test_the_header_alone_carries_everything_that_identifies_an_entry() -> None:
    header = json.loads(chain_of(2)[1].header)

    assert header == {
        "format": 1,
        "company": ORIGIN.company,
        "shop": ORIGIN.shop,
        "till": ORIGIN.till,
        "chain": CHAIN,
        "seq": 2,
        "id": "01890000-0000-7000-8000-000000000002",
        "kind": "sale_completed",
        "kind_version": 1,
        "at": "2026-11-23T08:00:02.123456Z",
        "utc_offset": "+01:00",
        "business_day": "2026-11-23",
        "till_session": "01890000-0000-7000-8000-0000000000aa",
        "operator": "01890000-0000-7000-8000-0000000000bb",
        "approved_by": None,
        "command_id": "command-2",
        "app_version": "0.1.0",
        "key_id": SIGNER.key_id,
        "clock_suspect": False,
        "prev": chain_of(2)[0].hash.hex(),
        "body_hash": header["body_hash"],
    }
    assert entry_hash(chain_of(2)[1].header) == chain_of(2)[1].hash


def test_a_float_in_a_body_is_refused() -> None:
    with pytest.raises(TypeError):
        seal(ORIGIN, Head(0, NO_HASH), facts(1, Kind.CORRECTION), {"total": 8.93}, SIGNER)


def test_centrals_signed_head_is_read_back_and_its_forgery_refused() -> None:
    signed = sign_head(STRANGER, ORIGIN.till, CHAIN, Head(3, chain_of(3)[-1].hash), datetime(2026, 11, 23, tzinfo=UTC))
    document = json.loads(json.dumps(signed.as_json()))

    assert read_signed_head(document) == signed
    for change in ({"seq": 4}, {"hash": "00" * 32}, {"chain": "ff" * 16}, {"at": "2026-11-23T00:00:00.000001Z"}):
        with pytest.raises(BadInputError) as caught:
            read_signed_head({**document, **change})
        assert caught.value.code == "head.signature"
    with pytest.raises(BadInputError):
        read_signed_head({"seq": 1})
