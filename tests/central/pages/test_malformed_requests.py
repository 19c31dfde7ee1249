"""Requests that no browser sends: a plain refusal, never a fault of central."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.malformed import NAMES, ODD, TARGETS, odd_heads, request, status_of

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice

PLACES = [
    (b"GET", b"/"), (b"GET", b"/sign-in"), (b"POST", b"/sign-in"), (b"GET", b"/api/v1/sales"),
    (b"PUT", b"/api/v1/items"),
    (b"POST", b"/sync/v1/ledger"), (b"POST", b"/sync/v1/enrol"), (b"GET", b"/sync/v1/heads"),
    (b"GET", b"/sync/v1/live"),
    (b"GET", b"/health"), (b"POST", b"/language"), (b"GET", b"/static/app.css"),
]  # fmt: skip


def port_of(site: HeadOffice) -> int:
    return urlsplit(site.address).port or 0


@pytest.mark.parametrize("name", NAMES)
async def test_no_header_makes_central_fail(site: HeadOffice, name: bytes) -> None:
    found = {
        (method, target, value): await status_of(port_of(site), request(method, target, name, value))
        for method, target in PLACES
        for value in ODD
    }

    assert {key: status for key, status in found.items() if status >= 500} == {}


async def test_no_address_makes_central_fail(site: HeadOffice) -> None:
    found = {
        (method, target): await status_of(port_of(site), request(method, target))
        for target in TARGETS
        for method in (b"GET", b"POST", b"OPTIONS", b"TRACE", b"x")
    }

    assert {key: status for key, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("seed", range(4))
async def test_no_bytes_in_headers_make_central_fail(site: HeadOffice, seed: int) -> None:
    found = {head: await status_of(port_of(site), head) for head in odd_heads(seed, 250)}

    assert {head: status for head, status in found.items() if status >= 500} == {}
