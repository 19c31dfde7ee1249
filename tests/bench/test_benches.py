"""Each benchmark runs on small sizes and hands over its figures; how large these are is no matter of tests."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from bench import sale_commit, scan_frame, shop
from bench.__main__ import BENCHES
from bench.place import Size
from terminal.db.migrate import migrate
from tests.postgres import find_binaries

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = {
    "sale_commit": 2,
    "scan_frame": 3,
    "search": 2,
    "acknowledged": 2,
    "start": 1,
    "ingest": 1,
    "beside_report": 0,
    "files": 3,
    "bombs": 2,
    "memory": 2,
}
WITH_POSTGRES = {"acknowledged": 2, "ingest": 1, "beside_report": 1, "files": 3}


@pytest.mark.parametrize("name", BENCHES)
def test_a_benchmark_measures_ours_and_raw(name: str, tmp_path: Path) -> None:
    module = import_module(f"bench.{name}")
    figures = module.run(Size(tmp_path, quick=True))
    more = WITH_POSTGRES.get(name, 0) if find_binaries() else 0

    assert len(figures) == COUNTS[name] + more
    assert all(figure.ours > 0 and figure.raw > 0 for figure in figures if "growth" not in figure.name)
    assert module.RAW.strip()


def test_a_scan_on_a_hundred_lines_sends_a_page_four_kilobytes_at_most(tmp_path: Path) -> None:
    figure = scan_frame.run(Size(tmp_path, quick=True))[-1]

    assert (figure.unit, figure.target, figure.holds) == ("bytes", "≤ 4096 bytes", True)
    assert figure.ours < 4096 < 100 * figure.raw


def test_raw_writes_the_very_rows_of_the_sale(tmp_path: Path) -> None:
    sale_commit.run(Size(tmp_path, quick=True))
    ours = sqlite3.connect(tmp_path / "sale-commit" / "till" / "ledger.db")
    raw = sqlite3.connect(tmp_path / "sale-commit" / "raw.db")

    for table in ("document", "sale", "effect", "series_counter"):
        assert _rows(raw, table) == _rows(ours, table) != []
    sold = ours.execute("SELECT * FROM entry WHERE kind = 'sale_completed' ORDER BY seq").fetchall()
    assert _rows(raw, "entry") == sold
    ours.close()
    raw.close()


def test_the_raw_tables_are_the_tills_own(tmp_path: Path) -> None:
    raw = sale_commit.open_raw(tmp_path / "raw.db")
    till = sqlite3.connect(tmp_path / "till.db", isolation_level=None)
    migrate(till)

    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert raw.execute("PRAGMA synchronous").fetchone() == (2,)
    assert _rows(raw, "sqlite_schema") == _rows(till, "sqlite_schema")
    raw.close()
    till.close()


def test_the_catalogue_has_as_many_items_as_asked_for_and_finds_them_by_code(tmp_path: Path) -> None:
    shop.write_catalogue(tmp_path / "catalogue.db", 300)
    connection = sqlite3.connect(tmp_path / "catalogue.db")
    found = connection.execute("SELECT item FROM item_code WHERE code = ?", (shop.code_of(299),)).fetchall()

    assert connection.execute("SELECT count(*) FROM item").fetchone() == (300,)
    assert found == [("01900000-0000-7000-9000-000000000299",)]
    connection.close()


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
