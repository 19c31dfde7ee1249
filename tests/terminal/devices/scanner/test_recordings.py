"""Recordings of real and composed scanners, and the composing of new ones."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from commerce.errors import BadInputError
from terminal.devices.scanner import keys
from terminal.devices.scanner.decoder import DecoderSettings, KeyDecoder
from terminal.devices.scanner.keys import EVENT
from terminal.devices.scanner.recordings import compose_events, decode_recording
from tests.shared_data import shared_path
from tests.terminal.devices.scanner.support import FIXTURES, decode, fixture_names, load_composer, read_fixture

if TYPE_CHECKING:
    from pathlib import Path

RECORDINGS = ["aim-ean13-tab", "code128-mixed-us", "ean13-enter", "gs1-128-ctrl-gs", "no-suffix", "real-opticon-m10",
              "two-codes-back-to-back"]  # fmt: skip


@pytest.fixture
def recordings() -> Path:
    return shared_path("reference", "evdev")


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_decodes_to_what_was_scanned(recordings: Path, name: str) -> None:
    index = {entry["name"]: entry for entry in json.loads((recordings / "index.json").read_text())}

    read = [found["code"] for found in decode_recording((recordings / f"{name}.bin").read_bytes())]

    assert read == index[name]["says"].split(" then ")


def every_recording(folder: Path) -> dict[str, bytes]:
    """Return the recordings beside the project, the fixtures, and each code sent in ALT mode besides."""
    found = {f"shared/{name}": (folder / f"{name}.bin").read_bytes() for name in RECORDINGS}
    found |= {f"fixtures/{name}": read_fixture(name)[0] for name in fixture_names()}
    found |= {f"alt/{code}": compose_events(code, alt_mode=True) for code in ("8001234567895", "Ab-1234")}
    found |= {f"shift/{code}": compose_events(code) for code in ("A1B2", "aB1-(2)", "]E08001234567895")}
    return found


def without(data: bytes, number: int) -> bytes:
    return data[: number * EVENT.size] + data[(number + 1) * EVENT.size :]


def test_with_any_one_event_lost_a_code_is_right_or_doubtful_and_never_wrong(recordings: Path) -> None:
    wrong: list[tuple[str, int, list[str]]] = []
    tried = doubtful = 0
    for name, data in every_recording(recordings).items():
        settings = fixture_settings(name)
        right = decode(data, settings)
        for number in range(len(data) // EVENT.size):
            decoder = KeyDecoder(settings)
            codes = [read.code for read in (*decoder.feed(without(data, number)), *decoder.flush())]
            tried, doubtful = tried + 1, doubtful + decoder.discarded
            if not is_part(codes, right) or (codes != right and not decoder.discarded):
                wrong.append((name, number, codes))

    assert (wrong, tried > 1000, doubtful > 100) == ([], True, True)


def fixture_settings(name: str) -> DecoderSettings | None:
    kind, _, fixture = name.partition("/")
    return DecoderSettings(**read_fixture(fixture)[1].get("settings", {})) if kind == "fixtures" else None


def is_part(codes: list[str], right: list[str]) -> bool:
    """Whether the codes are some of the right ones, in their order."""
    remaining = iter(right)
    return all(code in remaining for code in codes)


def test_no_recording_is_left_out(recordings: Path) -> None:
    assert sorted(path.stem for path in recordings.glob("*.bin")) == RECORDINGS


def test_the_real_alt_mode_scanner_is_read_up_to_where_its_listing_breaks_off(recordings: Path) -> None:
    text = (recordings / "real-datalogic-gfs4400-altmode.txt").read_text()
    found = re.findall(r"key event at (\d+)\.(\d+), (\d+) \(\w+\), (down|up)", text)
    events = [(int(sec), int(usec), int(key), int(way == "down")) for sec, usec, key, way in found]
    whole = [event for event in events if event[1] <= 61046]  # after that Alt goes down and is not seen to come up
    decoder = KeyDecoder()

    for sec, usec, key, value in whole:
        assert decoder.feed_event(sec, usec, keys.EV_KEY, key, value) == []

    assert [read.code for read in decoder.flush()] == ["48"]
    assert len(events) == 25


def test_the_gap_in_the_real_alt_mode_listing_delivers_no_shortened_code(recordings: Path) -> None:
    text = (recordings / "real-datalogic-gfs4400-altmode.txt").read_text()
    decoder = KeyDecoder()
    for sec, usec, key, way in re.findall(r"key event at (\d+)\.(\d+), (\d+) \(\w+\), (down|up)", text):
        decoder.feed_event(int(sec), int(usec), keys.EV_KEY, int(key), int(way == "down"))

    assert decoder.flush() == []
    assert decoder.discard_reason == "alt_sequence_broken"


@pytest.mark.parametrize("name", [name for name in fixture_names() if name != "us-keyboard/unplugged"])
def test_a_fixture_decodes_to_what_it_says(name: str) -> None:
    data, facts = read_fixture(name)

    assert [found["code"] for found in decode_recording(data, facts["keymap"])] == facts["codes"]


def test_fixtures_are_what_the_script_composes() -> None:
    cases = {case.name: case for case in load_composer()["cases"]()}

    assert sorted(cases) == fixture_names()
    for name, case in cases.items():
        assert read_fixture(name) == (case.data, case.facts())


def test_every_fixture_says_where_it_is_from() -> None:
    assert len(fixture_names()) == len(list(FIXTURES.glob("*/*.json"))) > 0
    for name in fixture_names():
        facts = read_fixture(name)[1]
        assert facts["origin"] in ("recorded", "composed")
        assert facts["from"]


def test_the_time_of_a_code_is_that_of_the_event_that_ended_it() -> None:
    entered = compose_events("12", start_us=7_000_000)
    silent = compose_events("34", ending="silence", start_us=7_900_600)

    assert list(decode_recording(entered + silent)) == [
        {"code": "12", "at_ms": 4},
        {"code": "34", "at_ms": 904},
    ]


def test_how_long_a_silence_ends_a_code_can_be_chosen() -> None:
    data = compose_events("12", ending="silence") + compose_events("34", start_us=150_000)

    assert [found["code"] for found in decode_recording(data, silence_ms=100)] == ["12", "34"]
    assert [found["code"] for found in decode_recording(data, silence_ms=200)] == ["1234"]


@pytest.mark.parametrize("cut", [1, 23, 25])
def test_a_recording_that_is_not_whole_events_is_refused_at_once(cut: int) -> None:
    with pytest.raises(BadInputError) as caught:
        decode_recording(compose_events("12")[:-cut])

    assert caught.value.code == "scanner.recording_truncated"


def test_an_empty_recording_has_no_codes() -> None:
    assert list(decode_recording(b"")) == []


@pytest.mark.parametrize(("name", "ending"), [("code128-mixed-us", "enter"), ("aim-ean13-tab", "tab"),
                                              ("no-suffix", "silence"), ("gs1-128-ctrl-gs", "enter")])  # fmt: skip
def test_composed_events_are_those_of_the_kernel(recordings: Path, name: str, ending: str) -> None:
    recorded = (recordings / f"{name}.bin").read_bytes()
    (found,) = decode_recording(recorded)

    composed = compose_events(found["code"], "us", ending)  # type: ignore[arg-type]

    assert kinds_and_keys(composed) == kinds_and_keys(recorded)


@pytest.mark.parametrize("keymap", ["us", "it"])
@pytest.mark.parametrize("code", ["a\x1db", "perché", "12€", "x\x00\x01\x1b\x1e\x1f\x7fy", "ŵ"])
def test_what_a_layout_lacks_is_sent_so_that_it_arrives(keymap: str, code: str) -> None:
    assert decode(compose_events(code, keymap), DecoderSettings(keymap)) == [code]


@pytest.mark.parametrize("code", ["日", "🛒", "\x80"])
def test_what_no_keyboard_can_send_is_refused(code: str) -> None:
    with pytest.raises(BadInputError, match=r"scanner\.code_not_sendable"):
        compose_events(code)


def kinds_and_keys(data: bytes) -> list[tuple[int, ...]]:
    return [event[2:] for event in keys.EVENT.iter_unpack(data)]
