"""From key events to codes: a state machine without clock, file or device, one per scanner.

It delivers a code whole or not at all. Whatever makes a code doubtful (events lost by the kernel, a key that comes up
without having gone down, a modifier that never comes up, a broken ALT sequence, a key without a character in the chosen
layout, too many characters) throws away all of it up to its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from terminal.devices.scanner.keymaps import US, find_keymap
from terminal.devices.scanner.keys import (
    ALTS,
    CTRLS,
    ENTERS,
    EV_KEY,
    EV_SYN,
    EVENT,
    KEY_CAPSLOCK,
    KEY_F8,
    KEY_RIGHTALT,
    KEY_TAB,
    KEYPAD_DIGITS,
    LETTER_KEYS,
    MODIFIERS,
    PRINTING,
    SHIFTS,
    SYN_DROPPED,
    SYN_REPORT,
)

GS: Final = "\x1d"
RELEASED, PRESSED = 0, 1  # 2 is the kernel's autorepeat: never a scanned character


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """How one scanner has been set up.

    ``silence_ms`` ends a code that has no ending of its own; it must be longer than the pauses that the scanner makes
    inside a code (up to 120 ms have been seen). With None only Enter and Tab end a code, and one that is not continued
    for ``stale_ms`` is thrown away. ``ending_characters`` are control characters that end a code as Enter does, for
    scanners that send CR or LF as Ctrl+letter. ``gs_substitute`` is a character that stands for GS.
    """

    keymap: str = "us"
    silence_ms: int | None = 130
    stale_ms: int = 2000
    enter_ends: bool = True
    tab_ends: bool = True
    ending_characters: str = ""
    f8_is_gs: bool = True
    gs_substitute: str = ""
    prefix: str = ""
    suffix: str = ""
    max_length: int = 7089  # what the largest QR code holds


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code with the times, in microseconds of the events' clock, of its first and last event.

    The last event is the key-down that ended it, or after silence the last key event before it.
    """

    code: str
    first_us: int
    last_us: int


class KeyDecoder:
    """Turns one scanner's events into codes."""

    def __init__(self, settings: DecoderSettings | None = None) -> None:
        self._settings = settings or DecoderSettings()
        self._characters = find_keymap(self._settings.keymap).characters
        silence_ms = self._settings.silence_ms
        self.wait_us = 1000 * (self._settings.stale_ms if silence_ms is None else silence_ms)
        self.discarded = 0
        self.discard_reason = ""
        self._rest = b""
        self._read: list[ReadCode] = []
        self._dropping = False
        self._caps = False
        self._held: set[int] = set()  # modifiers
        self._down: set[int] = set()  # every key
        self._buffer: list[str] = []
        self._spoiled = ""
        self._alt_digits = ""
        self._first_us: int | None = None
        self._last_us: int | None = None

    @property
    def deadline(self) -> int | None:
        """When, by the events' clock, a begun code ends by silence; None while none is begun.

        The reader calls :meth:`flush` when nothing has come by then.
        """
        begun = self._buffer or self._spoiled or self._alt_digits
        return self._last_us + self.wait_us if begun and self._last_us is not None else None

    def feed(self, data: bytes) -> list[ReadCode]:
        """Take bytes of input events, cut anywhere, and return the codes that they complete."""
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for sec, usec, kind, code, value in EVENT.iter_unpack(data[:whole] if self._rest else data):
            self._take(sec * 1_000_000 + usec, kind, code, value)
        return self._taken()

    def feed_event(self, sec: int, usec: int, kind: int, code: int, value: int) -> list[ReadCode]:
        """Take one event and return the codes that it completes."""
        self._take(sec * 1_000_000 + usec, kind, code, value)
        return self._taken()

    def flush(self) -> list[ReadCode]:
        """End the begun code by silence."""
        self._fall_silent()
        return self._taken()

    def reset(self) -> None:
        """Forget a half-read code and everything held: the device has gone."""
        if self.deadline is not None:
            self._discard("unplugged")
        self._rest, self._dropping, self._caps, self._last_us = b"", False, False, None
        self._held.clear()
        self._down.clear()
        self._begin()

    def _taken(self) -> list[ReadCode]:
        read, self._read = self._read, []
        return read

    def _take(self, at_us: int, kind: int, code: int, value: int) -> None:
        if kind == EV_KEY:
            if not self._dropping:
                self._take_key(at_us, code, value)
        elif kind == EV_SYN:
            if code == SYN_DROPPED:
                self._lose_events(at_us)
            elif code == SYN_REPORT and self._dropping:
                self._dropping = False

    def _take_key(self, at_us: int, key: int, value: int) -> None:
        if self._last_us is None:
            self._last_us = at_us
            if value != PRESSED:
                self._down.add(key)  # it went down before the device was opened
                if key in PRINTING or key in MODIFIERS or key == KEY_CAPSLOCK:
                    self._spoil("begun_before")  # opened in the middle of a code
        elif at_us - self._last_us >= self.wait_us:
            self._fall_silent()
        if value == PRESSED:
            self._last_us = at_us
            self._down.add(key)
            self._press(at_us, key)
        elif value == RELEASED:
            self._last_us = at_us
            if key in self._down:
                self._down.discard(key)
                self._release(at_us, key)
            else:
                self._release_without_press(at_us, key)

    def _lose_events(self, at_us: int) -> None:
        """The kernel threw events away: an ending or a beginning may be among them, so nothing half-read can stay.

        Which keys are down need not be asked: the code under way is thrown away, and what is held with it. Asking
        (EVIOCGKEY) would also empty the kernel's queue of keys, and so cut the next code.
        """
        self._dropping = True
        self._last_us = at_us
        self._held.clear()
        self._down.clear()
        self._alt_digits = ""
        self._spoil("events_lost")

    def _press(self, at_us: int, key: int) -> None:
        if key in MODIFIERS:
            if key in self._held:
                self._spoil("release_lost")  # what came since was read with it held
            self._held.add(key)
            self._first_us = at_us if self._first_us is None else self._first_us
        elif key == KEY_CAPSLOCK:
            self._caps = not self._caps
        elif key in ENTERS:
            self._press_ending("\r", at_us, ends=self._settings.enter_ends)
        elif key == KEY_TAB:
            self._press_ending("\t", at_us, ends=self._settings.tab_ends)
        elif key == KEY_F8:
            self._append(GS if self._settings.f8_is_gs else "", at_us)
        elif key in PRINTING:
            self._press_printing(at_us, key)

    def _press_ending(self, character: str, at_us: int, *, ends: bool) -> None:
        if ends:
            self._end(at_us)
        else:
            self._append(character, at_us)

    def _press_printing(self, at_us: int, key: int) -> None:
        held = self._held
        if not held:
            character = self._characters.get((key, self._caps and key in LETTER_KEYS, False))
        elif key in KEYPAD_DIGITS and not held.isdisjoint(ALTS):
            self._alt_digits = (self._alt_digits + KEYPAD_DIGITS[key])[:5]  # five are as wrong as fifty
            return
        else:
            character = self._modified_character(key)
        if character is None:
            self._spoil("no_character")
        else:
            self._append(character, at_us)

    def _modified_character(self, key: int) -> str | None:
        shift, ctrl = not self._held.isdisjoint(SHIFTS), not self._held.isdisjoint(CTRLS)
        alt = not self._held.isdisjoint(ALTS)
        if alt:
            altgr = KEY_RIGHTALT in self._held or ctrl  # Ctrl+Alt is how Windows layouts know AltGr
            return self._characters.get((key, shift, True)) if altgr else None
        if ctrl:
            return control_character(key, shift=shift, characters=self._characters)
        return self._characters.get((key, shift != (self._caps and key in LETTER_KEYS), False))

    def _release(self, at_us: int, key: int) -> None:
        self._held.discard(key)
        if key in ALTS and self._alt_digits and self._held.isdisjoint(ALTS):
            digits, self._alt_digits = self._alt_digits, ""
            if len(digits) in (3, 4):
                self._append(alt_character(digits), at_us)
            else:
                self._spoil("alt_sequence_broken")

    def _release_without_press(self, at_us: int, key: int) -> None:
        """The press was lost, and with it a character, a shift or the end of the code."""
        settings = self._settings
        if key in PRINTING or key in MODIFIERS or key == KEY_CAPSLOCK:
            self._spoil("press_lost")
        elif (key in ENTERS and settings.enter_ends) or (key == KEY_TAB and settings.tab_ends):
            if self.deadline is not None:
                self._spoil("press_lost")
                self._end(at_us)
        elif key in ENTERS or key in (KEY_TAB, KEY_F8):
            self._spoil("press_lost")

    def _append(self, character: str, at_us: int) -> None:
        if self._first_us is None:
            self._first_us = at_us
        if character and character in self._settings.ending_characters:
            self._held.clear()  # held for the ending itself
            self._end(at_us)
        elif len(self._buffer) >= self._settings.max_length:
            self._spoil("too_long")
        elif character and not self._spoiled:
            self._buffer.append(character)

    def _spoil(self, reason: str) -> None:
        self._spoiled = self._spoiled or reason
        self._buffer.clear()

    def _fall_silent(self) -> None:
        if self._settings.silence_ms is None and self._buffer:
            self._spoil("unfinished")
        if self._last_us is not None and self.deadline is not None:
            self._end(self._last_us)
        self._caps, self._first_us = False, None  # a lost event must not turn letters round for ever
        self._held.clear()

    def _end(self, last_us: int) -> None:
        """Deliver or discard; held keys go too, so that a lost release spoils one code and not all that follow."""
        reason = self._spoiled or ("alt_sequence_broken" if self._alt_digits else "release_lost" if self._held else "")
        first_us = last_us if self._first_us is None else self._first_us
        if reason:
            self._caps = False
            self._discard(reason)
        elif code := self._cleaned("".join(self._buffer)):
            self._read.append(ReadCode(code, first_us, last_us))
        self._held.clear()
        self._begin()

    def _begin(self) -> None:
        self._buffer.clear()
        self._spoiled = self._alt_digits = ""
        self._first_us = None

    def _discard(self, reason: str) -> None:
        self.discarded += 1
        self.discard_reason = reason

    def _cleaned(self, code: str) -> str:
        settings = self._settings
        code = code.strip("\r\n\t")  # the second half of a CR LF ending is no part of any code
        code = code.removeprefix(settings.prefix).removesuffix(settings.suffix)
        return code.replace(settings.gs_substitute, GS) if settings.gs_substitute else code


def alt_character(digits: str) -> str:
    """Return the character that Alt and these keypad digits stand for: code page 1252, above 255 Unicode."""
    number = int(digits)
    if number > 255:
        return chr(number)
    try:
        return bytes([number]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(number)


def control_character(key: int, *, shift: bool, characters: Mapping[tuple[int, bool, bool], str]) -> str | None:
    """Return what Ctrl and the key make; where the layout has no letter or bracket there, its US position counts."""
    for layout in (characters, US.characters):
        character = layout.get((key, shift, False), "")
        if control := _CONTROLS.get(character.upper()):
            return control
    return _CONTROL_DIGITS.get(US.characters.get((key, False, False), ""))


_CONTROLS: Final = {chr(number): chr(number - 64) for number in range(64, 96)}
_CONTROLS.update({"{": "\x1b", "|": "\x1c", "}": "\x1d", "~": "\x1e"})
_CONTROL_DIGITS: Final = {"2": "\x00", "6": "\x1e", "-": "\x1f"}
