"""A document as plain text, and the same document through its bytes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.devices.paper import (
    Barcode,
    Feed,
    PaperDocument,
    QrCode,
    Row,
    Rule,
    Text,
    clean_text,
    lines_of,
    plain_text,
    transliterate,
    wrap,
)
from terminal.devices.printer.escpos_render import drawer_pulse, render
from terminal.devices.printer.paper_reader import PaperCode, PaperLine, PaperPicture
from terminal.devices.printer.paper_view import read_paper, to_html, to_text
from terminal.devices.printer.profiles import PROFILES, PrinterProfile

ITALIAN = "àèéìíîòóùú ÀÈÉÌÍÎÒÓÙÚ çÇ € ° « » § £ ñ ü ö ä ß"
WORDS = {"cut": "cut", "drawer_opened": "drawer opened", "picture": "picture"}
GENERIC = PrinterProfile()


def document(*elements: Text | Row | Rule | QrCode | Barcode | Feed) -> PaperDocument:
    return PaperDocument(elements)


def test_all_italian_letters_and_the_euro_survive_the_bytes() -> None:
    paper = read_paper(render(document(Text(ITALIAN)), GENERIC))

    assert " ".join(line for line in paper.lines if line) == " ".join(wrap(ITALIAN, 42))


def test_the_second_receipt_is_encoded_like_the_first() -> None:
    receipt = document(Row("Caffè", "1,20 €"))

    assert render(receipt, GENERIC) == render(receipt, GENERIC)


@pytest.mark.parametrize("model", [name for name, profile in PROFILES.items() if profile.code_page == "CP858"])
def test_italian_letters_survive_on_every_model_by_its_own_slots(model: str) -> None:
    profile = PROFILES[model]
    job = render(document(Text("è perciò più € 3,50")), profile)

    paper = read_paper(job, profile.columns, {profile.code_page_slot: profile.code_page})

    assert paper.lines[0] == "è perciò più € 3,50"


def test_a_model_without_the_euro_prints_its_letters() -> None:
    profile = PROFILES["epson-tm-u220"]

    assert read_paper(render(document(Text("caffè 1 €")), profile)).lines[0] == "caffè 1 EUR"


def test_each_job_resets_the_printer_and_names_its_code_page() -> None:
    assert render(document(Text("€")), GENERIC).startswith(b"\x1b@\x1bR\x00\x1bt\x13")


def test_the_euro_is_the_byte_that_cp858_has_for_it() -> None:
    assert b"\xd5" in render(document(Text("€")), GENERIC)


def test_a_drawer_command_inside_an_items_name_does_nothing() -> None:
    job = render(document(Row("Pane\x1bp\x00\x19\xfa", "1,00"), Text("\x10\x14\x01\x00\x01")), GENERIC)

    assert read_paper(job).drawer_pulses == ()
    assert b"\x1bp" not in job


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_text_brings_a_command_onto_the_wire(left: str, right: str) -> None:
    clean = render(document(Row(clean_text(left), clean_text(right)), Text(clean_text(left))), GENERIC)

    assert render(document(Row(left, right), Text(left)), GENERIC) == clean
    assert not any(unicodedata.category(mark) == "Cc" for mark in clean_text(left + right))


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=12)), max_size=5))
def test_the_paper_says_what_the_plain_text_says(rows: list[tuple[str, str]]) -> None:
    receipt = document(*(Row(left, right) for left, right in rows))

    printed = read_paper(render(receipt, GENERIC)).lines

    assert "".join(f"{line}\n" for line in printed[: len(printed) - 6]) == plain_text(receipt)


@given(st.text(alphabet="abcàè ", max_size=200), st.text(alphabet="0123456789,€", max_size=15))
def test_every_line_fits_the_paper_and_nothing_is_lost(left: str, right: str) -> None:
    lines = lines_of(Row(left, right), 42)

    assert all(len(line) <= 42 for line in lines)
    assert "".join(lines).replace(" ", "") == (left + right).replace(" ", "")


def test_an_amount_stands_right_on_the_last_line_of_its_description() -> None:
    lines = lines_of(Row("Pane casereccio di semola rimacinata di grano duro", "12,50 €"), 42)

    assert lines == ("Pane casereccio di semola", "rimacinata di grano duro           12,50 €")


def test_big_text_takes_two_columns_a_character() -> None:
    assert lines_of(Row("TOTALE", "18,00", size="big"), 42) == ("TOTALE          18,00",)


def test_decomposed_letters_are_composed() -> None:
    assert Text("caffe\u0300").text == "caffè"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“ciao”…", '"ciao"...'),
        ("1–2 — 3", "1-2 - 3"),
        ("Łódź", "Lódz"),
        ("œuf", "oeuf"),
        ("日本", "??"),
        ("x\u0301", "x"),
    ],
)
def test_what_the_code_page_lacks_becomes_the_nearest_that_it_has(text: str, expected: str) -> None:
    assert transliterate(text, "cp858") == expected


def test_a_marker_stands_above_and_below() -> None:
    lines = plain_text(PaperDocument((Text("Pane"),), marker="RISTAMPA")).split("\n")

    assert [line.strip() for line in lines[:3]] == ["RISTAMPA", "Pane", "RISTAMPA"]


def test_a_native_qr_code_is_sent_by_its_content() -> None:
    job = render(document(QrCode("https://example.org/r/1")), GENERIC)

    (code,) = [item for item in read_paper(job).items if isinstance(item, PaperCode)]
    assert (code.kind, code.data, code.align) == ("qr", "https://example.org/r/1", "center")


def test_a_model_that_cannot_draw_a_qr_code_gets_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    job = render(document(QrCode("https://example.org/r/1")), PROFILES["generic-58mm"])

    (picture,) = [item for item in read_paper(job).items if isinstance(item, PaperPicture)]
    assert len(picture.rows) == 4 * (25 + 2 * 2)
    assert any(any(row) for row in picture.rows)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("kind", "data"), [("ean13", "8001120000019"), ("code128", "A{1")])
def test_bar_codes_are_read_back(kind: str, data: str) -> None:
    job = render(document(Barcode(kind, data)), GENERIC)  # type: ignore[arg-type]

    (code,) = [item for item in read_paper(job).items if isinstance(item, PaperCode)]
    assert (code.kind, code.data) == (kind, data)


def test_what_is_no_ean13_still_gets_a_bar_code() -> None:
    job = render(document(Barcode("ean13", "12AB")), GENERIC)

    (code,) = [item for item in read_paper(job).items if isinstance(item, PaperCode)]
    assert (code.kind, code.data) == ("code128", "12AB")


def test_the_cut_ends_the_job_unless_it_is_not_wanted() -> None:
    assert render(document(Text("a")), GENERIC).endswith(b"\x1bd\x06\x1dV\x00")
    assert read_paper(render(PaperDocument((Text("a"),), cut=False), GENERIC)).cuts == 0


@pytest.mark.parametrize(("pin", "start"), [(2, b"\x1bp\x00"), (5, b"\x1bp\x01")])
def test_the_pulse_names_its_pin(pin: int, start: bytes) -> None:
    assert drawer_pulse(pin).startswith(start)
    assert read_paper(drawer_pulse(pin)).drawer_pulses == (pin,)


def test_looks_are_read_from_the_bytes() -> None:
    job = render(document(Text("TOTALE", align="center", bold=True, size="big"), Text("x")), GENERIC)

    first, second = [item for item in read_paper(job).items if isinstance(item, PaperLine)][:2]
    assert (first.align, first.spans[0].style.bold, first.spans[0].style.width, first.spans[0].style.height) == (
        "center", True, 2, 2,
    )  # fmt: skip
    assert (second.align, second.spans[0].style.bold, second.spans[0].style.width) == ("left", False, 1)


def test_looks_set_by_the_older_command_are_read_too() -> None:
    paper = read_paper(b"\x1b@\x1b!\x38A\x1b!\x00b\n")

    line = paper.items[0]
    assert isinstance(line, PaperLine)
    assert [(span.text, span.style.bold, span.style.width, span.style.height) for span in line.spans] == [
        ("A", True, 2, 2),
        ("b", False, 1, 1),
    ]


def test_a_printer_set_to_italian_characters_is_shown_as_it_prints() -> None:
    assert read_paper(b"\x1b@\x1bR\x06caff} [{]\n").lines == ("caffè °àé",)


def test_a_job_that_broke_off_shows_what_came() -> None:
    job = render(document(Text("Pane"), QrCode("x" * 50)), GENERIC)

    assert read_paper(job[: len(job) // 2]).lines[0] == "Pane"


@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown(job: bytes) -> None:
    paper = read_paper(job)

    assert to_html(paper, WORDS).startswith("<div")
    assert isinstance(to_text(paper), str)


def test_pictures_by_column_are_read() -> None:
    paper = read_paper(b"\x1b*\x00\x02\x00\x80\x01")

    (picture,) = [item for item in paper.items if isinstance(item, PaperPicture)]
    assert picture.rows == (b"\x01\x00", *([b"\x00\x00"] * 6), b"\x00\x01")


def test_html_is_escaped() -> None:
    html = to_html(read_paper(render(document(Text("<script>&'\"")), GENERIC)), WORDS)

    assert "<script" not in html
    assert "&lt;script&gt;&amp;&#x27;&quot;" in html


def test_html_draws_codes_and_says_them_to_a_screen_reader() -> None:
    html = to_html(read_paper(render(document(QrCode("R-1"), Barcode("ean13", "8001120000019")), GENERIC)), WORDS)

    assert html.count("<svg") == 2
    assert 'aria-label="R-1"' in html
    assert "style=" not in html


def test_text_of_the_paper_is_aligned() -> None:
    job = render(document(Text("Forno", align="center"), Text("fine", align="right")), GENERIC)

    assert to_text(read_paper(job)).split("\n")[:2] == ["Forno".center(42).rstrip(), "fine".rjust(42)]
