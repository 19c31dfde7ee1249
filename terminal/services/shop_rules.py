"""The shop's rules for codes that carry a price or weight, read from a ledger without opening it for writing."""

from pathlib import Path

import orjson

from commerce.barcode import ITALIAN_DEFAULT_RULES, EmbeddedRule
from terminal.db.connection import open_reader
from terminal.db.registry import read_kept
from terminal.services.till_core import LEDGER


def read_shop_rules(folder: Path) -> tuple[EmbeddedRule, ...]:
    """Return the rules of the till's settings, or the defaults where there are none yet."""
    reader = open_reader(folder / LEDGER)
    try:
        rows = [orjson.loads(row.encoded) for row in read_kept(reader)[0] if row.kind == "till_settings"]
    finally:
        reader.close()
    if not rows:
        return ITALIAN_DEFAULT_RULES
    return tuple(EmbeddedRule(**rule) for rule in rows[0].get("embedded_rules", []))
