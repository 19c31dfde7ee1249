"""What was measured is written where programs and people look for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bench.__main__ import BENCHES, read_options
from bench.figures import Figure
from bench.report import BEGIN, END, write_docs, write_json

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = [
    Figure("sale commit", 800.0, 1500.0, 0.533, "sales/s", "ratio ≥ 0.5", True),
    Figure("scan to frame", 6.1, 1.3, 0.213, "ms", "p99 ≤ 5 ms", False),
]


def test_the_file_for_programs_is_a_list_of_all_figures(tmp_path: Path) -> None:
    write_json(FIGURES, tmp_path / "deep" / "bench.json")
    rows = json.loads((tmp_path / "deep" / "bench.json").read_text(encoding="utf-8"))

    assert [(row["name"], row["holds"]) for row in rows] == [("sale commit", True), ("scan to frame", False)]
    assert set(rows[0]) == {"name", "ours", "raw", "ratio", "unit", "target", "holds"}


def test_the_page_gets_figures_machine_and_raw_statements_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n{BEGIN}\nold figures\n{END}\nafter\n", encoding="utf-8")

    write_docs(FIGURES, {"sale_commit": "INSERT INTO entry VALUES (?);"}, page)
    text = page.read_text(encoding="utf-8")

    assert text.startswith(f"# Before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| scan to frame | 6.10 | 1.30 | 0.21 | ms | p99 ≤ 5 ms | no |" in text
    assert "INSERT INTO entry VALUES (?);" in text
    assert "Python 3." in text
    assert "old figures" not in text


def test_a_page_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Nothing here\n", encoding="utf-8")

    with pytest.raises(ValueError, match="no place for figures"):
        write_docs(FIGURES, {}, page)
    assert page.read_text(encoding="utf-8") == "# Nothing here\n"


def test_without_a_name_everything_is_measured() -> None:
    assert read_options([]).names == BENCHES


@pytest.mark.parametrize("arguments", [["sale_comit"], ["--write-docs", "--quick"], ["--write-docs", "sale_commit"]])
def test_what_cannot_be_meant_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        read_options(arguments)

    assert refused.value.code == 2
    assert "error" in capsys.readouterr().err
