from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from commerce.ledger import ChainMode
from commerce.texts.formats import formats
from terminal.devices.protocols import Availability, DeviceState
from terminal.services.state import ClockState, Notice, PrintState
from terminal.ui.device_views import device_view
from terminal.ui.ports import NetworkStatus, UiServices
from terminal.ui.quick_cash import quick_amounts
from terminal.ui.view_types import View
from terminal.ui.views import Viewer
from tests.fakes.bodies import z_body
from tests.fakes.register import FakeRegister
from tests.fakes.shop import BREAD, COFFEE, NO_PRICE, NOW, TWIN_CODE
from tests.fakes.ui import FakeSurroundings, ui_services


@pytest.fixture
def register() -> FakeRegister:
    return FakeRegister().sign_on()


def draw(register: FakeRegister, language: str = "en", around: FakeSurroundings | None = None) -> View:
    services: UiServices = ui_services(register, frozenset(), around)
    return Viewer(language).view(register.state, services)


def printed(state: str, reason: str = "", kind: str = "receipt") -> tuple[PrintState, ...]:
    return (PrintState("p", "d", "T2/26/000001", kind, state, reason, 1, ""),)


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_view_is_what_the_documentation_says(register: FakeRegister, language: str) -> None:
    register.scan(COFFEE)
    register.scan("4711")

    TypeAdapter(View).validate_python(draw(register, language), strict=True, extra="forbid")


def test_a_line_is_shown_in_language_and_format(register: FakeRegister) -> None:
    register.scan(BREAD)

    sale = draw(register, "it")["sale"]
    assert sale is not None
    line = sale["lines"][0]
    assert (line["description"], line["quantity"], line["unit"], line["unit_price"], line["total"]) == (
        "Pane casereccio",
        "0,482",
        "kg",
        "4,50",
        "2,17",
    )


def test_only_the_newest_line_is_marked(register: FakeRegister) -> None:
    register.scan(COFFEE)
    register.scan(BREAD)

    sale = draw(register)["sale"]
    assert sale is not None
    assert [line["newest"] for line in sale["lines"]] == [False, True]


def test_an_unchanged_line_is_not_made_again(register: FakeRegister) -> None:
    viewer, services = Viewer("en"), ui_services(register, frozenset())
    register.scan(COFFEE)
    register.scan(BREAD)
    before = viewer.view(register.state, services)["sale"]
    register.scan(BREAD)
    after = viewer.view(register.state, services)["sale"]

    assert before is not None
    assert after is not None
    assert after["lines"][0] is before["lines"][0]


def test_pieces_are_counted_and_a_weighed_item_is_one(register: FakeRegister) -> None:
    for code in (COFFEE, COFFEE, BREAD):
        register.scan(code)

    sale = draw(register)["sale"]
    assert sale is not None
    assert sale["items_text"] == "3 items"


@pytest.mark.parametrize(
    ("remaining", "step", "offered"),
    [
        (893, None, [893, 900, 1000, 2000, 5000]),
        (2129, None, [2129, 2200, 2500, 3000, 5000]),
        (7320, None, [7320, 7400, 7500, 8000, 10000]),
        (1000, None, [1000, 2000, 5000, 10000, 20000]),
        (893, 5, [895, 900, 1000, 2000, 5000]),
        (0, None, []),
        (-500, None, [-500]),
    ],
)
def test_the_notes_offered_make_sense(remaining: int, step: int | None, offered: list[int]) -> None:
    assert quick_amounts(remaining, "EUR", step) == offered


@pytest.mark.parametrize(
    ("state", "reason", "needs", "starts"),
    [
        ("intended", "", False, "Printing"),
        ("done", "", False, "Printed"),
        ("failed", "printer.paper_out", True, "Printer out of paper. The sale is saved"),
        ("failed", "link.unreachable", True, "The sale is saved."),
        ("not_done", "", True, "The sale is saved."),
        ("unknown", "printer.paper_out", True, "The sale is saved. It is not known"),
        ("unknown", "printer.one_way", False, "Sent to the printer, which cannot say"),
    ],
)
def test_a_print_says_what_happened_to_the_sale(
    register: FakeRegister, state: str, reason: str, needs: bool, starts: str
) -> None:
    register.show(prints=printed(state, reason))

    shown = draw(register)["prints"][0]
    assert shown["needs_person"] is needs
    assert shown["text"].startswith(starts)


def test_a_report_in_doubt_speaks_of_the_session(register: FakeRegister) -> None:
    register.show(prints=printed("unknown", kind="z_report"))

    assert draw(register, "it")["prints"][0]["text"].startswith("La sessione è chiusa e salvata.")


def test_a_print_in_doubt_offers_both_ways_out(register: FakeRegister) -> None:
    register.show(prints=printed("unknown"))

    actions = draw(register)["prints"][0]["actions"]
    assert [(action["name"], action["text"]) for action in actions] == [
        ("again", "Print again"),
        ("dismiss", "The paper is good"),
    ]


def test_candidates_come_with_the_notice(register: FakeRegister) -> None:
    register.scan(TWIN_CODE)

    notice = draw(register, "it")["notices"][0]
    assert notice["kind"] == "candidates"
    assert [item["name"] for item in notice["candidates"]] == ["Calze, taglia M", "Calze, taglia L"]


def test_a_code_scanned_while_paying_is_named(register: FakeRegister) -> None:
    values = {"scanned": COFFEE}
    register.show(
        notices=(Notice(1, "sale.being_paid", values, "", of_scan=True), Notice(2, "sale.being_paid", {}, ""))
    )

    named, plain = (notice["text"] for notice in draw(register)["notices"])
    assert named.startswith(f"{COFFEE} was not added")
    assert plain.startswith("The sale is being paid.")


def test_a_missing_price_names_the_item(register: FakeRegister) -> None:
    register.scan(NO_PRICE)

    notice = draw(register)["notices"][0]
    assert (notice["kind"], notice["text"]) == ("price", "Bunch of flowers has no price. Type its price.")


@pytest.mark.parametrize(
    ("network", "text", "unsent"),
    [
        (NetworkStatus("online"), "connected", "everything sent"),
        (NetworkStatus("online", 2), "connected", "2 not yet sent"),
        (NetworkStatus("offline", 3, NOW - timedelta(hours=2)), "not reachable", "3 not yet sent since 16:42"),
        (
            NetworkStatus("offline", 3, NOW - timedelta(days=1)),
            "not reachable",
            "3 not yet sent since 22 Nov 2026, 18:42",
        ),
        (NetworkStatus("never"), "not connected yet", "everything sent"),
        (
            NetworkStatus("online", as_of=NOW - timedelta(hours=2)),
            "connected",
            "everything sent; prices as of 16:42",
        ),
    ],
)
def test_the_network_is_told_with_what_is_unsent(
    register: FakeRegister, network: NetworkStatus, text: str, unsent: str
) -> None:
    shown = draw(register, around=FakeSurroundings(network=network))["network"]

    assert (shown["text"], shown["unsent_text"]) == (text, unsent)


def test_a_clock_that_jumped_asks_a_person(register: FakeRegister) -> None:
    assert draw(register)["clock"]["question"] is None

    register.show(clock=ClockState(suspect=True, jump_s=259200, trusted_at=NOW - timedelta(days=3)))

    question = draw(register)["clock"]["question"]
    assert question is not None
    assert "20 Nov 2026, 18:42" in question
    assert "23 Nov 2026, 18:42" in question


def test_a_till_that_only_trains_says_so(register: FakeRegister) -> None:
    register.show(till=replace(register.state.till, mode=ChainMode.TRAINING))

    assert draw(register, "it")["mode_text"] == "Addestramento: non sono vendite vere"


def test_a_z_says_how_the_drawer_stands(register: FakeRegister) -> None:
    register.show(last_z=z_body(counted_cash=10800, over_short=-93))

    z = draw(register)["last_z"]
    assert z is not None
    assert z["verdict"] == "€0.93 is missing from the drawer."
    assert z["tenders"] == [{"label": "Cash (1)", "amount": "€8.93"}]


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", ["-€1,234.56", "¥", "0.482", "3.4955", "22%"]), ("it", ["-1.234,56 €", "1.234", "0,482", "3,4955", "22%"])],
)
def test_numbers_are_written_as_people_write_them(language: str, shown: list[str]) -> None:
    ours = formats(language)
    written = [
        ours.money(-123456, "EUR").replace("\xa0", " "),
        ours.money(1234, "JPY"),
        ours.quantity(Decimal("0.482000")),
        ours.price(Decimal("3.49550000"), "EUR"),
        ours.percent(Decimal("22.00")),
    ]

    assert all(expected in text for expected, text in zip(shown, written, strict=True))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("device.absent", "non trovato"),
        ("device.busy", "in uso da un altro programma"),
        ("device.no_permission", "questo programma non può usarlo: manca il permesso"),
    ],
)
def test_a_scanner_that_is_not_there_taken_or_forbidden_is_told_apart(reason: str, text: str) -> None:
    scanner = DeviceState("s", "scanner", Availability.GONE, reason)

    assert device_view(Viewer("it"), scanner)["text"] == text


def test_codes_that_were_not_read_for_certain_are_counted_beside_the_scanner() -> None:
    scanner = DeviceState("s", "scanner", Availability.READY, doubtful=3)

    assert device_view(Viewer("en"), scanner)["text"] == "ready; 3 codes not read"
