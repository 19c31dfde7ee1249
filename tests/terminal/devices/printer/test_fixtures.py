"""The bytes under hw-fixtures/printer, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from terminal.devices.paper import Barcode, Feed, PaperDocument, QrCode, Row, Rule, Text
from terminal.devices.printer.escpos_render import render
from terminal.devices.printer.paper_view import read_paper
from terminal.devices.printer.profiles import PROFILES
from terminal.devices.printer.status import AnswerReader, printer_status
from terminal.devices.protocols import PrinterStatus

FOLDER = Path(__file__).parents[4] / "hw-fixtures" / "printer"
CASES = {f"{path.parent.name}/{path.stem}": path for path in sorted(FOLDER.glob("*/*.json"))}
JOBS = [case for case in CASES if "/status-" not in case]
STATUSES = [case for case in CASES if "/status-" in case]
RECEIPT = PaperDocument(
    (
        Text("Forno Perché", align="center", bold=True, size="big"),
        Text("DOCUMENTO GESTIONALE NON FISCALE", align="center"),
        Rule(),
        Row("Pane casereccio di semola rimacinata di grano duro", "4,80 €"),
        Row("Caffè “speciale” à la crème…", "1,20 €"),
        Row("Più città, così è: ÀÈÉÌÒÙ àèéìòù", "0,00 €"),
        Rule(),
        Row("TOTALE", "6,00 €", bold=True, size="big"),
        Feed(1),
        QrCode("CF1:3f2a-0001-0042"),
        Barcode("ean13", "8001120000019"),
    )
)


def load(case: str) -> tuple[bytes, Any]:
    return CASES[case].with_suffix(".bin").read_bytes(), json.loads(CASES[case].read_text())


def test_there_are_fixtures_and_each_says_where_it_is_from() -> None:
    assert JOBS
    assert STATUSES
    for case in CASES:
        _, stated = load(case)
        assert stated["origin"] in ("recorded", "composed")
        assert stated["from"]


@pytest.mark.parametrize("case", JOBS)
def test_a_job_reads_as_its_lines(case: str) -> None:
    job, stated = load(case)
    slots = {int(slot): page for slot, page in stated["code_pages"].items()}

    paper = read_paper(job, stated["columns"], slots)

    assert list(paper.lines) == stated["lines"]
    assert paper.cuts == stated.get("cuts", 1)
    assert list(paper.drawer_pulses) == stated.get("drawer_pulses", [])


@pytest.mark.parametrize("case", [case for case in JOBS if case.endswith("/receipt")])
def test_the_receipt_is_rendered_to_the_same_bytes(case: str) -> None:
    job, _ = load(case)

    assert render(RECEIPT, PROFILES[case.partition("/")[0]]) == job


@pytest.mark.parametrize("case", STATUSES)
def test_status_answers_mean_what_they_state(case: str) -> None:
    answers, stated = load(case)
    reader = AnswerReader()
    questions = [reader.ask_realtime() for _ in range(3)]

    reader.feed(answers)

    first, second, third = (question.answer or 0 for question in questions)
    status = printer_status(first, second, third, drawer_open_is_high=True)
    assert status == PrinterStatus(drawer_open=False, **stated["status"])
