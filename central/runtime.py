"""Runs the server: every task in one group, the watchdog fed, everything stopped in order."""

import asyncio
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog
from aiohttp import web

from central.db.engine import Database, ping
from central.db.events import trim
from central.db.lasting import Condition, lasting
from central.db.marker import EpochMarker
from central.db.migrate import migrate
from central.db.readers import Reader, follow, watch_lags
from central.db.relay import relay_signals, send_signals
from central.jobs.runner import Runner
from central.jobs.scheduling import Schedule, ask_for_due
from central.tills.api import close_shut_out, nudge_tills
from central.tills.fleet import Fleet
from central.tills.projector import Projector
from central.web.keys import WEB_SETTINGS
from commerce.door import Door, room_for_connections
from commerce.entrance import KEEP_ALIVE_S, LINGER_S, Entrance
from commerce.errors import ConflictError, PosError, StartError

_log = structlog.get_logger()
_FLUSH_S = 2.0
_TRIM_S = 600.0
_LAGS_S = 30.0
_SCHEDULE_S = 20.0
_ASK_S = 10.0
_ALIVE_S = 5.0
_SWITCH_S = 0.0005
_STUCK_S = 900.0  # a rebuild's longest transaction takes minutes; nothing takes a quarter of an hour
_SHUTDOWN_S = 15.0
MOST_CONNECTIONS = 8_000  # a live channel and a push for each of thousands of tills


class Address(Protocol):
    """Where the server is reached; with a certificate it speaks TLS."""

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def certificate(self) -> Path | None: ...  # noqa: D102
    @property
    def key(self) -> Path | None: ...  # noqa: D102


class Parts(Protocol):
    """What the composition root built and the runtime keeps going."""

    @property
    def listen(self) -> Address: ...  # noqa: D102
    @property
    def database(self) -> Database: ...  # noqa: D102
    @property
    def projector(self) -> Projector: ...  # noqa: D102
    @property
    def fleet(self) -> Fleet: ...  # noqa: D102
    @property
    def marker(self) -> EpochMarker: ...  # noqa: D102
    @property
    def condition(self) -> Condition: ...  # noqa: D102
    @property
    def runners(self) -> tuple[Runner, ...]: ...  # noqa: D102
    @property
    def readers(self) -> tuple[Reader, ...]: ...  # noqa: D102
    @property
    def schedules(self) -> tuple[Schedule, ...]: ...  # noqa: D102
    @property
    def web(self) -> web.Application: ...  # noqa: D102


async def serve(central: Parts, announce: Callable[[str], None] = lambda _: None) -> None:
    """Run until SIGTERM or SIGINT; loops outlive whatever fails in them, and ``/health`` names those that do.

    ``announce`` is told the address once tills and browsers can come.
    """
    tune_interpreter()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await _prepare(central)
        await _run(central, stopping, announce)
    finally:
        notify("STOPPING=1")
        await central.database.close()


def tune_interpreter() -> None:
    """Set the process up for many threads and large batches."""
    gc.set_threshold(100_000, 50, 100)  # the collector walking parsed batches cost a fifth of an ingest
    # A thread that computes gives way at once: a page has twenty round trips to the database, and after each one it
    # waited for as long as a report in another thread might keep the interpreter.
    sys.setswitchinterval(_SWITCH_S)


async def _prepare(central: Parts) -> None:
    """Bring the database up to date; whatever fails here ends the start with a sentence."""
    try:
        await migrate(central.database)
        if await central.marker.check():
            _log.warning("database_is_older_than_its_marker", consequence="tills take a snapshot")
    except PosError:
        raise
    except Exception as error:
        _log.exception("central_could_not_start")
        raise StartError.of(error) from error


async def _run(central: Parts, stopping: asyncio.Event, announce: Callable[[str], None]) -> None:
    runner = make_runner(central.web)
    await runner.setup()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(), name=name) for name, run in _loops(central).items()]
            address = await _listen(runner, central.listen)
            _log.info("central_listens", address=address)
            notify("READY=1")
            announce(address)
            await stopping.wait()
            notify("STOPPING=1")
            await runner.cleanup()
            for task in tasks:
                task.cancel()
    finally:
        await runner.cleanup()
        with suppress(PosError):  # heartbeats: the next ones say the same
            await central.fleet.flush()


def make_runner(app: web.Application) -> web.AppRunner:
    """Return what serves the application."""
    return web.AppRunner(
        app,
        auto_decompress=False,  # bodies are taken with a limit of our own
        shutdown_timeout=_SHUTDOWN_S,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=KEEP_ALIVE_S,
        lingering_time=LINGER_S,
    )


def _loops(central: Parts) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    database, due = central.database, partial(ask_for_due, schedules=central.schedules)
    works: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "projector": central.projector.run,
        "relay": partial(relay_signals, database),
        "marker": central.marker.follow,
        "fleet": partial(_every, _FLUSH_S, central.fleet.flush),
        "events": partial(_every, _TRIM_S, partial(database.write, trim)),
        "nudges": partial(nudge_tills, central.web),
        "shut_out": partial(close_shut_out, central.web),
        "watch": partial(_watch, central),
        "lags": partial(_every, _LAGS_S, partial(_look_for_lags, central)),
        "schedule": partial(_every, _SCHEDULE_S, partial(database.write, due)),
        **{f"reader {reader.name}": partial(follow, database, reader) for reader in central.readers},
        **{f"jobs {number}": runner.run for number, runner in enumerate(central.runners, 1)},
    }
    if database.url.get_backend_name() == "postgresql":
        works["signals"] = partial(send_signals, database)
    return {name: partial(lasting, name, work, central.condition) for name, work in works.items()}


async def _every(period_s: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(period_s)
        await work()


async def _look_for_lags(central: Parts) -> None:
    await watch_lags(central.database, central.condition, central.condition.now())


async def _watch(central: Parts) -> None:
    """Ask the database how it is, and feed systemd's watchdog while no job is stuck.

    A database that is away is no reason to be started anew: that would mend nothing.
    """
    period_s = min(_ASK_S, int(os.environ.get("WATCHDOG_USEC", "30000000")) / 3_000_000)
    while True:
        try:
            async with asyncio.timeout(_ALIVE_S):
                await central.database.read(ping)
        except (PosError, TimeoutError) as error:
            central.condition.failed("database", error)
        else:
            central.condition.well("database")
        if central.database.longest_job_s() < _STUCK_S:
            notify("WATCHDOG=1")
        await asyncio.sleep(period_s)


async def _listen(runner: web.AppRunner, listen: Address) -> str:
    context = None
    if listen.certificate and listen.key:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(listen.certificate, listen.key)
    try:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        listener = socket.create_server((listen.host, listen.port), family=family)
    except OSError as error:
        raise ConflictError("listen.in_use", host=listen.host, port=listen.port) from error
    proxies = runner.app[WEB_SETTINGS].trusted_proxies
    door = Door(room_for_connections(MOST_CONNECTIONS), proxies=proxies)
    await Entrance(runner, listener, context, door).start()
    port = runner.addresses[0][1]
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{'https' if context else 'http'}://{host}:{port}"


def notify(state: str) -> None:
    """Tell systemd how we are; without systemd nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    address = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.setblocking(False)  # a listener that does not read must not stop the loop
        try:
            link.sendto(state.encode(), address)
        except OSError as error:
            _log.warning("systemd_did_not_listen", error=str(error))
