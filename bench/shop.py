"""The invented shop that is measured: one till, its operating set, and a catalogue as large as asked for."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce import catalog_schema as schema
from commerce.barcode.gtin import gtin_check_digit
from commerce.ids import new_id
from commerce.rights import ALL_RIGHTS
from commerce.wire import Change
from terminal.db.catalog_seals import seal_file
from terminal.services.commands import OpenSession, SignOn
from terminal.services.identity import FILE_NAME, Identity, make_identity, save_identity
from terminal.services.operating import PinVerifier
from terminal.services.pins import bind_pin
from terminal.services.register import Register

OPERATOR = "01900000-0000-7000-8000-00000000000a"
COMPANY = "01900000-0000-7000-8000-0000000000c0"
SHOP = "01900000-0000-7000-8000-0000000000f0"
TILL = "01900000-0000-7000-8000-0000000000d0"
PIN = "2468"
_SECRET = bytes(range(32))
_SYLLABLES = "ba be bo ca ce co da di do fa fe fi ga gi la le lo ma mi mo na ne pa pe pi ra re ri sa so ta te ti va vi"
_VOCABULARY = 4000
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment would have given this till."""

    key: Ed25519PrivateKey
    answer: dict[str, Any]

    @property
    def identity(self) -> Identity:
        """Return who the till is."""
        return make_identity(self.key, self.answer)

    def save(self, folder: Path) -> None:
        """Write ``till.key``."""
        folder.mkdir(parents=True, exist_ok=True)
        save_identity(folder / FILE_NAME, self.key, self.answer)


def enrolment() -> Enrolment:
    """Return a till with a fresh key."""
    company = {"id": COMPANY, "name": "Emporio Prova", "tax_id": "01234567897", "country": "IT", "currency": "EUR"}
    answer = {
        "company": company,
        "shop": {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it", "en"]},
        "till": {"id": TILL, "code": "T1", "name": "Cassa 1", "mode": "live"},
        "token": "00" * 32,
        "till_secret": _SECRET.hex(),
        "central_public_key": "11" * 32,
    }
    return Enrolment(Ed25519PrivateKey.generate(), answer)


def operating_set() -> list[Change]:
    """Return the rows without which nobody can sell."""
    settings = {
        "version": 1, "pos_type": "RECEIPT", "vat_mode": "gross", "cash_step": None, "warehouse": "main",
        "drawer": "main", "layout": {"code": "standard", "version": 1, "header": ["Grazie"], "footer": []},
        "embedded_rules": [], "fiscal_required": False, "series_formula": "{series}/{yy}/{number:6}",
        "series_period": "yearly", "unknown_price": "ask",
    }  # fmt: skip
    cash_and_card = [_tender("cash", 1, opens_drawer=True), _tender("card", 2, opens_drawer=False)]
    rows = [Change(kind="till_settings", id=SHOP, version=1, row=settings)]
    return [*rows, _vat("22", default=True), _vat("10"), _vat("4"), *cash_and_card, _operator()]


async def begin_selling(register: Register) -> None:
    """Sign on and open a session."""
    await register.submit(SignOn(new_id(), OPERATOR, PIN))
    await register.submit(OpenSession(new_id(), 10_000))


def code_of(number: int) -> str:
    """Return the EAN-13 of an item."""
    digits = f"80{number:010d}"
    return digits + gtin_check_digit(digits)


def write_catalogue(path: Path, items: int, *, seed: int = 7) -> None:
    """Write a catalogue file as central's snapshot is: whole, with its indexes made last."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + schema.CATALOG_TABLES)
    rows = _items(items, random.Random(seed))
    connection.execute("BEGIN")
    for start in range(0, items, _CHUNK):
        chunk = [next(rows) for _ in range(min(_CHUNK, items - start))]
        connection.executemany(schema.INSERT_ITEM, [(*row, None) for row, _ in chunk])
        connection.executemany(schema.INSERT_CODE, [(code_of(row[0]), row[1]) for row, _ in chunk])
        connection.executemany(schema.INSERT_WORDS, [(row[0], words) for row, words in chunk])
    connection.execute("COMMIT")
    connection.executescript(schema.CATALOG_INDEXES)
    connection.executemany(
        schema.PUT_META, [(schema.META_SCHEMA_VERSION, str(schema.CATALOG_VERSION)), (schema.META_CURSOR, "")]
    )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    seal_file(path, _SECRET)


def use_catalogue(folder: Path, catalogue: Path) -> Path:
    """Put a copy of a catalogue file where a till takes it for its own."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "catalog-1.db"
    shutil.copyfile(catalogue, target)
    (folder / "catalog.current").write_text(target.name, encoding="utf-8")
    return target


def vocabulary(seed: int = 7) -> list[str]:
    """Return the words that items are named with, those of the best sellers first."""
    chance, syllables = random.Random(seed), _SYLLABLES.split()
    words = dict.fromkeys("".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(_VOCABULARY * 2))
    return list(words)[:_VOCABULARY]


def _items(count: int, chance: random.Random) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield rows of ``item`` with the words each is found by."""
    words = vocabulary()
    for number in range(1, count + 1):
        picked = [words[min(int(chance.expovariate(6) * len(words)), len(words) - 1)] for _ in range(3)]
        names = {"it": f"{' '.join(picked)} {number % 1000} g", "en": f"{' '.join(reversed(picked))} {number % 1000} g"}
        sku = f"A{number:07d}"
        price = (50 + number * 37 % 4000) * 1_000_000
        identity = f"01900000-0000-7000-9000-{number:012d}"
        row = (number, identity, sku, orjson.dumps(names).decode(), "pc", ("22", "10", "4")[number % 3], price, 1)
        yield row, schema.item_words(names, sku)


def _vat(code: str, *, default: bool = False) -> Change:
    row = {
        "code": code, "names": {"it": f"IVA {code}%", "en": f"VAT {code}%"}, "rates": [["2013-10-01", f"{code}.00"]],
        "treatment": "taxed", "natura": None, "receipt_code": code, "default": default,
    }  # fmt: skip
    return Change(kind="vat_code", id=f"vat-{code}", version=1, row=row)


def _tender(code: str, position: int, *, opens_drawer: bool) -> Change:
    names = {"it": code, "en": code}
    row = {"code": code, "kind": code, "names": names, "opens_drawer": opens_drawer, "position": position}
    return Change(kind="tender_type", id=f"tender-{code}", version=1, row=row)


def _operator() -> Change:
    cost = {"time_cost": 1, "memory_kib": 64, "parallelism": 1}
    verifier = bind_pin(PIN, PinVerifier(b"a" * 16, b"", **cost), _SECRET).hex()
    row = {
        "name": "Anna", "pin_salt": (b"a" * 16).hex(), "pin_verifier": verifier, "pin_params": cost,
        "rights": list(ALL_RIGHTS), "active": True,
    }  # fmt: skip
    return Change(kind="operator", id=OPERATOR, version=1, row=row)
