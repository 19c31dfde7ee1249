"""Key positions and event numbers of the kernel's input layer (linux/input-event-codes.h).

Written out here because importing evdev costs a tenth of a second and decoding needs only these.
"""

import struct
from typing import Final

EVENT: Final = struct.Struct("<qqHHi")
"""struct input_event of a 64-bit kernel: seconds, microseconds, type, code, value."""

EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
SYN_REPORT, SYN_DROPPED = 0, 3
MSC_SCAN = 4

KEY_TAB, KEY_ENTER, KEY_KPENTER, KEY_SPACE = 15, 28, 96, 57
KEY_MINUS, KEY_EQUAL, KEY_LEFTBRACE, KEY_RIGHTBRACE = 12, 13, 26, 27
KEY_SEMICOLON, KEY_APOSTROPHE, KEY_GRAVE, KEY_BACKSLASH = 39, 40, 41, 43
KEY_COMMA, KEY_DOT, KEY_SLASH, KEY_102ND = 51, 52, 53, 86
KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTCTRL, KEY_RIGHTCTRL = 42, 54, 29, 97
KEY_LEFTALT, KEY_RIGHTALT, KEY_CAPSLOCK, KEY_NUMLOCK, KEY_F8 = 56, 100, 58, 69, 66

SHIFTS: Final = frozenset({KEY_LEFTSHIFT, KEY_RIGHTSHIFT})
CTRLS: Final = frozenset({KEY_LEFTCTRL, KEY_RIGHTCTRL})
ALTS: Final = frozenset({KEY_LEFTALT, KEY_RIGHTALT})
MODIFIERS: Final = SHIFTS | CTRLS | ALTS
ENTERS: Final = frozenset({KEY_ENTER, KEY_KPENTER})

DIGIT_ROW: Final = tuple(range(2, 12))  # KEY_1 … KEY_9, KEY_0
LETTERS: Final = {
    **dict(zip("qwertyuiop", range(16, 26), strict=True)),
    **dict(zip("asdfghjkl", range(30, 39), strict=True)),
    **dict(zip("zxcvbnm", range(44, 51), strict=True)),
}
LETTER_KEYS: Final = frozenset(LETTERS.values())
KEYPAD_DIGITS: Final = {82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9"}
KEYPAD_SIGNS: Final = {83: ".", 98: "/", 55: "*", 74: "-", 78: "+", 121: ",", 117: "="}

PRINTING: Final = frozenset(
    {
        *DIGIT_ROW, *LETTERS.values(), *KEYPAD_DIGITS, *KEYPAD_SIGNS, KEY_SPACE, KEY_MINUS, KEY_EQUAL, KEY_LEFTBRACE,
        KEY_RIGHTBRACE, KEY_SEMICOLON, KEY_APOSTROPHE, KEY_GRAVE, KEY_BACKSLASH, KEY_COMMA, KEY_DOT, KEY_SLASH,
        KEY_102ND,
    }
)  # fmt: skip
"""Keys that stand for a character on any layout; every other key may be ignored without losing one."""

HID_USAGES: Final = {
    **{key: 4 + ord(letter) - ord("a") for letter, key in LETTERS.items()},
    **dict(zip(DIGIT_ROW, range(30, 40), strict=True)),
    **{key: 98 if digit == "0" else 88 + int(digit) for key, digit in KEYPAD_DIGITS.items()},
    KEY_ENTER: 40, KEY_TAB: 43, KEY_SPACE: 44, KEY_MINUS: 45, KEY_EQUAL: 46, KEY_LEFTBRACE: 47, KEY_RIGHTBRACE: 48,
    KEY_BACKSLASH: 49, KEY_SEMICOLON: 51, KEY_APOSTROPHE: 52, KEY_GRAVE: 53, KEY_COMMA: 54, KEY_DOT: 55,
    KEY_SLASH: 56, KEY_CAPSLOCK: 57, KEY_F8: 65, KEY_NUMLOCK: 83, KEY_KPENTER: 88, KEY_102ND: 100,
    KEY_LEFTCTRL: 224, KEY_LEFTSHIFT: 225, KEY_LEFTALT: 226,
    KEY_RIGHTCTRL: 228, KEY_RIGHTSHIFT: 229, KEY_RIGHTALT: 230,
}  # fmt: skip
"""What a USB keyboard says for a key; the kernel passes it on as MSC_SCAN."""
