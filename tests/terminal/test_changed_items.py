"""Hands on the catalogue's file: nothing is sold by what was changed, head office hears, another file is fetched."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.errors import CentralUnreachableError
from commerce.ledger import Signer
from commerce.rows import catalogue_statement
from terminal.db.catalog import Catalog
from terminal.db.catalog_seals import ItemChangedError
from terminal.sync.pull import CATALOG, Puller
from tests.fakes.sends import Sends
from tests.terminal.shop import BREAD, CENTRAL, COFFEE, COMPANY, TestTill, items, running_till
from tests.terminal.test_changed_rows import alarms_of, look, registries_of

MEDDLING = {
    "price": f"UPDATE item SET price_scaled = 1 WHERE id = '{COFFEE}'",
    "vat": f"UPDATE item SET vat_code = '4' WHERE id = '{COFFEE}'",
    "name": f"UPDATE item SET names_json = '{{}}' WHERE id = '{COFFEE}'",
    "version": f"UPDATE item SET version = 99 WHERE id = '{COFFEE}'",
    "seal": f"UPDATE item SET seal = zeroblob(16) WHERE id = '{COFFEE}'",
    "no seal": f"UPDATE item SET seal = NULL WHERE id = '{COFFEE}'",
    "both": f"UPDATE item SET price_scaled = 1, seal = zeroblob(16) WHERE id = '{COFFEE}'",
    "another's seal": f"UPDATE item SET price_scaled = 1, seal = (SELECT seal FROM item WHERE id = '{BREAD}')"
    f" WHERE id = '{COFFEE}'",
    "a code more": f"INSERT INTO item_code VALUES ('4006381333931', '{COFFEE}')",
}
GONE = {
    "deleted": f"DELETE FROM item WHERE id = '{COFFEE}'",
    "deleted with its codes": f"DELETE FROM item WHERE id = '{COFFEE}'; DELETE FROM item_code WHERE item = '{COFFEE}'",
}
UNSEEN_AT_A_SCAN = {
    "a code deleted": f"DELETE FROM item_code WHERE item = '{COFFEE}'",
    "a code moved": f"UPDATE item_code SET item = '{BREAD}' WHERE item = '{COFFEE}'",
    "added": "INSERT INTO item SELECT 77, 'cheap', sku, names_json, unit, vat_code, 1, version, seal FROM item LIMIT 1",
}


@dataclass
class SendsFile(Sends):
    """A central that has a ready file, not sealed for this till."""

    file: Path = field(default_factory=Path)

    async def download_snapshot(self, target: Path) -> str:
        """Give a copy and central's signature over it."""
        self.snapshots += 1
        shutil.copyfile(self.file, target)
        digest = hashlib.sha256(target.read_bytes()).digest()
        return CENTRAL.sign(catalogue_statement(COMPANY, digest)).hex()


async def central_with_file(folder: Path) -> SendsFile:
    made = folder / "made"
    made.mkdir(exist_ok=True)
    source = Catalog(made, bytes(32))
    await source.open()
    await source.apply_items(items(), "1.1.1")
    path = source.path
    await source.close()
    return SendsFile({}, file=path)


def meddle(folder: Path, script: str) -> None:
    (path,) = folder.glob("catalog-*.db")
    with contextlib.closing(sqlite3.connect(path)) as hand:
        before = hand.total_changes
        hand.executescript(script)
        hand.commit()
        assert hand.total_changes > before


async def check_healed(till: TestTill, folder: Path) -> None:
    sends = await central_with_file(folder)
    await Puller(registries_of(till), sends).pull()
    assert sends.snapshots == 1
    if till.state.operator is None:
        await till.ready()
    await till.scan(COFFEE)
    assert till.state.basket is not None
    assert till.state.basket.lines[-1].unit_price == Decimal("3.49")
    await till.pay()
    await look(till, folder)
    assert till.core.catalog.changed == set()
    again = await central_with_file(folder)
    await Puller(registries_of(till), again).pull()
    assert again.snapshots == 0


@pytest.mark.parametrize("what", MEDDLING)
@pytest.mark.parametrize("when", ["before a start", "while running"])
async def test_an_item_that_was_changed_is_not_sold_and_comes_back(tmp_path: Path, what: str, when: str) -> None:
    async with running_till(tmp_path) as till:
        await till.register.note_catalogue()
        await till.ready()
        if when == "while running":
            meddle(tmp_path, MEDDLING[what])
            await refused(till, tmp_path)
    if when == "before a start":
        meddle(tmp_path, MEDDLING[what])
        async with running_till(tmp_path, fill=False) as till:
            await refused(till, tmp_path)


async def refused(till: TestTill, folder: Path) -> None:
    woken: list[str] = []
    till.core.catalog.on_damage = lambda: woken.append("pull")
    with pytest.raises(ItemChangedError):
        await till.scan(COFFEE)
    await look(till, folder)
    await look(till, folder)

    assert woken == ["pull"]
    assert [notice.code for notice in till.state.notices] == ["item.changed", "registry.changed"]
    assert await alarms_of(till) == [f"registry_changed item/{COFFEE}"]
    assert (await till.sell(BREAD)).values["document"]
    await check_healed(till, folder)


@pytest.mark.parametrize("what", [*MEDDLING, *GONE, *UNSEEN_AT_A_SCAN])
async def test_what_nobody_scans_is_found_all_the_same(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        await till.register.note_catalogue()
        await look(till, tmp_path)
        assert till.core.catalog.changed == set()
        meddle(tmp_path, (MEDDLING | GONE | UNSEEN_AT_A_SCAN)[what])
        await look(till, tmp_path)

        (alarm, *_) = await alarms_of(till)
        assert alarm.startswith("registry_changed item")
        assert await registries_of(till).cursor(CATALOG) is None
        await check_healed(till, tmp_path)


async def test_a_cursor_of_the_catalogue_that_was_moved_is_none(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        assert till.core.catalog.cursor() == "1.1.1"
        meddle(tmp_path, "UPDATE meta SET value = '1.1.9' WHERE key = 'cursor'")

        assert till.core.catalog.cursor() is None


async def test_changes_that_come_keep_the_sum_right(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        first, second, *_ = items()
        await till.core.catalog.apply_items([first.model_copy(update={"version": 2}), second], "1.1.2")
        await till.core.catalog.apply_items([second.model_copy(update={"row": None})], "1.1.3")
        await look(till, tmp_path)
        await look(till, tmp_path)

        assert till.core.catalog.changed == set()
        assert till.core.catalog.cursor() == "1.1.3"


async def signature_of(path: Path, company: str = COMPANY, signer: Signer = CENTRAL) -> str:
    return signer.sign(catalogue_statement(company, hashlib.sha256(path.read_bytes()).digest())).hex()


@pytest.mark.parametrize("wrong", ["none", "no hex", "another key", "another company", "another file"])
async def test_a_catalogue_that_central_did_not_sign_is_not_used(tmp_path: Path, wrong: str) -> None:
    async with running_till(tmp_path) as till:
        central = await central_with_file(tmp_path)
        registries, target = registries_of(till), till.core.catalog.fresh_path()
        good = await central.download_snapshot(target)
        before = till.core.catalog.path
        signature = {
            "none": "",
            "no hex": "signed, central",
            "another key": await signature_of(target, signer=Signer(Ed25519PrivateKey.generate())),
            "another company": await signature_of(target, "0193a000-0000-7000-8000-0000000000ff"),
            "another file": good,
        }[wrong]
        if wrong == "another file":
            with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as file:
                file.execute("UPDATE item SET price_scaled = 1")

        with pytest.raises(CentralUnreachableError, match=r"sync\.catalogue_forged"):
            await registries.adopt_snapshot(target, signature)

        assert till.core.catalog.path == before
        assert till.core.catalog.find_item(COFFEE) is not None
