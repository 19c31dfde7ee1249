"""Central's word beside the ledger: what it held once is not forgotten when an older word comes."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce.ledger import Head, SignedHead, read_signed_head, sign_head
from terminal.services.kept_heads import merge_heads
from tests.fakes.central import CENTRAL

TILL = "0193a000-0000-7000-8000-0000000000f2"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def word(chain: str, seq: int) -> SignedHead:
    return read_signed_head(sign_head(CENTRAL, TILL, chain * 32, Head(seq, bytes([seq]) * 32), AT).as_json())


def test_the_furthest_word_on_each_chain_is_kept_whatever_central_says_after_it_was_restored() -> None:
    kept = merge_heads([word("a", 5), word("b", 2)], [word("a", 3), word("b", 4), word("c", 1)])

    assert [(head.chain[0], head.head.seq) for head in kept] == [("a", 5), ("b", 4), ("c", 1)]
