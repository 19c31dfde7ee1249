"""What central sends, taken over into the till's two files; what makes no sense changes nothing and ends nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.errors import CentralUnreachableError, ForbiddenError
from commerce.wire import Change
from terminal.services.state import Screen
from terminal.sync.pull import CATALOG, OPERATING, Puller
from terminal.sync.registries import TillRegistries
from tests.fakes.pauses import DrivenPauses, EnoughError
from tests.fakes.sends import Sends
from tests.terminal.shop import (
    ANNA,
    BRUNO,
    COFFEE,
    SHOP,
    TestTill,
    make_shop_identity,
    operating_changes,
    running_till,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OPERATOR = {
    "name": "Carla",
    "pin_salt": "00" * 16,
    "pin_verifier": "00" * 32,
    "pin_params": {"time_cost": 1, "memory_kib": 64, "parallelism": 1},
}
VAT = {"code": "9", "names": {"it": "IVA"}, "rates": [["2013-10-01", "9.00"]]}
SHOP_ROW = {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it", "en"]}
ITEM = {"sku": "A", "names": {"it": "Latte"}, "unit": "pc", "vat_code": "4", "price": "1.39000000", "codes": ["1"]}
RUBBISH: list[tuple[str, str, dict[str, Any]]] = [
    ("till_settings", SHOP, {}),
    ("till_settings", SHOP, {"version": 9, "series_formula": "{nothing}"}),
    ("till_settings", SHOP, {"version": 9, "cash_step": 0}),
    ("till_settings", SHOP, {"version": 9, "cash_step": "5"}),
    ("till_settings", SHOP, {"version": 9, "cash_step": 0.05}),
    ("till_settings", SHOP, {"version": 9, "embedded_rules": [{"prefix": "x"}]}),
    ("vat_code", "v", {"code": "9"}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "NaN"]]}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "-100.00"]]}),
    ("vat_code", "v", VAT | {"rates": [["2013-10-01", "22.125"]]}),
    ("vat_code", "v", VAT | {"rates": [["yesterday", "22.00"]]}),
    ("tender_type", "t", {"code": "x", "kind": "barter", "names": {}}),
    ("operator", "o", {"name": "Carla"}),
    ("operator", "o", OPERATOR | {"pin_salt": "00"}),
    ("operator", "o", OPERATOR | {"pin_params": {"time_cost": 0, "memory_kib": 64, "parallelism": 1}}),
    ("operator", "o", OPERATOR | {"pin_params": {"time_cost": 1, "memory_kib": 2**40, "parallelism": 1}}),
    ("shop", SHOP, SHOP_ROW | {"zone": "Europe/Atlantis"}),
    ("shop", SHOP, SHOP_ROW | {"languages": []}),
    ("shop", SHOP, SHOP_ROW | {"languages": "it"}),
    ("item", "i", {}),
    ("item", "i", ITEM | {"names": {}}),
    ("item", "i", ITEM | {"names": ["Latte"]}),
    ("item", "i", ITEM | {"names": {"it": 5}}),
    ("item", "i", ITEM | {"price": 1.39}),
    ("item", "i", ITEM | {"price": "cheap"}),
    ("item", "i", ITEM | {"codes": "8001"}),
    ("item", "i", ITEM | {"unit": None}),
    ("item", COFFEE, ITEM | {"vat_code": 4}),
]


GOOD = {
    OPERATING: Change(kind="vat_code", id="nine", version=1, row=VAT),
    CATALOG: Change(kind="item", id="good", version=1, row=ITEM | {"codes": ["77"]}),
}


def registries_of(till: TestTill) -> TillRegistries:
    return TillRegistries(till.register, till.core.catalog, till.core.readers, till.core.identity)


@pytest.mark.parametrize(("kind", "row_id", "row"), RUBBISH)
async def test_rubbish_from_central_is_set_aside_alone_and_ends_nothing(
    tmp_path: Path, kind: str, row_id: str, row: dict[str, Any]
) -> None:
    async with running_till(tmp_path) as till:
        before, feed = till.state.operating, CATALOG if kind == "item" else OPERATING
        bad, good = Change(kind=kind, id=row_id, version=9, row=row), GOOD[feed]
        puller = Puller(registries_of(till), Sends({feed: [[bad, good]]}))

        await puller.pull()

        aside = [(one.kind, one.id, one.version) for one in till.state.operating.rows_aside]
        assert aside == [(kind, row_id, 9)]
        if feed == OPERATING:
            assert "9" in till.state.operating.vat_codes
            assert replace(till.state.operating, rows_aside=(), vat_codes=before.vat_codes) == before
        else:
            assert [found.id for found in till.core.catalog.find_by_code("77")] == ["good"]
        await till.ready()
        assert (await till.sell(COFFEE)).values["document"]


async def test_a_row_set_aside_is_shown_until_it_is_mended(tmp_path: Path) -> None:
    bad = Change(kind="vat_code", id="vat-22", version=9, row={"code": "22"})
    async with running_till(tmp_path) as till:
        sends = Sends({OPERATING: [[bad]]})
        await Puller(registries_of(till), sends).pull()
        first = till.state.operating.as_of
        till.clock.advance(timedelta(hours=3))
        sends.lines[OPERATING] = [[bad.model_copy(update={"version": 10})]]
        await Puller(registries_of(till), sends).pull()
        again = till.state.operating.as_of

    async with running_till(tmp_path, fill=False) as till:
        after_a_restart = till.state.operating.as_of
        assert "22" in till.state.operating.vat_codes
        mended = bad.model_copy(update={"version": 11, "row": VAT | {"code": "22"}})
        await Puller(registries_of(till), Sends({OPERATING: [[mended]]})).pull()

        assert till.state.operating.rows_aside == ()
        assert till.state.operating.as_of is None
    assert first is not None
    assert first == again == after_a_restart


async def test_an_item_set_aside_keeps_its_price_until_a_good_one_comes(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        sends = Sends({CATALOG: [[Change(kind="item", id=COFFEE, version=9, row=ITEM | {"price": "cheap"})]]})
        await Puller(registries_of(till), sends).pull()
        kept = till.core.catalog.find_item(COFFEE)
        aside = till.state.operating.rows_aside
        sends.lines[CATALOG] = [[Change(kind="item", id=COFFEE, version=10, row=ITEM | {"price": "2.00000000"})]]
        await Puller(registries_of(till), sends).pull()
        now = till.core.catalog.find_item(COFFEE)

        assert kept is not None
        assert now is not None
        assert (str(kept.price), str(now.price)) == ("3.49000000", "2.00000000")
        assert [one.id for one in aside] == [COFFEE]
        assert till.state.operating.rows_aside == ()


async def test_a_start_over_puts_the_whole_set_in_the_place_of_the_old_one(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        left = [change for change in operating_changes() if change.id not in (BRUNO, "vat-10", "tender-voucher")]
        sends = Sends({OPERATING: [left[:4], left[4:]]}, epoch_is_new=True)

        await Puller(registries_of(till), sends).pull()

        operating = till.state.operating
        assert BRUNO not in operating.operators
        assert ANNA in operating.operators
        assert "10" not in operating.vat_codes
        assert [tender.code for tender in operating.tender_types] == ["cash", "card"]


@pytest.mark.parametrize("how", ["inactive", "deleted", "gone from the whole"])
async def test_an_operator_who_may_no_longer_sell_is_signed_off_at_once_and_stays_so(tmp_path: Path, how: str) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        anna = next(change for change in operating_changes() if change.id == ANNA)
        others = [change for change in operating_changes() if change.id != ANNA]
        row = None if how == "deleted" else (anna.row or {}) | {"active": False}
        changed = [] if how == "gone from the whole" else [anna.model_copy(update={"version": 2, "row": row})]
        sends = Sends({OPERATING: [[*others, *changed]]}, epoch_is_new=how == "gone from the whole")

        await Puller(registries_of(till), sends).pull()

        assert till.state.operator is None
        assert till.state.screen is Screen.SIGN_ON
        assert [notice.code for notice in till.state.notices] == ["operator.inactive"]
        with pytest.raises(ForbiddenError):
            await till.pay()
        off = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'operator_signed_off'")
        assert [orjson.loads(body)["reason"] for (body,) in off] == ["inactive"]

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.operator is None
        assert till.state.basket is not None


async def test_who_was_made_inactive_while_the_till_was_off_does_not_sell_after_it(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
        hand.execute(
            "UPDATE registry_row SET row = replace(row, '\"active\":true', '\"active\":false') WHERE id = ?", (ANNA,)
        )
        hand.commit()

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.operator is None
        with pytest.raises(ForbiddenError):
            await till.scan(COFFEE)


async def test_a_program_that_understands_more_begins_the_feeds_anew(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        registries = registries_of(till)
        await till.register.note_catalogue()
        before = await registries.cursor(OPERATING), await registries.cursor(CATALOG)
        await till.core.writer.run(
            lambda tx: tx.execute("UPDATE pull_cursor SET understood = replace(understood, '1/', '0/')")
        )
        after = await registries.cursor(OPERATING), await registries.cursor(CATALOG)
        sends = Sends({OPERATING: [operating_changes()]})
        with pytest.raises(CentralUnreachableError):  # this central has no snapshot
            await Puller(registries, sends).pull()

        assert before == ("1.1.1", "1.1.1")
        assert after == (None, None)
        assert sends.asked[0] == (OPERATING, "")
        assert sends.snapshots == 1


async def test_a_till_enrolled_again_gets_its_operators_again(tmp_path: Path) -> None:
    async with running_till(tmp_path):
        pass
    again = replace(make_shop_identity(), secret=bytes(32))

    async with running_till(tmp_path, identity=again, fill=False) as till:
        assert await registries_of(till).cursor(OPERATING) is None


async def test_pulling_goes_on_whatever_goes_wrong_and_ever_more_seldom(tmp_path: Path) -> None:
    class Broken(Sends):
        async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
            self.asked.append((feed, after))
            raise ZeroDivisionError
            yield

    async with running_till(tmp_path) as till:
        broken, pauses = Broken({}), DrivenPauses(3600.0)
        puller = Puller(registries_of(till), broken, rest=pauses.rest)
        pauses._commit = puller.wake

        with pytest.raises(EnoughError):
            await puller.run()

    assert 30 < len(broken.asked) < 200
