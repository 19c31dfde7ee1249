"""Finds the shared data beside the project; tests that need it are skipped where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

from tests.prerequisites import missing

PROJECT = Path(__file__).resolve().parent.parent


def find_shared() -> Path | None:
    """Return the folder of shared data, or None where there is none."""
    folder = Path(os.environ.get("CASSAFORTE_SHARED", PROJECT.parent / "shared"))
    return folder.resolve() if (folder / "data").is_dir() else None


def shared_path(*parts: str) -> Path:
    """Return a file or folder of the shared data, or skip the running test."""
    folder = find_shared()
    path = folder.joinpath(*parts) if folder else None
    if path is None or not path.exists():
        missing("shared data", f"{'/'.join(parts) or 'its folder'}: set CASSAFORTE_SHARED or put it at ../shared")
    return path
