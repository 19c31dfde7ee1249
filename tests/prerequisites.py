"""How a test says that this machine lacks something it needs; the run's last lines repeat it."""

from __future__ import annotations

from typing import NoReturn

import pytest

MARK = "prerequisite missing: "


def missing(prerequisite: str, remedy: str) -> NoReturn:
    """Skip the running test because the machine lacks something."""
    pytest.skip(f"{MARK}{prerequisite} ({remedy})")
