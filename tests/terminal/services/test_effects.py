"""The effect loops against devices that fail at every point, with restarts in between."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commerce.dates import utc_text
from commerce.errors import (
    DeviceRefusedError,
    DeviceUnavailableError,
    OutcomeUnknownError,
    PosError,
    StorageError,
)
from terminal.db.effects import EffectRow
from terminal.devices.fiscal_register.fake import FakeFiscalRegister, FiscalFault
from terminal.devices.printer.virtual import VirtualCondition, VirtualPrinter
from terminal.devices.protocols import ONE_WAY, FiscalDocument, FiscalReference, PrinterStatus
from terminal.services.effects import DrawerLoop, FiscalLoop, PrintLoop, Surroundings

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class PowerCutError(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class MemoryDesk:
    """The register's side of effects, in memory; what is committed survives a restart of the loop."""

    rows: list[EffectRow] = field(default_factory=list)
    settled: list[tuple[str, str, str]] = field(default_factory=list)
    references: list[dict[str, Any] | None] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)

    def show_waiting(self, effect: str, reason: str) -> None:
        self.waiting.append((effect, reason))

    async def open_effects(self, kind: str) -> Sequence[EffectRow]:
        return [row for row in self.rows if row.kind == kind and row.state not in ("done", "not_done")]

    async def start_effect(self, effect: str, baseline: dict[str, Any] | None = None) -> bool:
        for index, row in enumerate(self.rows):
            if row.id == effect and row.state in ("intended", "started"):
                self.rows[index] = replace(row, state="started", baseline=baseline)
                return True
        return False

    async def settle_effect(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        self.settled.append((effect, outcome, reason))
        self.references.append(reference)
        self.rows = [replace(row, state=outcome) if row.id == effect else row for row in self.rows]


@dataclass
class FullDesk(MemoryDesk):
    """A desk whose disk refuses so many of the next starts, and of the next outcomes."""

    starts_refused: int = 0
    outcomes_refused: int = 0

    async def start_effect(self, effect: str, baseline: dict[str, Any] | None = None) -> bool:
        if self.starts_refused:
            self.starts_refused -= 1
            raise StorageError("storage.full")
        return await super().start_effect(effect, baseline)

    async def settle_effect(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        if self.outcomes_refused:
            self.outcomes_refused -= 1
            raise StorageError("storage.full")
        await super().settle_effect(effect, outcome, reason, reference)


def effect(kind: str, state: str = "intended", at: datetime = NOW, effect_id: str = "e1") -> EffectRow:
    return EffectRow(effect_id, kind, "doc-1", "T2/26/1", "receipt", state, 1, "", "", None, None, utc_text(at), False)


def around(desk: MemoryDesk, cut_at: str | None = None) -> Surroundings:
    def reached(step: str) -> None:
        if step == cut_at:
            raise PowerCutError(step)

    return Surroundings(desk, lambda: NOW, reached)


async def as_bytes(_: EffectRow) -> bytes:
    return b"a receipt of many bytes"


async def allowed(_: EffectRow) -> bool:
    return True


def printing(desk: MemoryDesk, printer: VirtualPrinter | None, cut_at: str | None = None) -> PrintLoop:
    return PrintLoop(around(desk, cut_at), printer, as_bytes, allowed)


def paper(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(directory.glob("[0-9]*.bin"))]


async def test_a_print_is_done_when_the_printer_has_answered(tmp_path: Path) -> None:
    desk = MemoryDesk([effect("print")])

    await printing(desk, VirtualPrinter("p", tmp_path)).work()

    assert desk.settled == [("e1", "done", "")]
    assert paper(tmp_path) == [b"a receipt of many bytes"]


async def test_a_printer_without_paper_is_told_apart_from_one_that_went_silent(tmp_path: Path) -> None:
    desk, printer = MemoryDesk([effect("print"), effect("print", effect_id="e2")]), VirtualPrinter("p", tmp_path)
    printer.set_condition(VirtualCondition.PAPER_OUT)
    await printing(desk, printer).work()
    desk.rows.append(effect("print", effect_id="e3"))
    printer.set_condition(VirtualCondition.WELL)
    printer.break_next_job(5)
    await printing(desk, printer).work()

    assert desk.settled == [
        ("e1", "failed", "printer.paper_out"),
        ("e2", "failed", "printer.paper_out"),
        ("e3", "unknown", "link.lost"),
    ]


async def test_a_document_that_cannot_be_laid_out_fails_alone(tmp_path: Path) -> None:
    desk, printer = MemoryDesk([effect("print"), effect("print", effect_id="e2")]), VirtualPrinter("p", tmp_path)

    async def only_the_second(row: EffectRow) -> bytes:
        return {"e2": b"a receipt"}[row.id]

    await PrintLoop(around(desk), printer, only_the_second, allowed).work()

    assert desk.settled == [("e1", "failed", "document.unprintable"), ("e2", "done", "")]


@pytest.mark.parametrize(
    ("cut_at", "printed", "outcome"),
    [
        ("print.rendered", 1, ("e1", "done", "")),
        ("print.started", 0, ("e1", "unknown", "effect.interrupted")),
        ("print.answered", 1, ("e1", "unknown", "effect.interrupted")),
        ("print.settled", 1, ("e1", "done", "")),
    ],
)
async def test_after_a_cut_nothing_is_printed_twice(
    tmp_path: Path, cut_at: str, printed: int, outcome: tuple[str, str, str]
) -> None:
    desk, printer = MemoryDesk([effect("print")]), VirtualPrinter("p", tmp_path)
    with pytest.raises(PowerCutError):
        await printing(desk, printer, cut_at).work()

    again = printing(desk, printer)
    await again.settle_left_open()
    await again.work()

    assert desk.settled == [outcome]
    assert len(paper(tmp_path)) == printed


@pytest.mark.parametrize(("starts", "outcomes"), [(3, 0), (0, 3), (2, 2)])
async def test_a_full_disk_ends_no_loop_and_the_paper_comes_out_once(
    tmp_path: Path, starts: int, outcomes: int
) -> None:
    desk = FullDesk([effect("print")], starts_refused=starts, outcomes_refused=outcomes)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    surroundings = Surroundings(desk, lambda: NOW, sleep=sleep)
    prints = PrintLoop(surroundings, VirtualPrinter("p", tmp_path), as_bytes, allowed)
    running = asyncio.ensure_future(prints.run())
    async with asyncio.timeout(10):
        while not desk.settled and not running.done():
            prints.wake()
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert desk.settled == [("e1", "done", "")]
    assert len(paper(tmp_path)) == 1
    assert len(pauses) == starts + outcomes


async def test_last_nights_receipt_is_not_printed_in_the_morning(tmp_path: Path) -> None:
    desk = MemoryDesk([effect("print", at=NOW - timedelta(hours=8)), effect("print", effect_id="e2")])
    loop = printing(desk, VirtualPrinter("p", tmp_path))

    await loop.settle_left_open()
    await loop.work()

    assert desk.settled == [("e1", "not_done", "effect.stale"), ("e2", "done", "")]
    assert len(paper(tmp_path)) == 1


async def test_without_a_printer_the_till_says_so_and_sells_on() -> None:
    desk = MemoryDesk([effect("print")])

    await printing(desk, None).work()

    assert desk.settled == [("e1", "not_done", "printer.none")]


async def test_the_drawer_opens_for_a_sale_and_stays_shut_after_a_restart(tmp_path: Path) -> None:
    printer = VirtualPrinter("p", tmp_path)
    desk = MemoryDesk([effect("drawer")])
    await DrawerLoop(around(desk), printer).work()
    opened = (tmp_path / "drawer.bin").read_bytes()

    desk.rows.append(effect("drawer", effect_id="e2"))
    restarted = DrawerLoop(around(desk), printer)
    await restarted.settle_left_open()
    await restarted.work()

    assert desk.settled == [("e1", "done", ""), ("e2", "not_done", "effect.stale")]
    assert (tmp_path / "drawer.bin").read_bytes() == opened


class SlowDrawer:
    """A drawer that opens when it is let, and counts what was printed by then."""

    name = "drawer"

    def __init__(self, printer: VirtualPrinter) -> None:
        self.may_open = asyncio.Event()
        self.printed_before: list[int] = []
        self._printer = printer

    async def open_drawer(self) -> None:
        await self.may_open.wait()
        self.printed_before = self._printer.job_numbers()


async def test_the_drawer_goes_before_the_paper_of_its_sale(tmp_path: Path) -> None:
    printer, desk = VirtualPrinter("p", tmp_path), MemoryDesk()
    drawer = SlowDrawer(printer)
    drawers = DrawerLoop(around(desk), drawer)
    prints = PrintLoop(around(desk), printer, as_bytes, allowed, [drawers])
    running = [asyncio.ensure_future(loop.run()) for loop in (prints, drawers)]
    await asyncio.sleep(0)
    desk.rows += [effect("print"), effect("drawer", effect_id="e2")]
    drawers.wake()
    prints.wake()
    asyncio.get_running_loop().call_later(0.05, drawer.may_open.set)
    async with asyncio.timeout(10):
        while not (drawers.idle.is_set() and prints.idle.is_set()):
            await drawers.idle.wait()
            await prints.idle.wait()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

    assert sorted(desk.settled) == [("e1", "done", ""), ("e2", "done", "")]
    assert drawer.printed_before == []


@pytest.mark.parametrize(
    ("breaks", "told"),
    [(False, [("drawer.not_opened", "printer.paper_out")]), (True, [("drawer.unknown", "link.lost")])],
)
async def test_a_drawer_that_did_not_open_is_told(tmp_path: Path, breaks: bool, told: list[tuple[str, str]]) -> None:
    printer, desk, heard = VirtualPrinter("p", tmp_path), MemoryDesk([effect("drawer")]), list[PosError]()
    if breaks:
        printer.break_next_job(1)
    else:
        printer.set_condition(VirtualCondition.PAPER_OUT)

    await DrawerLoop(replace(around(desk), tell=heard.append), printer).work()

    assert [(error.code, error.values["reason"]) for error in heard] == told


class OneWayPrinter:
    """A printer and drawer that take everything and can say nothing."""

    name = "one-way"

    def __init__(self) -> None:
        self.printed: list[bytes] = []

    async def print_bytes(self, document: bytes) -> None:
        self.printed.append(document)
        raise OutcomeUnknownError(ONE_WAY)

    async def read_status(self) -> PrinterStatus:
        return PrinterStatus(online=True)

    async def open_drawer(self) -> None:
        raise OutcomeUnknownError(ONE_WAY)


async def test_of_a_printer_that_cannot_answer_nobody_is_told_anything() -> None:
    printer, heard = OneWayPrinter(), list[PosError]()
    desk = MemoryDesk([effect("print"), effect("drawer", effect_id="e2")])
    surroundings = replace(around(desk), tell=heard.append)

    await PrintLoop(surroundings, printer, as_bytes, allowed).work()
    await DrawerLoop(surroundings, printer).work()

    assert desk.settled == [("e1", "unknown", ONE_WAY), ("e2", "unknown", ONE_WAY)]
    assert (len(printer.printed), heard) == (1, [])


def register_in(tmp_path: Path) -> FakeFiscalRegister:
    def cut() -> None:
        raise PowerCutError

    return FakeFiscalRegister("rt", tmp_path / "rt.json", today=lambda: date(2026, 11, 23), crash=cut)


async def as_fiscal(row: EffectRow) -> FiscalDocument:
    return FiscalDocument(row.id, 893, (), (("cash", 893),))


def fiscal(desk: MemoryDesk, register: FakeFiscalRegister, cut_at: str | None = None) -> FiscalLoop:
    return FiscalLoop(around(desk, cut_at), register, as_fiscal)


async def test_the_registers_number_arrives_as_the_outcome(tmp_path: Path) -> None:
    desk = MemoryDesk([effect("fiscal")])

    await fiscal(desk, register_in(tmp_path)).work()

    assert desk.settled == [("e1", "done", "")]
    assert desk.references == [{"serial": "99SIM000001", "closure": 1, "number": 1, "issued_on": "2026-11-23"}]


@pytest.mark.parametrize(
    ("fault", "documents", "outcome"),
    [
        (FiscalFault.UNREACHABLE, 0, "failed"),
        (FiscalFault.REFUSED, 0, "failed"),
        (FiscalFault.HALF_PRINTED, 0, "failed"),
        (FiscalFault.ANSWER_LOST, 1, "done"),
    ],
)
async def test_a_lost_answer_is_asked_for_and_never_sent_again(
    tmp_path: Path, fault: FiscalFault, documents: int, outcome: str
) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    register.fail_next(fault)

    await fiscal(desk, register).work()

    assert [settled[1] for settled in desk.settled] == [outcome]
    assert len(register.documents()) == documents
    assert (desk.references[0] is not None) == (documents == 1)


@pytest.mark.parametrize(
    ("cut_at", "fault", "documents", "outcome"),
    [
        ("fiscal.baseline", None, 0, "failed"),
        ("fiscal.started", None, 0, "failed"),
        (None, FiscalFault.CRASH_BEFORE, 0, "failed"),
        (None, FiscalFault.CRASH_AFTER, 1, "done"),
        ("fiscal.issued", None, 1, "done"),
        ("fiscal.settled", None, 1, "done"),
    ],
)
async def test_after_a_cut_the_register_is_asked_what_it_printed(
    tmp_path: Path, cut_at: str | None, fault: FiscalFault | None, documents: int, outcome: str
) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    await register.issue_document(FiscalDocument("earlier", 893, (), ()))  # the same amount: no guess by amount
    register.fail_next(fault)
    with pytest.raises(PowerCutError):
        await fiscal(desk, register, cut_at).work()

    restarted = fiscal(desk, register_in(tmp_path))
    await restarted.settle_left_open()
    await restarted.work()

    assert [settled[1] for settled in desk.settled] == [outcome]
    assert len(register.documents()) == documents + 1
    if documents:
        assert desk.references[-1] == {"serial": "99SIM000001", "closure": 1, "number": 2, "issued_on": "2026-11-23"}


async def test_a_register_that_others_used_meanwhile_is_a_persons_to_decide(tmp_path: Path) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    with pytest.raises(PowerCutError):
        await fiscal(desk, register, "fiscal.started").work()
    for other in ("x", "y"):
        await register.issue_document(FiscalDocument(other, 893, (), ()))

    await fiscal(desk, register).settle_left_open()

    assert desk.settled == [("e1", "unknown", "fiscal_register.ambiguous")]


async def test_a_register_that_cannot_be_asked_yet_is_asked_later(tmp_path: Path) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    with pytest.raises(PowerCutError):
        await fiscal(desk, register, "fiscal.issued").work()
    register.reachable = False

    async def until_it_is_back(_: float) -> None:
        register.reachable = True

    waiting = Surroundings(desk, lambda: NOW, sleep=until_it_is_back)
    await FiscalLoop(waiting, register, as_fiscal).settle_left_open()

    assert desk.settled == [("e1", "done", "")]


async def test_a_document_that_closed_the_registers_day_is_still_ours(tmp_path: Path) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    await register.issue_document(FiscalDocument("earlier", 1, (), ()))
    with pytest.raises(PowerCutError):
        await fiscal(desk, register, "fiscal.started").work()
    await register.close_day()
    await register.issue_document(FiscalDocument("e1", 893, (), ()))

    await fiscal(desk, register).settle_left_open()

    assert desk.settled == [("e1", "done", "")]


class FailingRegister:
    """A register whose every call fails in one way, or never ends."""

    name = "rt"

    def __init__(self, error: Exception | None, *, only_issuing: bool = False) -> None:
        self._error = error
        self._only_issuing = only_issuing
        self.sent: list[FiscalDocument] = []

    async def read_last_document(self) -> FiscalReference | None:
        if not self._only_issuing:
            await self._fail()
        return None

    async def issue_document(self, document: FiscalDocument) -> FiscalReference:
        self.sent.append(document)
        await self._fail()
        raise AssertionError

    async def _fail(self) -> None:
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknownError("fiscal.no_answer"),
        DeviceUnavailableError("fiscal.unreachable"),
        DeviceRefusedError("fiscal.busy"),
        ZeroDivisionError(),
    ],
)
async def test_a_question_that_failed_before_anything_was_sent_leaves_the_document_unsent(error: Exception) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), FailingRegister(error)

    await FiscalLoop(around(desk), register, as_fiscal).work()

    assert [settled[1] for settled in desk.settled] == ["failed"]
    assert register.sent == []


async def test_a_driver_with_a_bug_leaves_the_outcome_unknown_and_ends_nothing(tmp_path: Path) -> None:
    class Buggy(OneWayPrinter):
        async def print_bytes(self, document: bytes) -> None:
            raise ZeroDivisionError

    desk = MemoryDesk([effect("print"), effect("fiscal", effect_id="e2")])
    await PrintLoop(around(desk), Buggy(), as_bytes, allowed).work()
    asked = FiscalLoop(around(desk), FailingRegister(ZeroDivisionError(), only_issuing=True), as_fiscal)
    await asked.work()

    assert desk.settled == [("e1", "unknown", "device.driver_failed"), ("e2", "failed", "fiscal_register.not_printed")]


async def test_a_document_that_cannot_be_read_back_is_not_sent() -> None:
    desk, register = MemoryDesk([effect("fiscal")]), FailingRegister(None)

    async def unreadable(_: EffectRow) -> FiscalDocument:
        raise KeyError("lines")

    await FiscalLoop(around(desk), register, unreadable).work()

    assert desk.settled == [("e1", "failed", "document.unprintable")]


async def test_a_dead_register_lets_paper_go_ahead_and_a_person_may_stop_the_asking(tmp_path: Path) -> None:
    desk, register = MemoryDesk([effect("fiscal"), effect("fiscal", effect_id="e2")]), register_in(tmp_path)
    with pytest.raises(PowerCutError):
        await fiscal(desk, register, "fiscal.started").work()
    register.reachable = False
    woken: list[bool] = []

    async def a_person_gives_up(_: float) -> None:
        if len(desk.waiting) == 3:
            await desk.settle_effect("e1", "unknown", "fiscal_register.given_up")

    waiting = Surroundings(desk, lambda: NOW, sleep=a_person_gives_up)
    loop = FiscalLoop(waiting, register, as_fiscal, woken.append)
    await loop.settle_left_open()
    await loop.work()

    assert desk.waiting == [("e1", "fiscal_register.no_answer")] * 3
    assert woken == [True]
    assert desk.settled == [("e1", "unknown", "fiscal_register.given_up"), ("e2", "failed", "fiscal.unreachable")]


async def test_a_register_that_answers_again_goes_first_again(tmp_path: Path) -> None:
    desk, register = MemoryDesk([effect("fiscal")]), register_in(tmp_path)
    loop = fiscal(desk, register)
    register.reachable = False
    await loop.work()
    silent = loop.is_silent
    register.reachable = True
    desk.rows.append(effect("fiscal", effect_id="e2"))
    await loop.work()

    assert (silent, loop.is_silent) == (True, False)
    assert [settled[1] for settled in desk.settled] == ["failed", "done"]
