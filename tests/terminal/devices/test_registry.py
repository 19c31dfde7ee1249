"""Devices from settings."""

from datetime import date
from pathlib import Path

import pytest

from commerce.errors import BadInputError
from terminal.devices.drawer.printer_drawer import PrinterDrawer
from terminal.devices.fiscal_register.fake import FakeFiscalRegister
from terminal.devices.printer.escpos_printer import EscPosPrinter
from terminal.devices.printer.virtual import VirtualPrinter
from terminal.devices.protocols import CardRequest
from terminal.devices.registry import (
    RECEIPT_PRINTERS,
    DeviceSettings,
    Surroundings,
    build_card_reader,
    build_cash_drawer,
    build_fiscal_register,
    build_receipt_printer,
    build_scanner,
)

OPTIONS: dict[str, dict[str, object]] = {
    "escpos-tcp": {"host": "127.0.0.1", "port": 9100},
    "escpos-serial": {"url": "/dev/ttyUSB0", "baudrate": 19200, "rtscts": True},
    "escpos-usb": {"vendor_id": "0x04b8", "product_id": 0x0E15, "serial_number": "X1"},
    "escpos-file": {"path": "/dev/usb/lp0"},
    "virtual": {},
}


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path, lambda: date(2026, 1, 1))


def printer_settings(driver: str, **options: object) -> DeviceSettings:
    return DeviceSettings("receipts", "receipt_printer", driver, {**OPTIONS.get(driver, {}), **options})


@pytest.mark.parametrize("driver", list(RECEIPT_PRINTERS))
def test_every_printer_driver_is_built_from_its_options(driver: str, around: Surroundings) -> None:
    printer = build_receipt_printer(printer_settings(driver), around)

    assert isinstance(printer, VirtualPrinter if driver == "virtual" else EscPosPrinter)
    assert printer.name == "receipts"


@pytest.mark.parametrize("driver", ["escpos-tcp", "virtual"])
def test_a_models_settings_can_be_overridden(driver: str, around: Surroundings) -> None:
    settings = printer_settings(driver, model="epson-tm-t20", code_page_slot=7, drawer_open_is_high=False)

    profile = build_receipt_printer(settings, around).profile

    assert (profile.columns, profile.code_page_slot, profile.drawer_open_is_high) == (48, 7, False)


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("prot", 9100, "device.unknown_option"),
        ("port", "nine", "device.bad_option"),
        ("port", True, "device.bad_option"),
        ("model", "typewriter", "device.bad_option"),
        ("drawer_pin", 3, "device.bad_option"),
        ("confirmation", "hope", "device.bad_option"),
        ("native_qr", "yes", "device.bad_option"),
        ("answer_s", "long", "device.bad_option"),
    ],
)
def test_a_wrong_option_is_named(option: str, value: object, code: str, around: Surroundings) -> None:
    with pytest.raises(BadInputError) as refused:
        build_receipt_printer(printer_settings("escpos-tcp", **{option: value}), around)

    assert refused.value.code == code
    assert refused.value.values["option"] == option


def test_whole_seconds_are_good_time_outs(around: Surroundings) -> None:
    assert build_receipt_printer(printer_settings("escpos-tcp", answer_s=30), around)


def test_an_unknown_driver_is_named(around: Surroundings) -> None:
    with pytest.raises(BadInputError) as refused:
        build_receipt_printer(printer_settings("lpt"), around)

    assert refused.value.code == "device.unknown_driver"


@pytest.mark.parametrize("name", ["", "../receipts", "a/b", ".hidden"])
def test_a_name_is_never_a_path(name: str, around: Surroundings) -> None:
    with pytest.raises(BadInputError) as refused:
        build_receipt_printer(DeviceSettings(name, "receipt_printer", "virtual"), around)

    assert refused.value.code == "device.bad_name"


def test_a_name_may_be_one_for_people(around: Surroundings) -> None:
    printer = build_receipt_printer(DeviceSettings("È la stampante 1", "receipt_printer", "virtual"), around)

    assert printer.name == "È la stampante 1"


async def test_a_virtual_printers_paper_is_in_the_tills_data(around: Surroundings, tmp_path: Path) -> None:
    printer = build_receipt_printer(printer_settings("virtual"), around)

    await printer.print_bytes(b"x")

    assert (tmp_path / "virtual" / "receipts" / "1.bin").read_bytes() == b"x"


def test_a_drawer_hangs_on_a_printer(around: Surroundings) -> None:
    printers = {"receipts": build_receipt_printer(printer_settings("virtual"), around)}

    drawer = build_cash_drawer(DeviceSettings("drawer", "cash_drawer", "printer", {"printer": "receipts"}), printers)

    assert isinstance(drawer, PrinterDrawer)


def test_a_drawer_on_no_printer_is_a_mistake() -> None:
    with pytest.raises(BadInputError):
        build_cash_drawer(DeviceSettings("drawer", "cash_drawer", "printer", {"printer": "none"}), {})


def test_the_simulated_fiscal_register_is_built(around: Surroundings) -> None:
    assert isinstance(
        build_fiscal_register(DeviceSettings("rt", "fiscal_register", "fake"), around), FakeFiscalRegister
    )


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("evdev", {"vendor": "0x05e0", "model": 0x1200, "keymap": "it"}),
        ("evdev", {"path": "/dev/input/event3"}),
        ("virtual", {"keymap": "it"}),
    ],
)
def test_every_scanner_driver_is_built_from_its_options(
    driver: str, options: dict[str, object], around: Surroundings
) -> None:
    assert build_scanner(DeviceSettings("scanner", "scanner", driver, options), around).name == "scanner"


async def test_a_virtual_card_readers_journal_is_in_the_tills_data(around: Surroundings, tmp_path: Path) -> None:
    settings = DeviceSettings("pos", "card_reader", "virtual", {"slow_s": 3})
    reader = build_card_reader(settings, around)

    await reader.pay(CardRequest("attempt", "EUR", 349))

    assert (tmp_path / "virtual" / "pos" / "journal.json").exists()


def test_a_wrong_option_of_a_card_reader_is_named(around: Surroundings) -> None:
    with pytest.raises(BadInputError) as refused:
        build_card_reader(DeviceSettings("pos", "card_reader", "virtual", {"slow": 3}), around)

    assert refused.value.code == "device.unknown_option"
