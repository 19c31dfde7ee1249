"""Writes the composed scanner fixtures beside itself; see README.md there."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from terminal.devices.scanner import keys  # noqa: E402
from terminal.devices.scanner.keymaps import Stroke  # noqa: E402
from terminal.devices.scanner.recordings import Packets, compose_events  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EAN, OTHER, THIRD = "8001234567895", "2100001005001", "8076809513753"
KEYPAD = {digit: key for key, digit in keys.KEYPAD_DIGITS.items()}
DIGITS = dict(zip("1234567890", keys.DIGIT_ROW, strict=True))
ENTER = Stroke(keys.KEY_ENTER)


@dataclass(frozen=True)
class Case:
    """One fixture: where it goes, the fact it is drawn from, its bytes and what must be read."""

    name: str
    drawn_from: str
    data: bytes
    codes: tuple[str, ...]
    keymap: str = "us"
    ends: str = "silence"

    def facts(self) -> dict[str, object]:
        """Return what stands in the JSON file."""
        return {
            "origin": "composed",
            "from": self.drawn_from,
            "keymap": self.keymap,
            "codes": list(self.codes),
            "ends": self.ends,
        }


def cases() -> Iterator[Case]:
    """Yield every composed fixture."""
    yield from plain_cases()
    yield from odd_cases()
    yield from alt_cases()


def plain_cases() -> Iterator[Case]:
    """Layouts, endings and keypad."""
    italian = "]C1(01)Ab-12/x_Y:Z;+?=[{@#}]~`|\\<>\"'^!%&$*,."
    yield Case(
        "it-keyboard/every-sign",
        "a scanner set to Italian keyboard: - on the US slash key, brackets by AltGr",
        compose_events(italian, "it"),
        (italian,),
        keymap="it",
    )
    yield Case(
        "us-keyboard/caps-lock",
        "scanners that press Caps Lock around unshifted capitals",
        written(
            lambda p: strike_all(
                p, keys.KEY_CAPSLOCK, *letters("ABC"), keys.KEY_CAPSLOCK, *letters("x"), *digits("12"), keys.KEY_ENTER
            )
        ),
        ("ABCx12",),
    )
    yield Case(
        "us-keyboard/keypad",
        "scanners that send digits and Enter on the keypad",
        written(lambda p: strike_all(p, *(KEYPAD[digit] for digit in EAN), keys.KEY_KPENTER)),
        (EAN,),
    )
    yield Case(
        "us-keyboard/shift-held",
        "scanners that hold Shift across several characters, here the right one",
        written(shift_held),
        ("AB1c",),
    )
    yield Case(
        "us-keyboard/no-suffix",
        "scanners without an ending: two codes 400 ms apart",
        compose_events(EAN, ending="silence") + compose_events(OTHER, ending="silence", start_us=426_000),
        (EAN, OTHER),
    )
    yield Case("us-keyboard/tab-enter", "scanners that end with Tab and Enter", back_to_back("tab_enter"), (EAN, OTHER))
    for letter, codes, shift_us in (("a", (EAN, THIRD), 0), ("b", (OTHER, "ABC-xyz"), 500)):
        yield Case(
            f"us-keyboard/two-at-once-{letter}",
            "two scanners used at the same time: play a and b in the order of their times",
            back_to_back("enter", *codes, start_us=shift_us),
            codes,
        )


def odd_cases() -> Iterator[Case]:
    """Control characters, repeats, lost events, unplugging."""
    gs1 = "]C1010800123456789510ABC\x1d3103001250"
    head, tail = gs1.split("\x1d")
    yield Case(
        "us-keyboard/gs-by-f8",
        "users of two makes report F8 for the separator FNC1",
        written(lambda p: (extend(p, head), p.strike(Stroke(keys.KEY_F8)), extend(p, tail), p.strike(ENTER))),
        (gs1,),
    )
    yield Case(
        "us-keyboard/line-feed-by-ctrl-shift-j",
        "a Honeywell that ends with Enter and Ctrl+Shift+J",
        written(lambda p: [(extend(p, code), p.strike(ENTER), ctrl_shift_j(p)) for code in (EAN, OTHER)]),
        (EAN, OTHER),
    )
    yield Case(
        "us-keyboard/autorepeat",
        "a lost release: the kernel repeats the key, Enter too, every 33 ms",
        written(autorepeat),
        (EAN, OTHER),
    )
    yield Case(
        "us-keyboard/events-lost",
        "SYN_DROPPED in the middle of the second of three codes",
        written(events_lost),
        (EAN, THIRD),
    )
    yield Case(
        "us-keyboard/unplugged",
        "unplugged after Shift+A: the kernel releases what is down, then reading fails",
        written(
            lambda p: (
                extend(p, EAN),
                p.strike(ENTER),
                extend(p, "80012"),
                p.report([(keys.KEY_LEFTSHIFT, 1), (keys.LETTERS["a"], 1)]),
                p.report([(keys.LETTERS["a"], 0), (keys.KEY_LEFTSHIFT, 0)]),
            )
        ),
        (EAN,),
        ends="unplugged",
    )


def alt_cases() -> Iterator[Case]:
    """ALT mode."""
    yield Case(
        "datalogic-gfs4400/alt-mode",
        "the key order that a real Gryphon GFS4400 sent for 48, NumLock first; Alt+029 for GS",
        written(
            lambda p: (
                p.strike(Stroke(keys.KEY_NUMLOCK)),
                [p.strike_alt(f"{ord(c):03}") for c in "4878\x1d"],
                p.strike_alt("0224"),
                p.strike_alt("0128"),
                p.strike(ENTER),
            )
        ),
        ("4878\x1dà€",),
    )
    yield Case(
        "universal/alt-one-report",
        "ALT mode with all digits in one report, cut by the kernel (SYN_REPORT with value 1)",
        written(lambda p: ([alt_at_once(p, f"{ord(c):03}") for c in "418"], alt_in_two(p, "06", "6"), p.strike(ENTER))),
        ("418B",),
    )


def written(write: Callable[[Packets], object]) -> bytes:
    """Return the bytes that a function writes."""
    packets = Packets()
    write(packets)
    return bytes(packets.data)


def back_to_back(ending: str, *codes: str, start_us: int = 0) -> bytes:
    """Return codes one after another without a pause."""
    packets = Packets(start_us)
    for code in codes or (EAN, OTHER):
        extend(packets, code)
        for key in {"enter": (keys.KEY_ENTER,), "tab_enter": (keys.KEY_TAB, keys.KEY_ENTER)}[ending]:
            packets.strike(Stroke(key))
    return bytes(packets.data)


def extend(packets: Packets, code: str) -> None:
    """Add a code without its ending."""
    data = compose_events(code, ending="silence", start_us=packets.at_us)
    packets.data += data
    sec, usec, *_ = keys.EVENT.unpack_from(data, len(data) - keys.EVENT.size)
    packets.at_us = sec * 1_000_000 + usec + 1000


def strike_all(packets: Packets, *pressed: int) -> None:
    """Press and release keys one after another."""
    for key in pressed:
        packets.strike(Stroke(key))


def letters(text: str) -> list[int]:
    """Return the keys of letters, unshifted."""
    return [keys.LETTERS[letter.lower()] for letter in text]


def digits(text: str) -> list[int]:
    """Return the keys of digits."""
    return [DIGITS[digit] for digit in text]


def shift_held(packets: Packets) -> None:
    """AB under one Shift, then 1c without."""
    packets.report([(keys.KEY_RIGHTSHIFT, 1)])
    strike_all(packets, *letters("ab"))
    packets.report([(keys.KEY_RIGHTSHIFT, 0)])
    strike_all(packets, *digits("1"), *letters("c"), keys.KEY_ENTER)


def ctrl_shift_j(packets: Packets) -> None:
    """Line feed as a Honeywell sends it."""
    held = (keys.KEY_LEFTCTRL, keys.KEY_LEFTSHIFT, keys.LETTERS["j"])
    for value in (1, 0):
        packets.report((key, value) for key in held)


def autorepeat(packets: Packets) -> None:
    """A digit and then Enter repeat before the next code comes."""
    for code in (EAN, OTHER):
        extend(packets, code[:-1])
        packets.report([(DIGITS[code[-1]], 1)])
        repeat(packets, DIGITS[code[-1]], times=2)
        packets.report([(DIGITS[code[-1]], 0)])
        packets.report([(keys.KEY_ENTER, 1)])
        repeat(packets, keys.KEY_ENTER, times=20)


def repeat(packets: Packets, key: int, times: int) -> None:
    """Add the kernel's repeats of a key."""
    for _ in range(times):
        packets.at_us += 32_000
        packets.report([(key, 2)], syn_value=1)


def events_lost(packets: Packets) -> None:
    """Three codes; the kernel drops a piece of the second and what stands before the next SYN_REPORT is stale."""
    extend(packets, EAN)
    packets.strike(ENTER)
    extend(packets, OTHER[:5])
    packets.event(keys.EV_SYN, keys.SYN_DROPPED, 0)
    packets.report([(DIGITS["7"], 0)])
    extend(packets, OTHER[9:])
    packets.strike(ENTER)
    extend(packets, THIRD)
    packets.strike(ENTER)


def alt_at_once(packets: Packets, number: str) -> None:
    """Alt and different digits in one report, released in one."""
    held = (keys.KEY_LEFTALT, *(KEYPAD[digit] for digit in number))
    packets.report(((key, 1) for key in held), syn_value=1)
    packets.report(((key, 0) for key in held), syn_value=1)


def alt_in_two(packets: Packets, first: str, second: str) -> None:
    """A digit twice in one number needs a second report."""
    packets.report([(keys.KEY_LEFTALT, 1), *((KEYPAD[digit], 1) for digit in first)])
    packets.report([(KEYPAD[digit], 0) for digit in first])
    packets.report([(KEYPAD[digit], 1) for digit in second])
    packets.report([(keys.KEY_LEFTALT, 0), *((KEYPAD[digit], 0) for digit in second)])


def main() -> None:
    """Write all files."""
    for case in cases():
        path = HERE / case.name
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".bin").write_bytes(case.data)
        path.with_suffix(".json").write_text(json.dumps(case.facts(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
