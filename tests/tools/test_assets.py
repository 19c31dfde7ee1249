"""Page files are copied whole and nothing old stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.prerequisites import missing
from tools import assets

if TYPE_CHECKING:
    import pytest


def put(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_every_served_file_is_copied(tmp_path: Path) -> None:
    assets.copy_served(put(tmp_path / "modules", list(assets.SERVED)), tmp_path / "vendor", assets.SERVED)

    copied = {str(path.relative_to(tmp_path / "vendor")) for path in (tmp_path / "vendor").rglob("*.*")}
    assert {name for name in assets.SERVED.values() if "." in name} == copied


def test_what_is_no_longer_served_goes(tmp_path: Path) -> None:
    put(tmp_path / "vendor", ["old/old.js"])

    assets.copy_served(put(tmp_path / "modules", list(assets.SERVED)), tmp_path / "vendor", assets.SERVED)

    assert not (tmp_path / "vendor" / "old").exists()


def test_the_npm_of_the_environment_serves_where_the_system_has_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert assets.find_npm() == str(Path(sys.executable).parent / "npm")


def test_every_served_file_is_where_the_lock_puts_it() -> None:
    if not (assets.MODULES / ".fetched").exists():
        missing("page packages", "run make test, which fetches them")

    assert [name for name in (*assets.SERVED, *assets.LETTERS) if not (assets.MODULES / name).is_file()] == []
