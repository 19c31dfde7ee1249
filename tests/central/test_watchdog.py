"""A server at work on something long goes on saying that it is alive."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from central.app import Central, build
from central.config import CentralConfig
from central.runtime import serve
from central.sales.projection import SalesProjection
from central.tills.projector import Projector
from central.tills.rebuilding import rebuild

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.central.office import Office

FEEDINGS = 50  # few of them from before
DEADLINE_S = 60


class LongClearing(SalesProjection):
    """Drops every sale, in the rebuild's transaction, and stays in it until the watchdog was fed so many times."""

    def __init__(self, systemd: socket.socket, central: Central) -> None:
        self.fed = 0
        self.failing: set[str] = set()
        self._systemd = systemd
        self._central = central

    def clear(self, connection: Connection) -> None:
        super().clear(connection)
        while self._systemd.recv(100):
            self.fed += 1
            self.failing |= set(self._central.condition.failing)
            if self.fed == FEEDINGS:
                return


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What hears how the server is; it asks to hear it thirty times a second."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "90000")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(DEADLINE_S)
        yield told


@contextlib.asynccontextmanager
async def serving(folder: Path, office: Office) -> AsyncIterator[Central]:
    """A server in this process, on the office's database."""
    url = office.database.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")
    settings = {"data_dir": folder, "listen": {"port": 0}, "database": {"url": url}}
    central, is_up = build(CentralConfig.model_validate(settings), office.clock), asyncio.Event()
    before = gc.get_threshold(), sys.getswitchinterval()
    server = asyncio.create_task(serve(central, lambda _: is_up.set()))
    await asyncio.wait_for(is_up.wait(), DEADLINE_S)
    try:
        yield central
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])


async def test_a_long_rebuild_never_starves_the_watchdog(
    office: Office, systemd: socket.socket, tmp_path: Path
) -> None:
    till = await office.new_till()
    till.open_session()
    till.sell()
    await office.accept(till)

    async with serving(tmp_path, office) as central:
        heard = systemd.recv(100)
        while heard != b"READY=1":
            heard = systemd.recv(100)
        long = LongClearing(systemd, central)
        await rebuild(Projector(central.database, long, office.clock))

    assert long.fed == FEEDINGS
    assert long.failing == set()
