from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminal.ui.till_client import Till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def till() -> AsyncIterator[Till]:
    """A till where Anna has signed on and opened the session."""
    till = Till()
    till.register.sign_on()
    await till.start()
    yield till
    await till.stop()
