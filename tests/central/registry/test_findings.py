"""What an import found, in words and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.registry.columns import Finding
from central.registry.findings import finding_text, path_beside, write_findings
from commerce.texts import translator

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Finding(3, "row.price", {"price": "=1+1"}, True, ("8000", "=cmd()", "abc"))


def test_a_finding_is_said_in_the_readers_language() -> None:
    assert finding_text(translator("en"), FOUND) == "has a price that cannot be read: =1+1"
    assert finding_text(translator("it"), FOUND) == "ha un prezzo illeggibile: =1+1"


def test_the_file_of_findings_lies_beside_the_imported_one_and_runs_no_formula(tmp_path: Path) -> None:
    path = write_findings(path_beside(tmp_path / "items.csv"), [FOUND], translator("en"))

    assert path.name == "items.csv.errors.csv"
    assert "3,yes,row.price," in path.read_text("utf-8-sig")
    assert "'=cmd()" in path.read_text("utf-8-sig")
