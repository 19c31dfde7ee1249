"""Bodies that a stolen till may sign: none costs more than an honest one of its size, and none ends a process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import orjson
import pytest

from commerce.bodies.form import MAX_LINES, Part, read
from commerce.bodies.reading import BODIES
from commerce.bodies.sale import SaleCompleted
from commerce.bounds import MOST_BODY_BYTES
from commerce.canonical import canonical_bytes
from tests.fakes.till import completed_sale

SALE: dict[str, Any] = completed_sale(1, 1, Decimal(1))[0]
FILL = MOST_BODY_BYTES - 4096
WIDE = {f"k{number}": 1 for number in range(60)}


def sale(**changes: object) -> bytes:
    return orjson.dumps({**SALE, **changes})


BOMBS = {
    "numbers for lines": b'{"lines":[' + b"1," * (FILL // 2) + b"1]}",
    "a million numbers for lines": b'{"lines":[' + b"1," * 900_000 + b"1]}",
    "lists for lines": b'{"lines":[' + b"[]," * (FILL // 3) + b"[]]}",
    "objects for lines": b'{"lines":[' + b"{}," * 400_000 + b"{}]}",
    "unknown keys": b"{" + b",".join(b'"%x":1' % number for number in range(FILL // 11)) + b"}",
    "one unknown key again and again": b"{" + b'"":1,' * 900_000 + b'"":1}',
    "wide lines": sale(lines=[WIDE] * 15_000),
    "many names": sale(lines=[{**SALE["lines"][0], "names": WIDE}] * MAX_LINES),
    "discounts of a line": sale(lines=[{**SALE["lines"][0], "discounts": [1] * 900_000}]),
    "attempts of a tender": sale(tenders=[{"attempts": [1] * 900_000}]),
    "one text": b'{"code":"' + b"x" * (FILL - 20) + b'"}',
    "a text beside all else": sale(x="y" * (FILL - 8192)),
    "a number as a document": b'{"currency":[],"document":1,"settlement":{"total":{}}}',
    "nested": b'{"lines":' + b"[" * FILL,
}
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
from commerce.bodies.form import personal_of
from commerce.bodies.reading import read_body
from commerce.bodies.summary import summary_of
from commerce.errors import BadInputError
encoded = sys.stdin.buffer.read()
for kind in ("sale_completed", "session_closed", "alarm_raised"):
    try:
        read_body(kind, 1, encoded)
    except BadInputError as error:
        print(error.code)
summary_of(encoded)
try:
    personal_of(encoded)
except BadInputError as error:
    assert error.code == "json.unreadable"
"""


@pytest.mark.parametrize("name", BOMBS)
def test_no_body_grows_when_it_is_read(name: str) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], input=BOMBS[name], capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr.decode()[-500:]
    codes = ended.stdout.decode().split()
    assert len(codes) == 3
    assert set(codes) <= {"body.unreadable", "body.out_of_bounds"}


def test_the_largest_sale_is_read() -> None:
    body = read(SaleCompleted, canonical_bytes(completed_sale(1, MAX_LINES, Decimal(1))[0]))

    assert len(body.lines) == MAX_LINES


def test_every_list_of_a_body_has_an_end_and_is_given_up_at_its_first_fault() -> None:
    parts = dict.fromkeys(BODIES.values())
    lists = 0
    for part in list(parts):
        lists += check_lists(part)

    assert lists > 20


def check_lists(part: type[Part]) -> int:
    """Look at the lists of a part and of the parts in it."""
    count = 0
    hints = get_type_hints(part, include_extras=True)
    for field in fields(part):  # type: ignore[arg-type]
        for hint, rules in unfolded(hints[field.name]):
            if getattr(hint, "__origin__", None) is tuple and get_args(hint)[-1] is Ellipsis:
                told = " ".join(map(repr, rules))
                assert "fail_fast=True" in told or "FailFast" in told, (part, field.name)
                assert "max_length" in told or "MaxLen" in told, (part, field.name)
                count += 1
            if isinstance(hint, type) and issubclass(hint, Part):
                count += check_lists(hint)
    return count


def unfolded(hint: Any, rules: tuple[object, ...] = ()) -> list[tuple[Any, tuple[object, ...]]]:  # noqa: ANN401 - types
    """Every type within a type, each with what was said of it."""
    own = getattr(hint, "__metadata__", None)
    if own is not None:
        return unfolded(hint.__origin__, own)
    within = [found for inner in get_args(hint) if inner is not Ellipsis for found in unfolded(inner)]
    return [(hint, rules), *within]
