"""Each row that a till is served carries its digest for that till, tombstones and operators included."""

from functools import partial
from typing import Any

import orjson

from central.db.feed import publish_many
from central.tills.pulling import change_lines, start_pull
from commerce.rows import row_bytes, row_digest
from commerce.wire import Change
from tests.central.office import Office

PIN = {"time_cost": 1, "memory_kib": 64, "parallelism": 1}
ROWS: list[tuple[str, str, dict[str, Any] | None]] = [
    (
        "vat_code",
        "22",
        {"code": "22", "names": {"it": "Caffè", "de": "Cafe\u0301"}, "rates": [["2013-10-01", "22.00"]]},
    ),
    ("operator", "anna", {"name": "Anna", "pin_salt": "00" * 16, "pin_hash": "11" * 32, "pin_params": PIN}),
    ("item", "a", {"sku": "A", "z": 1, "b": [1.5, None, True]}),
    ("item", "gone", None),
]


async def test_every_row_carries_its_digest_for_the_till_that_asks(office: Office) -> None:
    till, other = await office.known(await office.new_till()), await office.known(await office.new_till("T2"))
    for kind, row_id, row in ROWS:
        rows = [(row_id, row)]
        await office.database.write(partial(publish_many, company=till.company, shop=None, kind=kind, rows=rows))

    lines = [line async for line in change_lines(office.database, await start_pull(office.database, till, "", ""))]
    served = [Change.model_validate(one) for line in lines[:-1] for one in orjson.loads(line)]

    assert [(one.kind, one.id) for one in served if one.kind in ("vat_code", "operator", "item")] == [
        (kind, row_id) for kind, row_id, _ in ROWS
    ]
    for one in served:
        encoded = None if one.row is None else row_bytes(one.row)
        assert one.digest == row_digest(till.secret, one.kind, one.id, one.version, encoded).hex()
        assert one.digest != row_digest(other.secret, one.kind, one.id, one.version, encoded).hex()
