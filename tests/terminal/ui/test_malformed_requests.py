"""Requests that no browser sends: a plain refusal, never a fault of the till."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.malformed import NAMES, ODD, TARGETS, odd_heads, request, status_of

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till

PLACES = [
    (b"GET", b"/"), (b"GET", b"/api/v1/state"), (b"GET", b"/api/v1/live?token=x"), (b"POST", b"/api/v1/token"),
    (b"POST", b"/api/v1/sale/lines"), (b"GET", b"/api/v1/search?q=x"), (b"GET", b"/static/app.js"),
    (b"GET", b"/paper/1"), (b"GET", b"/api/v1/receipts/x"),
]  # fmt: skip
OWN_TARGETS = [
    b"/api/v1/search?q=%ff", b"/api/v1/search?q=" + b"x" * 5000, b"/api/v1/receipts/%00", b"/paper/" + b"9" * 5000,
    b"/paper/-1", b"/paper/1e3", b"/paper/%D9%A3", b"/paper/" + b"9" * 30 + b".bin", b"/api/v1/live?token=%ff",
    b"/api/v1/state?lang=%00",
]  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, b"X-Till-Token"])
async def test_no_header_makes_the_till_fail(till: Till, name: bytes) -> None:
    host, port = till.address.encode(), int(till.address.rpartition(":")[2])
    found = {
        (method, target, value): await status_of(port, request(method, target, name, value, host))
        for method, target in PLACES
        for value in ODD
    }

    assert {key: status for key, status in found.items() if status >= 500} == {}


async def test_no_address_makes_the_till_fail(till: Till) -> None:
    host, port = till.address.encode(), int(till.address.rpartition(":")[2])
    found = {
        (method, target): await status_of(port, request(method, target, host=host))
        for target in (*TARGETS, *OWN_TARGETS)
        for method in (b"GET", b"POST", b"OPTIONS", b"TRACE", b"x")
    }

    assert {key: status for key, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("seed", range(4))
async def test_no_bytes_in_headers_make_the_till_fail(till: Till, seed: int) -> None:
    host, port = till.address.encode(), int(till.address.rpartition(":")[2])
    found = {head: await status_of(port, head) for head in odd_heads(seed, 250, host)}

    assert {head: status for head, status in found.items() if status >= 500} == {}
