"""Which loops a till runs, and which of them it cannot do without."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from terminal.app import TillApp
from terminal.config import TillConfig
from tests.ports import free_port
from tests.terminal.test_cli import enrolled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.runtime import Loop

DEVICES = {
    "scanners": [{"name": "Scanner", "driver": "virtual"}],
    "printers": [{"name": "Receipts", "driver": "virtual"}],
}


@asynccontextmanager
async def built(folder: Path) -> AsyncIterator[list[Loop]]:
    """The loops of a till whose central does not answer; none of them is begun."""
    enrolled(folder)
    settings = {
        "data_dir": folder / "till-data",
        "listen": {"port": free_port()},
        "central": {"url": f"http://127.0.0.1:{free_port()}"},
        "devices": DEVICES,
    }
    app, cores = TillApp(TillConfig.model_validate(settings)), os.sched_getaffinity(0)
    try:
        yield await app._build(await app._open_core())
    finally:
        await app._close()
        os.sched_setaffinity(0, cores)


async def test_only_what_sells_ends_the_daemon_when_it_ends(tmp_path: Path) -> None:
    async with built(tmp_path) as loops:
        names = {is_core: {loop.name for loop in loops if loop.is_core is is_core} for is_core in (True, False)}

    assert names[True] == {"register", "clock", "drawer Receipts", "prints Receipts", "fiscal register", "cards"}
    assert names[False] >= {"plugging", "device Scanner", "device Receipts", "push", "pull", "live", "idle check"}
