"""Drivers by the names that settings use. Each driver is imported when it is first asked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from commerce.errors import BadInputError
from terminal.devices.drawer.printer_drawer import PrinterDrawer
from terminal.devices.links import DeviceFileLink, Link, TcpLink
from terminal.devices.printer.escpos_printer import EscPosPrinter
from terminal.devices.printer.pace import PrinterTimeouts
from terminal.devices.printer.profiles import CONFIRMATIONS, PROFILES, PrinterProfile
from terminal.devices.printer.virtual import VirtualPrinter
from terminal.devices.protocols import CardReader, CashDrawer, FiscalRegister
from terminal.devices.runner import OpenableScanner

_T = TypeVar("_T")
_NAME = re.compile(r"[^\W_][^/\\\x00-\x1f]{0,63}")  # for people to read, and for virtual devices a file's name


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One device as the till's settings name it; ``options`` are the driver's own."""

    name: str
    kind: str
    driver: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What drivers may use of the till: where virtual devices keep their things, and the register's calendar."""

    data_dir: Path
    today: Callable[[], date]

    def virtual_path(self, name: str) -> Path:
        """Return where the virtual device of this name keeps its things."""
        return self.data_dir / "virtual" / name


Printer: TypeAlias = EscPosPrinter | VirtualPrinter


class Options:
    """A device's options, taken one by one; what is left over or of a wrong type is a mistake in the settings."""

    def __init__(self, settings: DeviceSettings) -> None:
        self._device = settings.name
        self._left = dict(settings.options)

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text; without a default it has to be there."""
        return self._take(name, str, default)

    def number(self, name: str, default: int | None = None) -> int:
        """Take a whole number; a text such as ``0x04b8`` is read as one."""
        value = self._left.get(name)
        if isinstance(value, str):
            try:
                self._left[name] = int(value, 0)
            except ValueError:
                raise self._wrong(name) from None
        return self._take(name, int, default)

    def flag(self, name: str, *, default: bool) -> bool:
        """Take a yes or no."""
        return self._take(name, bool, default)

    def overrides(self, base: _T) -> _T:
        """Replace the fields of a settings dataclass that options of the same name give, if of the same type."""
        changes: dict[str, object] = {}
        for each in fields(base):  # type: ignore[arg-type]
            if each.name in self._left:
                changes[each.name] = self._like(each.name, getattr(base, each.name))
        return replace(base, **changes)  # type: ignore[type-var]

    def finish(self) -> None:
        """Refuse what nobody has taken."""
        for name in self._left:
            raise BadInputError("device.unknown_option", device=self._device, option=name)

    def _like(self, name: str, current: object) -> object:
        if isinstance(current, float):
            return float(self._take(name, (int, float), current))
        return self._left.pop(name) if current is None else self._take(name, type(current), current)

    def _take(self, name: str, kind: type[_T] | tuple[type[_T], ...], default: _T | None) -> _T:
        value = self._left.pop(name, default)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self._wrong(name)
        return value

    def _wrong(self, name: str) -> BadInputError:
        return BadInputError("device.bad_option", device=self._device, option=name)


def build_receipt_printer(settings: DeviceSettings, around: Surroundings) -> Printer:
    """Make the printer that the settings name, not yet connected."""
    return _build(RECEIPT_PRINTERS, settings, around)


def build_scanner(settings: DeviceSettings, around: Surroundings) -> OpenableScanner:
    """Make the scanner that the settings name, not yet connected."""
    return _build(SCANNERS, settings, around)


def build_fiscal_register(settings: DeviceSettings, around: Surroundings) -> FiscalRegister:
    """Make the fiscal register that the settings name."""
    return _build(FISCAL_REGISTERS, settings, around)


def build_card_reader(settings: DeviceSettings, around: Surroundings) -> CardReader:
    """Make the card reader that the settings name."""
    return _build(CARD_READERS, settings, around)


def build_cash_drawer(settings: DeviceSettings, printers: Mapping[str, CashDrawer]) -> CashDrawer:
    """Make the drawer that hangs on the printer named by the option ``printer``."""
    options = Options(settings)
    printer = options.text("printer")
    options.finish()
    if settings.driver != "printer":
        raise BadInputError("device.unknown_driver", device=settings.name, driver=settings.driver)
    if printer not in printers:
        raise BadInputError("device.bad_option", device=settings.name, option="printer")
    return PrinterDrawer(settings.name, printers[printer])


Factory: TypeAlias = Callable[[DeviceSettings, Options, Surroundings], _T]


def _build(drivers: Mapping[str, Factory[_T]], settings: DeviceSettings, around: Surroundings) -> _T:
    if not _NAME.fullmatch(settings.name):
        raise BadInputError("device.bad_name", device=settings.name)
    if settings.driver not in drivers:
        raise BadInputError("device.unknown_driver", device=settings.name, driver=settings.driver)
    options = Options(settings)
    device = drivers[settings.driver](settings, options, around)
    options.finish()
    return device


def _over_tcp(settings: DeviceSettings, options: Options, around: Surroundings) -> Printer:
    return _escpos(settings, options, TcpLink(options.text("host"), options.number("port", 9100)))


def _over_serial(settings: DeviceSettings, options: Options, around: Surroundings) -> Printer:
    from terminal.devices.blocking_links import SerialLink, SerialSettings

    line = options.overrides(SerialSettings(options.text("url")))
    return _escpos(settings, options, SerialLink(line))


def _over_usb(settings: DeviceSettings, options: Options, around: Surroundings) -> Printer:
    from terminal.devices.blocking_links import UsbLink, UsbSettings

    device = options.overrides(UsbSettings(options.number("vendor_id"), options.number("product_id")))
    return _escpos(settings, options, UsbLink(device))


def _over_file(settings: DeviceSettings, options: Options, around: Surroundings) -> Printer:
    return _escpos(settings, options, DeviceFileLink(Path(options.text("path"))))


def _escpos(settings: DeviceSettings, options: Options, link: Link) -> EscPosPrinter:
    profile = _profile(settings, options)
    timeouts = options.overrides(PrinterTimeouts())
    keep_open = options.flag("keep_open", default=True)
    return EscPosPrinter(settings.name, link, profile, timeouts, keep_open=keep_open)


def _virtual_printer(settings: DeviceSettings, options: Options, around: Surroundings) -> Printer:
    directory = Path(options.text("directory", str(around.virtual_path(settings.name))))
    return VirtualPrinter(settings.name, directory, _profile(settings, options))


def _profile(settings: DeviceSettings, options: Options) -> PrinterProfile:
    model = options.text("model", "generic")
    if model not in PROFILES:
        raise BadInputError("device.bad_option", device=settings.name, option="model")
    profile = options.overrides(PROFILES[model])
    if profile.confirmation not in CONFIRMATIONS or profile.drawer_pin not in (2, 5):
        wrong = "drawer_pin" if profile.drawer_pin not in (2, 5) else "confirmation"
        raise BadInputError("device.bad_option", device=settings.name, option=wrong)
    if profile.lines_per_s <= 0:
        raise BadInputError("device.bad_option", device=settings.name, option="lines_per_s")
    return profile


def _evdev_scanner(settings: DeviceSettings, options: Options, around: Surroundings) -> OpenableScanner:
    from terminal.devices.scanner.decoder import DecoderSettings
    from terminal.devices.scanner.evdev_scanner import EvdevScanner
    from terminal.devices.scanner.selection import DeviceSelector

    selector = DeviceSelector(
        path=options.text("path", ""),
        vendor=options.number("vendor", -1),
        model=options.number("model", -1),
        id_path=options.text("id_path", ""),
    )
    selector = replace(
        selector,
        vendor=None if selector.vendor == -1 else selector.vendor,
        model=None if selector.model == -1 else selector.model,
    )
    return EvdevScanner(settings.name, selector, options.overrides(DecoderSettings()))


def _virtual_scanner(settings: DeviceSettings, options: Options, around: Surroundings) -> OpenableScanner:
    from terminal.devices.scanner.decoder import DecoderSettings
    from terminal.devices.scanner.virtual import VirtualScanner

    path = Path(options.text("socket", f"{around.virtual_path(settings.name)}.sock"))
    return VirtualScanner(settings.name, path, options.overrides(DecoderSettings()))


def _fake_fiscal_register(settings: DeviceSettings, options: Options, around: Surroundings) -> FiscalRegister:
    from terminal.devices.fiscal_register.fake import FakeFiscalRegister

    file = Path(options.text("state_file", f"{around.virtual_path(settings.name)}.json"))
    serial = options.text("serial", "99SIM000001")
    return FakeFiscalRegister(settings.name, file, today=around.today, serial=serial)


def _virtual_card_reader(settings: DeviceSettings, options: Options, around: Surroundings) -> CardReader:
    from terminal.devices.card_reader.virtual import SLOW_S, VirtualCardReader

    directory = Path(options.text("directory", str(around.virtual_path(settings.name))))
    return VirtualCardReader(settings.name, directory, slow_s=options.number("slow_s", int(SLOW_S)))


RECEIPT_PRINTERS: Mapping[str, Factory[Printer]] = MappingProxyType(
    {
        "escpos-tcp": _over_tcp,
        "escpos-serial": _over_serial,
        "escpos-usb": _over_usb,
        "escpos-file": _over_file,
        "virtual": _virtual_printer,
    }
)
SCANNERS: Mapping[str, Factory[OpenableScanner]] = MappingProxyType(
    {"evdev": _evdev_scanner, "virtual": _virtual_scanner}
)
FISCAL_REGISTERS: Mapping[str, Factory[FiscalRegister]] = MappingProxyType({"fake": _fake_fiscal_register})
CARD_READERS: Mapping[str, Factory[CardReader]] = MappingProxyType({"virtual": _virtual_card_reader})
