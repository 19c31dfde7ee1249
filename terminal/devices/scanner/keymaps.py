"""Which character a key position stands for: a map per scanner, because the system's layout says nothing about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from commerce.errors import BadInputError
from terminal.devices.scanner import keys
from terminal.devices.scanner.keys import (
    DIGIT_ROW,
    KEY_102ND,
    KEY_APOSTROPHE,
    KEY_BACKSLASH,
    KEY_COMMA,
    KEY_DOT,
    KEY_EQUAL,
    KEY_GRAVE,
    KEY_LEFTBRACE,
    KEY_MINUS,
    KEY_RIGHTBRACE,
    KEY_SEMICOLON,
    KEY_SLASH,
    KEY_SPACE,
)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key with what is held down while it is pressed."""

    key: int
    shift: bool = False
    altgr: bool = False
    ctrl: bool = False


@dataclass(frozen=True, slots=True)
class KeyMap:
    """A layout: the character of every stroke, and the stroke of every character."""

    name: str
    characters: Mapping[tuple[int, bool, bool], str]
    strokes: Mapping[str, Stroke] = field(init=False)

    def __post_init__(self) -> None:
        strokes: dict[str, Stroke] = {}
        for (key, shift, altgr), character in self.characters.items():
            strokes.setdefault(character, Stroke(key, shift, altgr))
        object.__setattr__(self, "strokes", strokes)

    def character(self, key: int, *, shift: bool, altgr: bool) -> str | None:
        """Return what the stroke stands for, or None when this layout has nothing there."""
        return self.characters.get((key, shift, altgr))


def find_keymap(name: str) -> KeyMap:
    """Return the layout of that name or raise BadInputError ``scanner.keymap_unknown``."""
    try:
        return KEYMAPS[name]
    except KeyError:
        raise BadInputError("scanner.keymap_unknown", keymap=name, known=", ".join(KEYMAPS)) from None


def _layout(rows: Mapping[int, str], altgr: Mapping[int, str]) -> dict[tuple[int, bool, bool], str]:
    """Return the characters of all strokes; each row is the plain, then the shifted character of a key."""
    found: dict[tuple[int, bool, bool], str] = {}
    for level, part in ((False, {**_letters(), KEY_SPACE: "  ", **rows}), (True, altgr)):
        for key, pair in part.items():
            for shift, character in zip((False, True), pair, strict=False):
                found[key, shift, level] = character
    for key, character in {**keys.KEYPAD_DIGITS, **keys.KEYPAD_SIGNS}.items():
        found[key, False, False] = found[key, True, False] = character
    return found


def _letters() -> dict[int, str]:
    return {key: letter + letter.upper() for letter, key in keys.LETTERS.items()}


def _digits(shifted: str) -> dict[int, str]:
    return {key: digit + sign for key, digit, sign in zip(DIGIT_ROW, "1234567890", shifted, strict=True)}


_US_ROWS = {
    **_digits("!@#$%^&*()"),
    KEY_MINUS: "-_", KEY_EQUAL: "=+", KEY_LEFTBRACE: "[{", KEY_RIGHTBRACE: "]}", KEY_SEMICOLON: ";:",
    KEY_APOSTROPHE: "'\"", KEY_GRAVE: "`~", KEY_BACKSLASH: "\\|", KEY_COMMA: ",<", KEY_DOT: ".>", KEY_SLASH: "/?",
    KEY_102ND: "\\|",
}  # fmt: skip
_ITALIAN_ROWS = {
    **_digits('!"£$%&/()='),
    KEY_MINUS: "'?", KEY_EQUAL: "ì^", KEY_LEFTBRACE: "èé", KEY_RIGHTBRACE: "+*", KEY_SEMICOLON: "òç",
    KEY_APOSTROPHE: "à°", KEY_GRAVE: "\\|", KEY_BACKSLASH: "ù§", KEY_COMMA: ",;", KEY_DOT: ".:", KEY_SLASH: "-_",
    KEY_102ND: "<>",
}  # fmt: skip
_ITALIAN_ALTGR = {
    KEY_LEFTBRACE: "[{", KEY_RIGHTBRACE: "]}", KEY_SEMICOLON: "@", KEY_APOSTROPHE: "#", KEY_MINUS: "`",
    KEY_EQUAL: "~", keys.LETTERS["e"]: "€", DIGIT_ROW[4]: "€",
}  # fmt: skip

US: Final = KeyMap("us", _layout(_US_ROWS, {}))
ITALIAN: Final = KeyMap("it", _layout(_ITALIAN_ROWS, _ITALIAN_ALTGR))
KEYMAPS: Final[Mapping[str, KeyMap]] = {keymap.name: keymap for keymap in (US, ITALIAN)}
