"""The server as a process: starts, says that it is ready, serves, stops cleanly, goes on after a kill."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from central.db.engine import open_database
from central.db.migrate import migrate
from central.jobs.housekeeping import TRIM
from central.jobs.queue import ask_for
from central.jobs.tables import job
from central.jobs.values import Asked, State
from central.sales.tables import sale
from tests.central.closing import close_all
from tests.central.office import Office, open_office
from tests.postgres import PostgresServer
from tests.prerequisites import missing
from tests.shared_data import PROJECT

DEADLINE_S = 60
NUMBERS = count(101)  # of tills


@asynccontextmanager
async def running(
    config: Path, limited: tuple[str, ...] = (), **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server process and its address; ``limited`` is what starts it with fewer means."""
    process = await asyncio.create_subprocess_exec(
        *limited, sys.executable, "-m", "central", "run", "--config", str(config),
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout
    try:
        async with asyncio.timeout(DEADLINE_S):
            line = await process.stdout.readline()
        yield process, line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def config(tmp_path: Path, central_url: str) -> Path:
    return write_config(tmp_path, central_url)


@pytest.fixture
async def postgres_office(postgres_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    database = open_database(postgres_url)
    await migrate(database)
    yield await open_office(database, tmp_path)
    await database.close()


def write_config(folder: Path, url: str) -> Path:
    path = folder / "central.toml"
    general = f'data_dir = "{folder}"\nlog_level = "warning"\n[listen]\nport = 0\n'
    path.write_text(f'{general}[database]\nurl = "{url}"\n', encoding="utf-8")
    return path


async def pushed(address: str, office: Office) -> int:
    """Enrol a till, push three sales, and return the status."""
    till = await office.new_till(f"T{next(NUMBERS)}")
    for _ in range(3):
        till.sell()
    headers = {"Authorization": f"Bearer {till.token}"}
    data = orjson.dumps(till.push().model_dump())
    url = f"{address}/sync/v1/ledger"
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as response:
        return response.status


async def until_sales(office: Office, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(await office.rows(sale)) < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.05)


async def test_it_serves_projects_and_stops_when_told(config: Path, office: Office, tmp_path: Path) -> None:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(DEADLINE_S)
    async with running(config, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="3000000") as (process, address):
        assert await pushed(address, office) == 200
        await until_sales(office, 3)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_S):
            assert await process.wait() == 0
    states = {told.recv(100).decode()}
    while "STOPPING=1" not in states:
        states.add(told.recv(100).decode())
    told.close()
    assert states == {"READY=1", "WATCHDOG=1", "STOPPING=1"}


async def test_after_a_kill_nothing_that_was_acknowledged_is_missing(config: Path, office: Office) -> None:
    async with running(config) as (process, address):
        assert await pushed(address, office) == 200
        process.kill()
        await process.wait()
    async with running(config):
        await until_sales(office, 3)


async def test_it_does_the_jobs_that_were_asked_for(config: Path, office: Office) -> None:
    asked = await office.database.write(partial(ask_for, kind=TRIM, asked=Asked(company=None)))
    async with running(config), asyncio.timeout(DEADLINE_S):
        while (await office.rows(job, id=asked))[0].state != State.DONE:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


async def health(address: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{address}/health") as response:
        return {**await response.json(), "code": response.status}


async def test_more_idle_connections_than_it_has_files_for_keep_no_till_out(config: Path, office: Office) -> None:
    if not shutil.which("prlimit"):
        missing("prlimit", "install the package util-linux")
    async with running(config, ("prlimit", "--nofile=300:300")) as (process, address):
        with contextlib.ExitStack() as idle:
            for _ in range(400):
                idle.enter_context(socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=60))
            assert await pushed(address, office) == 200
            files = len(os.listdir(f"/proc/{process.pid}/fd"))

        assert files < 200
        await until_sales(office, 3)


async def test_a_long_write_of_another_program_never_starves_the_watchdog(tmp_path: Path) -> None:
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(DEADLINE_S)
    config = write_config(tmp_path, f"sqlite:///{tmp_path / 'central.db'}")
    async with running(config, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="300000"):
        rebuilding = sqlite3.connect(tmp_path / "central.db", isolation_level=None)
        rebuilding.execute("BEGIN IMMEDIATE")

        fed = [await asyncio.to_thread(told.recv, 100) for _ in range(40)]  # few of them from before

        rebuilding.rollback()
        rebuilding.close()
    told.close()
    assert set(fed) <= {b"READY=1", b"WATCHDOG=1"}


@pytest.mark.postgres
async def test_a_server_whose_connections_are_all_closed_goes_on_and_says_so(
    postgres_url: str, tmp_path: Path, postgres_office: Office
) -> None:
    office = postgres_office
    async with running(write_config(tmp_path, postgres_url)) as (process, address):
        assert await pushed(address, office) == 200
        await until_sales(office, 3)

        for _ in range(3):
            close_all(postgres_url)
            assert await pushed(address, office) == 200
        await until_sales(office, 12)
        async with asyncio.timeout(DEADLINE_S):
            while (await health(address))["status"] != "ok":  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.05)

        assert process.returncode is None


async def test_a_database_of_a_newer_version_stops_the_start(config: Path, office: Office, central_url: str) -> None:
    database = open_database(central_url)
    await database.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'").close())
    await database.close()

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "central", "run", "--config", str(config),
        cwd=PROJECT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()

    assert process.returncode == 2
    assert "Traceback" not in errors.decode()
    assert isinstance(office, Office)


async def said(config: Path, *words: str) -> tuple[int | None, str]:
    """How a command of central ended, and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "central", *words, "--config", str(config),
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    return process.returncode, errors.decode()


@pytest.mark.postgres
async def test_a_dump_in_another_database_is_served_only_after_a_new_epoch(
    postgres_office: Office, postgres_server: PostgresServer, postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    till = await postgres_office.new_till()
    await postgres_office.accept(till)
    old, new = postgres_office.database.url.database or "", postgres_database()
    postgres_server.run(new.rpartition("/")[2], postgres_server.dump(old))
    config = write_config(tmp_path, new)

    status, sentence = await said(config, "run")
    assert status == 2
    assert "central feed new-epoch" in sentence
    assert "storage.restored" in sentence
    assert await said(config, "feed", "new-epoch") == (0, "")
    async with running(config) as (_, address), aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {till.token}"}
        async with session.get(f"{address}/sync/v1/heads", headers=headers) as response:
            heads = await response.json()

    assert heads["heads"][0]["hash"] == till.head.hash.hex()
