"""The composition root: builds every part of the till and names the loops that the runtime runs."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
from aiohttp import web

from commerce.bodies.sale import SaleCompleted
from commerce.dates import parse_utc, utc_text
from commerce.errors import BadInputError, ConflictError, PosError, StartError, StorageError
from commerce.wire import MOST_DEVICES, DeviceStatus, HeadsAnswer, Heartbeat
from terminal.config import DevicesSection, TillConfig
from terminal.db import printables
from terminal.db.cores import helper_threads, share_a_core
from terminal.devices.protocols import Availability, DeviceState
from terminal.devices.registry import Surroundings
from terminal.plugged import Plugged, device_loops, effect_loops, plug_in, routes_of
from terminal.runtime import Loop, Runtime
from terminal.services import effects
from terminal.services.card_loop import CardLoop
from terminal.services.clock import Clock, SystemClock
from terminal.services.damage import IdleCheck
from terminal.services.identity import FILE_NAME, Identity, load_identity
from terminal.services.paperwork import Paperwork
from terminal.services.rows_check import RowsCheck
from terminal.services.scans import take_scan
from terminal.services.state import RegisterState
from terminal.services.steps import Steps
from terminal.services.till_core import LEDGER, TillCore, close_till, open_till
from terminal.sync.client import CentralAddress, CentralClient
from terminal.sync.first_contact import learn_heads
from terminal.sync.live import LiveChannel
from terminal.sync.outbox import LedgerOutbox
from terminal.sync.pull import Puller
from terminal.sync.push import Pusher
from terminal.sync.registries import TillRegistries
from terminal.ui.keys import LIVE
from terminal.ui.ports import NetworkStatus, StoredReceipt, Typing, UiServices, loopback_hosts
from terminal.ui.server import build_server, open_entrance
from terminal.version import APP_VERSION

_log = structlog.get_logger("till")
CLOCK_CHECK_S = 5.0


@dataclass
class Network:
    """How the till stands with central, as the page shows it."""

    enrolled: bool
    online: bool = False
    reason: str = ""
    offset_ms: int | None = None


class TillApp:
    """A whole till: open it, run its loops, close it."""

    def __init__(self, config: TillConfig, *, clock: Clock | None = None, steps: Steps | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._steps = steps or Steps()
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._refresh: Callable[[], None] = lambda: None
        self.port = 0

    async def run(self, announce: Callable[["TillApp"], None] = lambda app: None) -> None:
        """Run the till until it is told to stop."""
        try:
            core = await self._open_core()
            loops = await self._build(core)
        except BaseException as error:  # what was opened before the failure would keep the process from ending
            await self._close()
            if isinstance(error, PosError) or not isinstance(error, Exception):
                raise
            _log.exception("the till could not start")
            raise StartError.of(error) from error
        runtime = Runtime(loops, is_alive=lambda: core.writer.alive, stop=self._close)
        await runtime.run(lambda: announce(self))

    async def _open_core(self) -> TillCore:
        folder = self._config.data_dir
        _make_folders(folder)
        identity = load_identity(folder / FILE_NAME)
        if (address := self._central(identity)) is not None:
            await learn_heads(folder, LEDGER, identity, address)
        core = await open_till(
            folder,
            identity,
            clock=self._clock,
            app_version=APP_VERSION,
            steps=self._steps,
            routes=routes_of(self._config.devices),
        )
        self._closers.append(lambda: close_till(core))
        asyncio.get_running_loop().set_default_executor(helper_threads())
        share_a_core(core.writer.thread_id)
        return core

    async def _build(self, core: TillCore) -> list[Loop]:
        listener = self._bind()
        self._closers.append(lambda: asyncio.to_thread(listener.close))
        network, devices = Network(enrolled=self._config.central is not None), self._devices(core)
        outbox = LedgerOutbox(
            self._config.data_dir, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now
        )
        await outbox.count()
        core.register.listeners.append(lambda _: outbox.note_commit())  # first: what follows shows the number
        server = build_server(self._ui_services(core, devices, network, outbox))
        refresh = server[LIVE].refresh
        loops = [Loop("register", core.register.run), Loop("clock", lambda: _watch_clock(core))]
        loops += self._effect_loops(core, devices)
        loops += [Loop("idle check", self._idle_check(core, devices).run, is_core=False)]
        rows = RowsCheck(
            self._config.data_dir / LEDGER,
            core.identity.secret,
            core.catalog,
            core.register.note_changed_rows,
            on_look=core.register.check_rows,
        )
        loops += [Loop("rows check", rows.run, is_core=False)]
        loops += device_loops(devices)
        loops += await self._sync_loops(core, outbox, network, devices, refresh)
        self._refresh = refresh
        await self._serve(server, listener)
        return loops

    def _devices(self, core: TillCore) -> Plugged:
        return plug_in(
            self._config.devices,
            Surroundings(self._config.data_dir, lambda: core.now().date()),
            lambda scan: take_scan(core.register, scan),
            lambda state: self._refresh(),
            self._steps.reached,
        )

    def _effect_loops(self, core: TillCore, devices: Plugged) -> list[Loop]:
        paperwork = Paperwork(core.register, core.readers)
        around = effects.Surroundings(paperwork, core.now, self._steps.reached, tell=core.register.tell)
        acting, loops = effect_loops(devices, around, paperwork)
        cards = CardLoop(core.register, devices.card_readers, asyncio.Event(), reached=self._steps.reached)
        core.register.listeners.append(_Signal(acting, lambda state: (state.done, state.prints)).look)
        core.register.listeners.append(_Signal((cards,), lambda state: (state.attempts,)).look)
        return [*loops, Loop("cards", cards.run), Loop("warm up", _warm_up, is_core=False)]

    async def _sync_loops(
        self, core: TillCore, outbox: LedgerOutbox, network: Network, devices: Plugged, refresh: Callable[[], None]
    ) -> list[Loop]:
        address = self._central(core.identity)
        if address is None:
            return []
        client = await CentralClient(address).__aenter__()
        self._closers.append(lambda: client.__aexit__(None, None, None))

        def on_state(online: bool, reason: str) -> None:
            network.online, network.reason = online, reason
            refresh()

        async def on_heads(answer: HeadsAnswer) -> None:
            offset = parse_utc(answer.time) - core.now()
            network.offset_ms = int(offset.total_seconds() * 1000)
            core.register.note_central_time(offset)

        pusher = Pusher(
            core.identity.till_id,
            core.identity.central_public_key,
            outbox,
            client,
            on_state=on_state,
            on_heads=on_heads,
            reached=self._steps.reached,
            news=core.chains.committed,
        )
        puller = Puller(TillRegistries(core.register, core.catalog, core.readers, core.identity), client)
        core.catalog.on_damage = puller.wake
        core.register.listeners.append(_Signal((puller,), lambda state: (state.operating.changed,)).look)
        live = LiveChannel(
            client,
            lambda: _heartbeat(core, outbox, network, devices),
            on_open=pusher.wake,
            on_news=puller.wake,
        )
        return [
            Loop("push", pusher.run, is_core=False),
            Loop("pull", puller.run, is_core=False),
            Loop("live", live.run, is_core=False),
        ]

    def _idle_check(self, core: TillCore, devices: Plugged) -> IdleCheck:
        def tell(damage: StorageError) -> None:
            _log.error("the ledger is damaged", code=damage.code, **damage.values)
            devices.states[LEDGER] = DeviceState(LEDGER, "storage", Availability.ATTENTION, damage.code)
            core.register.tell(damage)

        def is_idle() -> bool:
            return core.register.state.basket is None

        return IdleCheck(self._config.data_dir / LEDGER, is_idle, tell, core.register.put_documents_right)

    def _central(self, identity: Identity) -> CentralAddress | None:
        section = self._config.central
        if section is None:
            return None
        return CentralAddress(section.url, identity.token, section.ca_file, section.timeout_s)

    def _ui_services(self, core: TillCore, devices: Plugged, network: Network, outbox: LedgerOutbox) -> UiServices:
        paper = devices.paper
        listen = self._config.listen

        def network_status() -> NetworkStatus:
            state = "never" if not network.enrolled else "online" if network.online else "offline"
            as_of = core.register.state.operating.as_of
            return NetworkStatus(state, outbox.unsent, outbox.since, as_of)  # type: ignore[arg-type]

        async def search(text: str, _language: str, limit: int) -> Sequence[object]:
            return await core.catalog.search(text, limit)

        return UiServices(
            register=core.register,
            search=search,  # type: ignore[arg-type]
            receipts=LedgerReceipts(core),
            devices=devices.list_states,
            network=network_status,
            now=core.now,
            hosts=loopback_hosts(self.port) | frozenset(listen.allowed_hosts),
            version=APP_VERSION,
            paper=paper,
            draw_paper=_draw_paper if paper else None,
            typing=_typing(self._config.devices),
        )

    def _bind(self) -> socket.socket:
        """Take the port before anything else is started; ConflictError ``listen.in_use``."""
        listen = self._config.listen
        try:
            family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
            listener = socket.create_server((listen.host, listen.port), family=family, reuse_port=False)
        except OSError as error:
            raise ConflictError("listen.in_use", host=listen.host, port=listen.port) from error
        self.port = int(listener.getsockname()[1])
        return listener

    async def _serve(self, server: web.Application, listener: socket.socket) -> None:
        listen = self._config.listen
        runner = await open_entrance(server, listener, _tls(listen.certificate, listen.key))
        self._closers.append(runner.cleanup)

    async def _close(self) -> None:
        """Close what was opened, newest first; the writer last."""
        for close in reversed(self._closers):
            with contextlib.suppress(PosError, OSError):
                await close()
        self._closers.clear()


class _Wakes(Protocol):
    def wake(self) -> None: ...


class _Signal:
    """Wakes those who act when what they act on came or changed: a scan brings nothing to do."""

    def __init__(self, acting: Sequence[_Wakes], of: Callable[[RegisterState], tuple[object, ...]]) -> None:
        self._acting = acting
        self._of = of
        self._seen: tuple[object, ...] = ()

    def look(self, state: RegisterState) -> None:
        """Compare a new state with the last one."""
        seen, self._seen = self._seen, self._of(state)
        if len(seen) != len(self._seen) or any(a is not b for a, b in zip(seen, self._seen, strict=True)):
            for loop in self._acting:
                loop.wake()


class LedgerReceipts:
    """Reads receipts back for pages."""

    def __init__(self, core: TillCore) -> None:
        self._readers = core.readers

    async def find_last(self) -> StoredReceipt | None:
        """Return the newest receipt of this till."""
        return _receipt(await printables.find_last_document_entry(self._readers))

    async def find(self, document: str) -> StoredReceipt | None:
        """Return the receipt with this document id."""
        return _receipt(await printables.find_document_entry(self._readers, document))


def _receipt(entry: printables.StoredEntry[SaleCompleted] | None) -> StoredReceipt | None:
    return StoredReceipt(entry.body, parse_utc(entry.at)) if entry else None


async def _watch_clock(core: TillCore) -> None:
    while True:
        core.register.refresh_clock()
        await asyncio.sleep(CLOCK_CHECK_S)


async def _warm_up() -> None:
    """Load what the first receipt needs, after the till sells, off the loop."""
    from terminal.devices.printer.escpos_render import warm_up

    await asyncio.to_thread(warm_up)
    await asyncio.Event().wait()


def _heartbeat(core: TillCore, outbox: LedgerOutbox, network: Network, devices: Plugged) -> Heartbeat:
    head = core.chains.head
    return Heartbeat(
        unsent=outbox.unsent,
        oldest_unsent_at=utc_text(outbox.since) if outbox.since else None,
        version=APP_VERSION,
        clock_offset_ms=network.offset_ms,
        devices=[*_doubts(core), *_device_states(devices)][:MOST_DEVICES],
        chain=core.chains.chain,
        seq=head.seq,
    )


def _device_states(devices: Plugged) -> list[DeviceStatus]:
    return [DeviceStatus.of(d.name, d.kind, d.availability.value, d.reason, d.doubtful) for d in devices.list_states()]


def _doubts(core: TillCore) -> list[DeviceStatus]:
    """Say that rows of the registries cannot be used here: head office has to mend them."""
    aside = core.register.state.operating.rows_aside
    names = ", ".join(f"{row.kind} {row.id}" for row in aside[:3])
    return [DeviceStatus.of(names, "registry", Availability.ATTENTION.value, "registry.row")] if aside else []


def _make_folders(folder: Path) -> None:
    """Make the data directory, for the till's own user only, with a place for virtual devices.

    One that stands there open to others is closed: the umask of whoever made it is not the till's wish.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "virtual"):
            place.mkdir(exist_ok=True, mode=0o700)
            if place.stat().st_mode & 0o077:
                place.chmod(0o700)
    except OSError as error:
        raise BadInputError("data_dir.unusable", path=str(folder), reason=error.strerror or "") from error


def _typing(wanted: DevicesSection) -> Typing:
    """Return how the page tells scans from typing: not at all where every scanner is a device of its own."""
    keyboard = wanted.keyboard
    if keyboard is None:
        return Typing("device" if wanted.scanners else "rhythm")
    return Typing(keyboard.scans_by, keyboard.prefix, keyboard.rhythm_ms, keyboard.least)


def _draw_paper(job: bytes, texts: object) -> str:
    from terminal.devices.printer.paper_reader import read_paper
    from terminal.devices.printer.paper_view import to_html

    return to_html(read_paper(job), texts)  # type: ignore[arg-type]


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if not certificate or not key:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
