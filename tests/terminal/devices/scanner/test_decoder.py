"""The state machine from key events to codes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import BadInputError
from terminal.devices.scanner import keys
from terminal.devices.scanner.decoder import DecoderSettings, KeyDecoder
from terminal.devices.scanner.keymaps import ITALIAN, KEYMAPS, US, Stroke
from terminal.devices.scanner.recordings import ENDINGS, Packets, compose_events
from tests.terminal.devices.scanner.support import decode, packets

A, B, C = (keys.LETTERS[letter] for letter in "abc")
SHIFT, RIGHT_SHIFT, CTRL, ALT, ALTGR = (
    keys.KEY_LEFTSHIFT, keys.KEY_RIGHTSHIFT, keys.KEY_LEFTCTRL, keys.KEY_LEFTALT, keys.KEY_RIGHTALT,
)  # fmt: skip
ENTER = keys.KEY_ENTER
KP0, KP1, KP2, KP5, KP9 = 82, 79, 80, 76, 73
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def down(*pressed: int) -> tuple[tuple[int, int], ...]:
    return tuple((key, 1) for key in pressed)


def up(*released: int) -> tuple[tuple[int, int], ...]:
    return tuple((key, 0) for key in released)


def tap(*together: int) -> bytes:
    return packets(down(*together), up(*together))


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(
    code=st.text(PRINTABLE, min_size=1, max_size=40),
    keymap=st.sampled_from(sorted(KEYMAPS)),
    ending=st.sampled_from(sorted(ENDINGS)),
    cuts=st.lists(st.integers(min_value=0), max_size=8),
    alt_mode=st.booleans(),
)
def test_any_printable_code_is_read_exactly_however_its_bytes_are_cut(
    code: str, keymap: str, ending: str, cuts: list[int], alt_mode: bool
) -> None:
    decoder = KeyDecoder(DecoderSettings(keymap=keymap))
    data = compose_events(code, keymap, ending, alt_mode=alt_mode)  # type: ignore[arg-type]

    read = [found.code for chunk in chunks(data, cuts) for found in decoder.feed(chunk)]

    assert read + [found.code for found in decoder.flush()] == [code]


@pytest.mark.parametrize("keymap", [US, ITALIAN])
def test_a_layout_has_every_printable_character(keymap: object) -> None:
    assert set(PRINTABLE) <= set(keymap.strokes)  # type: ignore[attr-defined]


def test_an_unknown_layout_is_named() -> None:
    with pytest.raises(BadInputError, match=r"scanner\.keymap_unknown"):
        KeyDecoder(DecoderSettings(keymap="de"))


@pytest.mark.parametrize("shift", [SHIFT, RIGHT_SHIFT])
def test_either_shift_counts_and_may_be_held_across_characters(shift: int) -> None:
    data = packets(down(shift), down(A), up(A), down(B), up(B), up(shift), down(C), up(C))

    assert decode(data) == ["ABc"]


def test_a_shift_let_go_while_the_other_is_down_still_counts() -> None:
    data = packets(down(SHIFT), down(RIGHT_SHIFT), up(SHIFT), down(A), up(A), up(RIGHT_SHIFT), down(B))

    assert decode(data) == ["Ab"]


def test_shift_pressed_in_the_same_report_as_the_key_counts_for_it_alone() -> None:
    data = packets(down(SHIFT, A), up(SHIFT, A), down(B), up(B))

    assert decode(data) == ["Ab"]


def test_caps_lock_turns_letters_and_nothing_else() -> None:
    data = tap(keys.KEY_CAPSLOCK) + tap(A) + tap(SHIFT, B) + tap(keys.DIGIT_ROW[0]) + tap(keys.KEY_MINUS)

    assert decode(data) == ["Ab1-"]


def test_a_caps_lock_left_on_ends_with_the_silence_after_the_code() -> None:
    decoder = KeyDecoder()
    decoder.feed(packets(down(keys.KEY_CAPSLOCK), up(keys.KEY_CAPSLOCK), down(A), up(A), down(ENTER), up(ENTER)))

    assert [found.code for found in decoder.feed(packets(down(B), down(ENTER), start_us=1_000_000))] == ["b"]


@pytest.mark.parametrize(("letter", "key"), keys.LETTERS.items())
@pytest.mark.parametrize("keymap", ["us", "it"])
@pytest.mark.parametrize("held", [(CTRL,), (CTRL, SHIFT)])
def test_ctrl_and_a_letter_make_its_control_character(
    keymap: str, letter: str, key: int, held: tuple[int, ...]
) -> None:
    data = tap(A) + tap(*held, key) + tap(B)

    assert decode(data, DecoderSettings(keymap)) == [f"a{chr(ord(letter) - 96)}b"]


@pytest.mark.parametrize("keymap", ["us", "it"])
def test_the_separator_comes_as_ctrl_and_the_bracket_key_on_any_layout(keymap: str) -> None:
    assert decode(tap(A) + tap(CTRL, keys.KEY_RIGHTBRACE) + tap(B), DecoderSettings(keymap)) == ["a\x1db"]


def test_f8_is_the_separator_unless_the_setting_is_off() -> None:
    data = tap(A) + tap(keys.KEY_F8) + tap(B)

    assert decode(data) == ["a\x1db"]
    assert decode(data, DecoderSettings(f8_is_gs=False)) == ["ab"]


def test_a_character_chosen_for_the_separator_is_turned_into_it() -> None:
    assert decode(compose_events("10ABC|21X"), DecoderSettings(gs_substitute="|")) == ["10ABC\x1d21X"]


@pytest.mark.parametrize(("digits", "character"), [("052", "4"), ("0052", "4"), ("029", "\x1d"), ("0224", "à"),
                                                   ("0128", "€"), ("8364", "€"), ("0129", "\x81")])  # fmt: skip
def test_alt_and_three_or_four_keypad_digits_make_one_character(digits: str, character: str) -> None:
    written = Packets()
    written.strike_alt(digits)

    assert decode(tap(A) + bytes(written.data) + tap(B)) == [f"a{character}b"]


def test_alt_digits_all_in_one_report_count_in_their_order() -> None:
    data = packets(down(ALT, KP0, KP5, KP2), up(ALT, KP0, KP5, KP2), down(ENTER))

    assert decode(data) == ["4"]


def test_keypad_digits_without_alt_are_digits() -> None:
    assert decode(tap(KP0) + tap(KP5) + tap(keys.KEY_KPENTER)) == ["05"]


def test_num_lock_around_alt_digits_is_noise() -> None:
    written = Packets()
    written.strike(Stroke(keys.KEY_NUMLOCK))
    written.strike_alt("052")
    written.strike(Stroke(keys.KEY_NUMLOCK))

    assert decode(bytes(written.data)) == ["4"]


@pytest.mark.parametrize("digits", ["0", "05", "00052"])
def test_a_broken_alt_sequence_throws_the_whole_code_away(digits: str) -> None:
    written = Packets()
    written.strike_alt(digits)

    assert decode(tap(A) + bytes(written.data) + tap(B) + tap(ENTER) + tap(C)) == ["c"]


def test_an_alt_that_is_never_let_go_throws_one_code_away_and_no_more() -> None:
    data = tap(A) + packets(down(ALT), down(KP0), up(KP0), down(KP5), down(KP2), down(ENTER)) + tap(KP1) + tap(A)

    assert decode(data) == ["1a"]


def test_a_shift_whose_release_is_lost_makes_its_code_doubtful_and_does_not_reach_the_next_one() -> None:
    data = packets(down(SHIFT), down(A), down(ENTER), down(B))

    assert decode(data) == ["b"]


def test_italian_brackets_come_by_alt_gr_or_by_ctrl_and_alt() -> None:
    italian = DecoderSettings("it")

    assert decode(tap(ALTGR, keys.KEY_LEFTBRACE), italian) == ["["]
    assert decode(tap(CTRL, ALT, keys.KEY_RIGHTBRACE), italian) == ["]"]


def test_a_key_without_a_character_in_the_layout_throws_the_whole_code_away() -> None:
    assert decode(tap(A) + tap(ALTGR, B) + tap(C) + tap(ENTER) + tap(A)) == ["a"]


def test_keys_that_stand_for_no_character_are_ignored() -> None:
    up_arrow, left_meta = 103, 125

    assert decode(tap(A) + tap(up_arrow) + tap(left_meta) + tap(B)) == ["ab"]


def test_autorepeat_is_no_character_and_does_not_keep_a_code_open() -> None:
    decoder = KeyDecoder()
    decoder.feed(packets(down(A), ((A, 2),), ((A, 2),)))
    late = [packets(((A, 2),), start_us=at_us) for at_us in (33_000, 66_000, 99_000, 132_000)]

    assert [found.code for data in late for found in decoder.feed(data)] == ["a"]


def test_a_repeating_enter_ends_nothing() -> None:
    assert decode(tap(A) + packets(down(ENTER), *[((ENTER, 2),)] * 9) + tap(B)) == ["a", "b"]


def test_a_report_cut_by_the_kernel_is_read_like_any_other() -> None:
    written = Packets()
    written.report(down(SHIFT, A), syn_value=1)
    written.report(up(SHIFT, A), syn_value=1)

    assert decode(bytes(written.data)) == ["A"]


def test_enter_after_tab_ends_one_code_only() -> None:
    assert decode(tap(A) + tap(keys.KEY_TAB) + tap(ENTER) + tap(B) + tap(keys.KEY_TAB) + tap(ENTER)) == ["a", "b"]


def test_a_tab_that_ends_nothing_belongs_to_the_code() -> None:
    data = tap(A) + tap(keys.KEY_TAB) + tap(B) + tap(keys.KEY_TAB) + tap(ENTER)

    assert decode(data, DecoderSettings(tab_ends=False)) == ["a\tb"]


def test_a_control_character_ends_a_code_when_the_settings_say_so() -> None:
    data = tap(A) + tap(CTRL, keys.LETTERS["j"]) + tap(B) + tap(CTRL, keys.LETTERS["j"])

    assert decode(data, DecoderSettings(ending_characters="\n", silence_ms=None)) == ["a", "b"]


def test_silence_ends_a_code_that_has_no_ending() -> None:
    decoder = KeyDecoder(DecoderSettings(silence_ms=100))
    decoder.feed(packets(down(A), up(A)))

    assert decoder.feed(packets(down(B), start_us=100_999)) == []
    assert [found.code for found in decoder.feed(packets(down(C), start_us=200_999))] == ["ab"]


def test_the_deadline_follows_the_last_key_event_of_a_begun_code() -> None:
    decoder = KeyDecoder(DecoderSettings(silence_ms=100))

    assert decoder.deadline is None
    decoder.feed(packets(down(A), up(A), start_us=5_000))
    assert decoder.deadline == 106_000
    decoder.feed(packets(down(ENTER), up(ENTER), start_us=8_000))
    assert decoder.deadline is None


def test_without_silence_an_unfinished_code_is_thrown_away_when_it_is_stale() -> None:
    decoder = KeyDecoder(DecoderSettings(silence_ms=None, stale_ms=2000))
    decoder.feed(packets(down(A), up(A)))

    read = decoder.feed(packets(down(B), up(B), down(ENTER), start_us=2_001_000))

    assert [found.code for found in read] == ["b"]
    assert decoder.discard_reason == "unfinished"


def test_a_code_knows_the_times_of_its_first_and_last_event() -> None:
    (read,) = KeyDecoder().feed(packets(down(SHIFT), down(A), up(SHIFT, A), down(ENTER), start_us=1_999_000))

    assert (read.first_us, read.last_us) == (1_999_000, 2_002_000)


def dropped(stale: bytes = b"") -> bytes:
    written = Packets(20_000)
    written.event(keys.EV_SYN, keys.SYN_DROPPED, 0)
    return bytes(written.data) + stale + packets((), start_us=20_000)


def test_lost_events_throw_the_code_away_up_to_its_ending() -> None:
    data = tap(A) + dropped() + tap(B) + tap(ENTER) + tap(C) + tap(ENTER)

    assert decode(data) == ["c"]


def test_nothing_counts_between_lost_events_and_the_next_report() -> None:
    stale = keys.EVENT.pack(0, 20_000, keys.EV_KEY, ENTER, 1) + keys.EVENT.pack(0, 20_000, keys.EV_KEY, SHIFT, 1)

    assert decode(tap(A) + dropped(stale) + tap(B) + tap(ENTER) + tap(C)) == ["c"]


def test_events_lost_before_a_code_began_throw_that_code_away() -> None:
    assert decode(tap(A) + tap(ENTER) + dropped() + tap(B) + tap(ENTER) + tap(C) + tap(ENTER)) == ["a", "c"]


def test_lost_events_are_over_with_the_next_silence() -> None:
    assert decode(dropped() + packets(down(B), down(ENTER), start_us=400_000)) == ["b"]


def test_a_modifier_held_when_events_were_lost_does_not_reach_the_next_code() -> None:
    assert decode(packets(down(SHIFT), down(A)) + dropped() + tap(B) + tap(ENTER) + tap(C)) == ["c"]


def test_a_scanner_opened_in_the_middle_of_a_code_does_not_deliver_its_end() -> None:
    assert decode(packets(up(A), down(B), up(B), down(ENTER), up(ENTER), down(C))) == ["c"]


def test_the_release_of_enter_at_the_beginning_spoils_nothing() -> None:
    assert decode(packets(up(ENTER), down(B), up(B), down(ENTER))) == ["b"]


def test_prefix_and_suffix_of_the_scanner_are_taken_off_once() -> None:
    settings = DecoderSettings(prefix="B", suffix="C")

    assert decode(compose_events("BB123CC") + compose_events("456", start_us=99_000), settings) == ["B123C", "456"]


def test_a_code_that_is_too_long_is_thrown_away_whole() -> None:
    data = compose_events("12345") + compose_events("1234", start_us=90_000)

    assert decode(data, DecoderSettings(max_length=4)) == ["1234"]


def test_reset_forgets_half_a_code_and_what_is_held() -> None:
    decoder = KeyDecoder()
    decoder.feed(packets(down(SHIFT), down(A)) + b"half an event")

    decoder.reset()

    assert [found.code for found in decoder.feed(packets(down(B), down(ENTER)))] == ["b"]


def test_events_one_by_one_are_read_like_bytes() -> None:
    decoder = KeyDecoder()
    data = compose_events("Ab-1")

    read = [found.code for event in keys.EVENT.iter_unpack(data) for found in decoder.feed_event(*event)]

    assert read == ["Ab-1"]


def test_a_thousand_codes_back_to_back_are_neither_lost_nor_merged() -> None:
    codes = [f"{number:013}" for number in range(1000)]
    data = b"".join(compose_events(code, start_us=number * 28_000) for number, code in enumerate(codes))

    assert decode(data) == codes


noise = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=40_000),
        st.sampled_from([keys.EV_SYN, keys.EV_KEY, keys.EV_KEY, keys.EV_KEY, keys.EV_MSC, 17]),
        st.one_of(st.sampled_from(sorted(keys.HID_USAGES)), st.integers(min_value=0, max_value=255)),
        st.integers(min_value=0, max_value=2),
    ),
    max_size=60,
)


@given(events=noise, keymap=st.sampled_from(sorted(KEYMAPS)), silence_ms=st.sampled_from([None, 100]))
def test_after_any_noise_and_a_silence_the_next_code_is_read_exactly(
    events: list[tuple[int, int, int, int]], keymap: str, silence_ms: int | None
) -> None:
    decoder = KeyDecoder(DecoderSettings(keymap, silence_ms=silence_ms))
    at_us = 0
    for wait_us, kind, code, value in events:
        at_us += wait_us
        decoder.feed_event(*divmod(at_us, 1_000_000), kind, code, value)
    decoder.feed_event(*divmod(at_us, 1_000_000), keys.EV_SYN, keys.SYN_REPORT, 0)

    read = decoder.feed(compose_events("]C1Ab-12/x", keymap, start_us=at_us + 3_000_000))

    assert [found.code for found in read][-1:] == ["]C1Ab-12/x"]
