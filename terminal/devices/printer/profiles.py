"""What differs between models of receipt printers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

Confirmation: TypeAlias = Literal["transmitted", "realtime", "none"]
CONFIRMATIONS: tuple[Confirmation, ...] = get_args(Confirmation)


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """A model's capabilities; every field can be overridden per printer by a setting.

    ``confirmation`` is the question after the last byte: ``transmitted`` (GS r 1) is answered in print order and is
    the proof; ``realtime`` (DLE EOT) only shows that the bytes arrived at a printer that is well; ``none`` is for a
    printer that cannot answer at all (a line that goes one way, a parallel port): it prints, and nobody knows.
    ``drawer_realtime``: the model opens the drawer by DLE DC4 in the middle of a receipt. ``drawer_sensor``: the
    drawer's contact is wired, so that a drawer that stays shut is noticed. ``lines_per_s`` is the slowest it prints.
    """

    name: str = "generic"
    columns: int = 42
    code_page: str = "CP858"
    code_page_slot: int = 19
    native_qr: bool = True
    partial_cut: bool = False
    cancel_kanji: bool = False  # some clones read bytes above 0x7F as Chinese until told otherwise
    confirmation: Confirmation = "transmitted"
    drawer_pin: int = 2
    drawer_open_is_high: bool = True
    drawer_realtime: bool = True
    drawer_sensor: bool = False
    lines_per_s: float = 10.0


PROFILES: Mapping[str, PrinterProfile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            PrinterProfile(),
            PrinterProfile("generic-48", columns=48),
            PrinterProfile("generic-58mm", columns=32, native_qr=False, cancel_kanji=True),
            PrinterProfile("generic-one-way", confirmation="none", drawer_realtime=False),
            PrinterProfile("epson-tm-t20", columns=48),
            PrinterProfile("epson-tm-t88"),
            PrinterProfile("epson-tm-t88ii", code_page="CP1252", code_page_slot=16),
            PrinterProfile("epson-tm-u220", code_page="CP437", code_page_slot=0, native_qr=False, lines_per_s=3.0),
            PrinterProfile("citizen-ct-s651", columns=48),
            PrinterProfile("star-tsp600", code_page_slot=4),
            PrinterProfile("wincor-th230", columns=44, code_page_slot=6, native_qr=False),
            PrinterProfile("rongta-rp326", cancel_kanji=True),
            PrinterProfile("kefar-kr306", columns=48, code_page_slot=14, cancel_kanji=True),
        )
    }
)
