"""Event bytes without a scanner: composed from a code, and read back from a recording."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypedDict

from commerce.errors import BadInputError
from terminal.devices.scanner import keys
from terminal.devices.scanner.decoder import DecoderSettings, KeyDecoder, ReadCode, alt_character
from terminal.devices.scanner.keymaps import Stroke, find_keymap
from terminal.devices.scanner.keys import EV_KEY, EV_MSC, EV_SYN, EVENT, HID_USAGES, KEYPAD_DIGITS

Ending = Literal["enter", "kpenter", "tab", "tab_enter", "silence"]
ENDINGS: Final[dict[Ending, tuple[int, ...]]] = {
    "enter": (keys.KEY_ENTER,),
    "kpenter": (keys.KEY_KPENTER,),
    "tab": (keys.KEY_TAB,),
    "tab_enter": (keys.KEY_TAB, keys.KEY_ENTER),
    "silence": (),
}
PACKET_US: Final = 1000  # a full-speed scanner sends a report every millisecond


class DecodedCode(TypedDict):
    """A line of ``till decode``."""

    code: str
    at_ms: int


def compose_events(
    code: str, keymap: str = "us", ending: Ending = "enter", start_us: int = 0, *, alt_mode: bool = False
) -> bytes:
    """Return the events that the kernel gives when a scanner of this layout sends the code.

    A millisecond apart, beginning at ``start_us``. Characters that the layout lacks go as Alt and four keypad digits,
    with ``alt_mode`` all do. CR, LF and Tab at either end of a code are not delivered by the decoder.
    BadInputError ``scanner.code_not_sendable``: a character that no keyboard can send.
    """
    layout = find_keymap(keymap)
    packets = Packets(start_us)
    for character in code:
        stroke = None if alt_mode else layout.strokes.get(character) or _control_stroke(character)
        if stroke:
            packets.strike(stroke)
        else:
            packets.strike_alt(_alt_digits(character))
    for key in ENDINGS[ending]:
        packets.strike(Stroke(key))
    return bytes(packets.data)


def decode_recording(data: bytes, keymap: str = "us", silence_ms: int | None = 130) -> Iterator[DecodedCode]:
    """Read the codes in a recording of whole 24-byte input events; its end counts as silence.

    ``at_ms`` is the time from the recording's first event to the event that ended the code: the pressing of Enter or
    Tab, or, when silence ended it, the code's last key event; whole milliseconds, half up.
    BadInputError ``scanner.recording_truncated``: the bytes are not whole events.
    """
    if len(data) % EVENT.size:
        raise BadInputError("scanner.recording_truncated", bytes=len(data), event_bytes=EVENT.size)
    decoder = KeyDecoder(DecoderSettings(keymap=keymap, silence_ms=silence_ms))
    return _decode(data, decoder)


def _decode(data: bytes, decoder: KeyDecoder) -> Iterator[DecodedCode]:
    if not data:
        return
    sec, usec, *_ = EVENT.unpack_from(data)
    begun_us = sec * 1_000_000 + usec
    for start in range(0, len(data), 1024 * EVENT.size):
        yield from _lines(decoder.feed(data[start : start + 1024 * EVENT.size]), begun_us)
    yield from _lines(decoder.flush(), begun_us)


def _lines(codes: Iterable[ReadCode], begun_us: int) -> Iterator[DecodedCode]:
    for read in codes:
        yield {"code": read.code, "at_ms": (read.last_us - begun_us + 500) // 1000}


class Packets:
    """Writes reports as the kernel passes them on: per key MSC_SCAN and EV_KEY, then one SYN_REPORT."""

    def __init__(self, start_us: int = 0) -> None:
        self.data = bytearray()
        self.at_us = start_us

    def strike(self, stroke: Stroke) -> None:
        """Press and release a key together with what is held for it, modifiers first."""
        held = ((stroke.shift, keys.KEY_LEFTSHIFT), (stroke.altgr, keys.KEY_RIGHTALT), (stroke.ctrl, keys.KEY_LEFTCTRL))
        together = (*(key for is_held, key in held if is_held), stroke.key)
        self.report((key, 1) for key in together)
        self.report((key, 0) for key in together)

    def strike_alt(self, digits: str) -> None:
        """Hold Alt while typing the digits on the keypad, one after another."""
        self.report([(keys.KEY_LEFTALT, 1)])
        for digit in digits:
            self.strike(Stroke(_KEYPAD[digit]))
        self.report([(keys.KEY_LEFTALT, 0)])

    def report(self, changes: Iterable[tuple[int, int]], syn_value: int = 0) -> None:
        """Add one report of keys going down (1), up (0) or repeating (2)."""
        for key, value in changes:
            if key in HID_USAGES and value != 2:
                self.event(EV_MSC, keys.MSC_SCAN, 0x70000 + HID_USAGES[key])
            self.event(EV_KEY, key, value)
        self.event(EV_SYN, keys.SYN_REPORT, syn_value)
        self.at_us += PACKET_US

    def event(self, kind: int, code: int, value: int) -> None:
        """Add one event at the present time."""
        self.data += EVENT.pack(*divmod(self.at_us, 1_000_000), kind, code, value)


def _control_stroke(character: str) -> Stroke | None:
    """Control characters with a letter or bracket of their own go as Ctrl and its US position, whatever the layout."""
    if not "\x01" <= character <= "\x1d":
        return None
    stroke = find_keymap("us").strokes[chr(ord(character) + 64).lower()]
    return Stroke(stroke.key, ctrl=True)


def _alt_digits(character: str) -> str:
    """Return the four digits of a character, or raise BadInputError."""
    try:
        number = character.encode("cp1252")[0]
    except UnicodeEncodeError:
        number = ord(character)
    if number > 9999 or alt_character(f"{number:04}") != character:
        raise BadInputError("scanner.code_not_sendable", character=f"U+{ord(character):04X}")
    return f"{number:04}"


_KEYPAD: Final = {digit: key for key, digit in KEYPAD_DIGITS.items()}
