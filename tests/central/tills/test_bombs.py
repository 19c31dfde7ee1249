"""Small requests that would grow: each is refused for what it weighs, before anything is made of it."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import zstandard

from central.tills.pace import Pace
from commerce.wire import MAX_BODY_BYTES, MAX_ENROL_BYTES, MAX_PERSONAL_BYTES, EnrolRequest
from tests.central.tills.test_api import body, central

if TYPE_CHECKING:
    from tests.central.tills.test_api import Central

__all__ = ["central"]
ENVELOPE = b'{"wire":1,"till":"01900000-0000-7000-8000-0000000000aa","chain":"%s","entries":[' % (b"0" * 32)
ENTRY = b'{"seq":1,"header":"","body":"","hash":"%s","signature":""},' % (b"0" * 64)
FILL = MAX_BODY_BYTES - 1024
BOMBS = {
    "objects": ENVELOPE + b"{}," * (FILL // 3),
    "lists": b"[" * FILL,
    "empty lists": ENVELOPE + b"[]," * (FILL // 3),
    "numbers": b'{"entries":' + b"1," * (FILL // 2),
    "unknown field": b'{"x":[' + b"{}," * (FILL // 3),
    "entries": ENVELOPE + ENTRY * (FILL // len(ENTRY)),
    "one text": ENVELOPE + b'{"seq":1,"body":"' + b"x" * (FILL - 100) + b'"}]}',
    "zeros": bytes(64 * 1024 * 1024),
}
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (700_000_000, 700_000_000))
from central.tills.messages import parse_push
from commerce.errors import PosError
try:
    parse_push(sys.stdin.buffer.read(), compressed=True)
except PosError as error:
    print(error.code)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_grows_beyond_what_it_says_at_most(name: str) -> None:
    packed = zstandard.compress(BOMBS[name])

    ended = subprocess.run([sys.executable, "-c", PROGRAM], input=packed, capture_output=True, check=False)

    assert ended.stdout.decode().strip() in ("wire.unreadable", "wire.too_large"), ended.stderr.decode()[-500:]
    assert len(packed) < 70_000


async def test_enrolment_takes_no_more_than_its_form_and_nothing_compressed(central: Central) -> None:
    whole = EnrolRequest(code="7KQ2-M4XW-09TB", public_key="00" * 32, app_version="0.1.0").model_dump_json().encode()
    padded = whole + b" " * (MAX_ENROL_BYTES - len(whole))

    answers = [
        await central.ask("POST", "enrol", data=data, headers=headers)
        for data, headers in (
            (padded, {}),
            (padded + b" ", {}),
            (BytesIO(padded + b" "), {}),
            (zstandard.compress(whole), {"Content-Encoding": "zstd"}),
            (zstandard.compress(whole), {"Content-Type": "application/zstd"}),
        )
    ]

    assert [(status, answer["code"]) for status, answer in answers] == [
        (403, "enrol.code"), (413, "wire.too_large"), (413, "wire.too_large"),
        (400, "wire.encoding"), (400, "wire.encoding"),
    ]  # fmt: skip


async def test_a_till_that_sends_bombs_soon_has_to_wait(central: Central) -> None:
    till, honest = await central.office.new_till("T1"), await central.office.new_till("T2", mode="replay")
    central.office.tills.pace = Pace(burst=10_000, per_minute=60)
    bomb = zstandard.compress(BOMBS["objects"])

    answers = [
        (await central.ask("POST", "ledger", till, data=bomb, headers={"Content-Encoding": "zstd"}))[0]
        for _ in range(4)
    ]

    assert answers == [400, 400, 400, 429]
    assert (await central.ask("POST", "ledger", honest, data=body(honest)))[0] == 200


async def test_a_till_that_is_shut_out_is_heard_but_not_for_long(central: Central) -> None:
    till = await central.office.new_till()
    central.office.tills.revoked_pace = Pace(burst=2, per_minute=60)
    await central.office.tills.revoke(till.till, "lost")

    answers = [await central.ask("POST", "ledger", till, data=body(till)) for _ in range(4)]

    assert [status for status, _ in answers] == [200, 200, 200, 429]
    assert answers[0][1]["set_aside"] == 1


async def test_personal_data_and_signatures_weigh_as_well(central: Central) -> None:
    till = await central.office.new_till()
    central.office.tills.pace = Pace(burst=100, per_minute=60)
    entries = till.push().model_dump()["entries"]
    heavy = {"wire": 1, "till": till.till, "chain": till.chain}

    async def push(**change: object) -> tuple[int, str]:
        message = heavy | {"entries": [entries[0] | change]}
        status, answer = await central.ask("POST", "ledger", till, json=message)
        return status, answer.get("code", "")

    assert await push(personal="x" * (MAX_PERSONAL_BYTES + 1)) == (400, "wire.unreadable")
    central.office.tills.pace = Pace(burst=15, per_minute=60)
    assert (await push(signature="A" * 89))[0] == 400
    central.office.tills.pace = Pace(burst=15, per_minute=60)
    assert (await push(personal="x" * MAX_PERSONAL_BYTES))[0] == 200
    assert await push() == (429, "sync.wait")
