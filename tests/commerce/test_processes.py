"""Processes of our own run our own code, wherever somebody starts them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from commerce.processes import program
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("module", ["central.tills.build_worker", "central.web.sheet_worker"])
def test_nothing_is_imported_from_the_folder_somebody_stands_in(tmp_path: Path, module: str) -> None:
    for name in ("central", "pickle", "orjson", "gc"):
        (tmp_path / f"{name}.py").write_text("open('taken', 'w').close()\n")

    subprocess.run(program(module), cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    assert not (tmp_path / "taken").exists()


def test_every_process_of_ours_is_started_like_that() -> None:
    files = [file for package in ("commerce", "central", "terminal") for file in (PROJECT / package).rglob("*.py")]

    starting = [file.name for file in files if re.search(r"\bsys\.executable\b", file.read_text())]

    assert starting == ["processes.py"]
