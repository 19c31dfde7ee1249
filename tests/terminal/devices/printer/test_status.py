"""Status bytes of printers."""

import pytest

from terminal.devices.printer.status import AnswerReader, printer_status, refusal_code
from terminal.devices.protocols import PrinterStatus


@pytest.mark.parametrize(
    ("printer", "offline", "paper", "expected"),
    [
        (0x12, 0x12, 0x12, PrinterStatus(online=True, drawer_open=False)),
        (0x16, 0x12, 0x12, PrinterStatus(online=True, drawer_open=True)),
        (0x1A, 0x16, 0x12, PrinterStatus(online=False, cover_open=True, drawer_open=False)),
        (0x12, 0x12, 0x1E, PrinterStatus(online=True, paper_near_end=True, drawer_open=False)),
        (0x1A, 0x32, 0x7E, PrinterStatus(online=False, paper_near_end=True, paper_end=True, drawer_open=False)),
        (0x1A, 0x32, 0x12, PrinterStatus(online=False, paper_end=True, drawer_open=False)),
        (0x1A, 0x52, 0x12, PrinterStatus(online=False, error=True, drawer_open=False)),
    ],
)
def test_bits_mean_what_the_printer_says(printer: int, offline: int, paper: int, expected: PrinterStatus) -> None:
    assert printer_status(printer, offline, paper, drawer_open_is_high=True) == expected


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (PrinterStatus(online=True), None),
        (PrinterStatus(online=True, paper_near_end=True), None),
        (PrinterStatus(online=False), "printer.offline"),
        (PrinterStatus(online=False, cover_open=True, paper_end=True), "printer.paper_out"),
        (PrinterStatus(online=False, cover_open=True), "printer.cover_open"),
        (PrinterStatus(online=False, error=True), "printer.error"),
    ],
)
def test_the_reason_is_the_one_a_person_can_act_on(status: PrinterStatus, code: str | None) -> None:
    assert refusal_code(status) == code


def test_answers_are_sorted_from_unasked_status_flow_control_and_rubbish() -> None:
    reader = AnswerReader()
    first, second, paper = reader.ask_realtime(), reader.ask_realtime(), reader.ask_in_print_order()

    reader.feed(b"\x11\x13\xff\x80" + b"\x14\x00\x00\x0f" + b"\x12" + b"\x00" + b"\x05" + b"\x1a")

    assert (first.answer, second.answer, paper.answer, reader.strays) == (0x12, 0x1A, 0x00, 0)


def test_an_unasked_status_cut_in_two_is_still_passed_over() -> None:
    reader = AnswerReader()
    question = reader.ask_in_print_order()

    reader.feed(b"\x14\x00")
    reader.feed(b"\x00\x0f\x03")

    assert question.answer == 0x03


def test_a_late_answer_goes_to_its_own_question_and_not_to_the_one_asked_since() -> None:
    reader = AnswerReader()
    given_up, asked_since = reader.ask_realtime(), reader.ask_realtime()

    reader.feed(b"\x16")

    assert (given_up.answer, asked_since.answer) == (0x16, None)
    assert reader.owes_realtime


def test_an_answer_that_nobody_asked_for_is_counted() -> None:
    reader = AnswerReader()

    reader.feed(b"\x12")
    question = reader.ask_realtime()

    assert (reader.strays, question.answer) == (1, None)
