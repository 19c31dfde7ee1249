"""The devices of a till: built from its settings, each under its name, and the loops that have them act."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from commerce.numbering import RECEIPT
from terminal.config import DeviceSection, DevicesSection
from terminal.db.effects import EffectRow
from terminal.devices.card_reader.virtual import VirtualCardReader
from terminal.devices.paper import PaperDocument
from terminal.devices.plugging import Plugging
from terminal.devices.printer.virtual import VirtualPrinter
from terminal.devices.protocols import Availability, CardReader, CashDrawer, DeviceState, FiscalRegister, Scan
from terminal.devices.registry import (
    DeviceSettings,
    Printer,
    Surroundings,
    build_card_reader,
    build_cash_drawer,
    build_fiscal_register,
    build_receipt_printer,
    build_scanner,
)
from terminal.devices.runner import DeviceRunner, watch_card_reader, watch_printer, watch_scanner
from terminal.runtime import Loop
from terminal.services import effects
from terminal.services.paperwork import Paperwork
from terminal.services.printing import paper_of
from terminal.services.routes import Routes

SILENT = "fiscal_register.no_answer"
NO_PRINTER_COLUMNS = 42


def routes_of(wanted: DevicesSection) -> Routes:
    """Return which device does what. Without drawers of their own, one hangs on the printer of receipts."""
    printers = {kind: each.name for each in wanted.printers for kind in each.prints}
    others = [each.name for each in wanted.printers if not each.prints] or [each.name for each in wanted.printers]
    printer = others[0] if others else None
    drawers = {name: each.name for each in wanted.drawers for name in each.drawers}
    rest = [each.name for each in wanted.drawers if not each.drawers] or [each.name for each in wanted.drawers]
    drawer = rest[0] if rest else printers.get(RECEIPT, printer)
    register = wanted.fiscal_register.name if wanted.fiscal_register else None
    return Routes(printer, printers, drawer, drawers, register)


@dataclass
class Plugged:
    """The devices of this till by name, and how each is."""

    routes: Routes
    printers: dict[str, Printer] = field(default_factory=dict)
    drawers: dict[str, CashDrawer] = field(default_factory=dict)
    fiscal_register: FiscalRegister | None = None
    card_readers: dict[str, CardReader] = field(default_factory=dict)
    runners: list[DeviceRunner] = field(default_factory=list)
    states: dict[str, DeviceState] = field(default_factory=dict)
    publish: Callable[[DeviceState], None] = lambda state: None

    def show(self, state: DeviceState) -> None:
        """Keep how a device is now, and say so."""
        self.states[state.name] = state
        self.publish(state)

    def note_register(self, *, is_silent: bool) -> None:
        """Show whether the fiscal register answers."""
        if self.fiscal_register is not None:
            how = (Availability.GONE, SILENT) if is_silent else (Availability.READY, "")
            self.show(DeviceState(self.fiscal_register.name, "fiscal_register", *how))

    @property
    def paper(self) -> VirtualPrinter | None:
        """Return the printer whose paper can be looked at, if there is one."""
        return next((each for each in self.printers.values() if isinstance(each, VirtualPrinter)), None)

    def wake_scanners(self) -> None:
        """Try scanners that are missing: something was plugged in."""
        for runner in self.runners:
            if runner.state.kind == "scanner" and runner.state.availability is Availability.GONE:
                runner.wake()

    def list_states(self) -> Sequence[DeviceState]:
        """Return every device's state, in the order of the settings."""
        return tuple(self.states.values())


def plug_in(
    wanted: DevicesSection,
    around: Surroundings,
    on_scan: Callable[[Scan], Awaitable[None]],
    publish: Callable[[DeviceState], None],
    reached: Callable[[str], None],
) -> Plugged:
    """Make every device of the settings, none of them connected yet; BadInputError ``device.…`` for a wrong option."""
    plugged = Plugged(routes_of(wanted), publish=publish)
    for section in wanted.scanners:
        watch = watch_scanner(build_scanner(_settings(section, "scanner"), around), on_scan)
        plugged.runners.append(DeviceRunner(section.name, "scanner", watch, plugged.show))
    for section in wanted.printers:
        printer = build_receipt_printer(_settings(section, "receipt_printer"), around)
        printer.on_sent = lambda: reached("print.sent")
        plugged.printers[section.name] = printer
        plugged.runners.append(DeviceRunner(section.name, "receipt_printer", watch_printer(printer), plugged.show))
    for section in wanted.card_readers:
        reader = build_card_reader(_settings(section, "card_reader"), around)
        if isinstance(reader, VirtualCardReader):
            reader.on_done = lambda what: reached("card.sent" if what == "pay" else "card.reversal_sent")
        plugged.card_readers[section.name] = reader
        plugged.runners.append(DeviceRunner(section.name, "card_reader", watch_card_reader(reader), plugged.show))
    _plug_in_drawers(plugged, wanted)
    plugged.states.update({runner.state.name: runner.state for runner in plugged.runners})
    if wanted.fiscal_register:
        section = wanted.fiscal_register
        plugged.fiscal_register = build_fiscal_register(_settings(section, "fiscal_register"), around)
        plugged.states[section.name] = DeviceState(section.name, "fiscal_register", Availability.READY)
    return plugged


def _plug_in_drawers(plugged: Plugged, wanted: DevicesSection) -> None:
    for section in wanted.drawers:
        plugged.drawers[section.name] = build_cash_drawer(_settings(section, "cash_drawer"), plugged.printers)
    name = plugged.routes.drawer
    if not wanted.drawers and name is not None:
        plugged.drawers[name] = plugged.printers[name]


def device_loops(plugged: Plugged, plugging: Callable[[Callable[[], None]], Plugging] = Plugging) -> list[Loop]:
    """Return a loop per device that is watched, and the one that has missing scanners tried when something comes."""
    loops = [Loop(f"device {runner.state.name}", runner.run, is_core=False) for runner in plugged.runners]
    return [*loops, Loop("plugging", plugging(plugged.wake_scanners).run, is_core=False)]


def effect_loops(
    plugged: Plugged, around: effects.Surroundings, paperwork: Paperwork
) -> tuple[list[effects.EffectLoop], list[Loop]]:
    """Return a loop per printer, drawer and fiscal register: drawers first, as they are woken, and as core loops."""

    async def may_print(effect: EffectRow) -> bool:
        return fiscal.is_silent or await paperwork.may_print(effect)

    def note_register(is_silent: bool) -> None:
        plugged.note_register(is_silent=is_silent)
        for loop in prints.values():
            loop.wake()

    drawers = {name: effects.DrawerLoop(around, drawer) for name, drawer in plugged.drawers.items()}
    drawers = drawers or {"": effects.DrawerLoop(around, None)}
    printers: Mapping[str, Printer | None] = plugged.printers or {"": None}
    prints = {
        name: effects.PrintLoop(around, printer, _renderer(paperwork, printer), may_print, list(drawers.values()))
        for name, printer in printers.items()
    }
    fiscal = effects.FiscalLoop(around, plugged.fiscal_register, paperwork.fiscal_document, note_register)
    _share_out(drawers, plugged.routes.drawer)
    _share_out(prints, plugged.routes.printer)
    loops = [Loop(f"drawer {name}", loop.run) for name, loop in drawers.items()]
    loops += [Loop(f"prints {name}", loop.run) for name, loop in prints.items()]
    return [*drawers.values(), *prints.values(), fiscal], [*loops, Loop("fiscal register", fiscal.run)]


def _share_out(loops: Mapping[str, effects.EffectLoop], default: str | None) -> None:
    """Let each loop take the effects of its device, and one those of devices that are no longer there as well."""
    names = frozenset(loops)
    for name, loop in loops.items():
        loop.takes = _taking(name, names - {name} if name == (default or "") else None)


def _taking(name: str, others: frozenset[str] | None) -> Callable[[EffectRow], bool]:
    if others is None:
        return lambda effect: effect.device == name
    return lambda effect: effect.device not in others


def _renderer(paperwork: Paperwork, printer: Printer | None) -> Callable[[EffectRow], Awaitable[bytes]]:
    async def render(effect: EffectRow) -> bytes:
        entry = await paperwork.printable(effect)
        width = printer.profile.columns if printer else NO_PRINTER_COLUMNS
        return await asyncio.to_thread(_render, paper_of(entry, effect.marker, width), printer)

    return render


def _render(paper: PaperDocument, printer: Printer | None) -> bytes:
    from terminal.devices.printer.escpos_render import render
    from terminal.devices.printer.profiles import PrinterProfile

    return render(paper, printer.profile if printer else PrinterProfile())


def _settings(section: DeviceSection, kind: str) -> DeviceSettings:
    return DeviceSettings(section.name, kind, section.driver, section.options)
