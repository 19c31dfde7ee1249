"""What every fiscal register does, and how it is found out after a doubt what it has done."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pytest

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.protocols import FiscalDocument, FiscalLine, FiscalReference, FiscalRegister
from tests.fakes.fiscal_register import FakeFiscalRegister, FiscalFault

Restart: TypeAlias = Callable[[], FakeFiscalRegister]

NOTHING_PRINTED = [FiscalFault.UNREACHABLE, FiscalFault.REFUSED, FiscalFault.HALF_PRINTED, FiscalFault.CRASH_BEFORE]
PRINTED = [FiscalFault.ANSWER_LOST, FiscalFault.CRASH_AFTER]


class DeadError(BaseException):
    """The process has died here."""


def die() -> None:
    raise DeadError


def receipt(effect: str = "effect-1") -> FiscalDocument:
    line = FiscalLine("Pane", "1", 120, "4", "4.00")
    return FiscalDocument(effect, 120, (line,), (("cash", 120),))


@pytest.fixture
def restart(tmp_path: Path) -> Restart:
    return lambda: FakeFiscalRegister("rt", tmp_path / "rt.json", today=lambda: date(2026, 3, 10), crash=die)


@pytest.fixture
def register(restart: Restart) -> FakeFiscalRegister:
    return restart()


async def test_is_a_fiscal_register(register: FakeFiscalRegister) -> None:
    assert isinstance(register, FiscalRegister)


async def test_a_new_register_has_no_last_document(register: FakeFiscalRegister) -> None:
    assert await register.read_last_document() is None


async def test_numbers_documents_within_the_closure(register: FakeFiscalRegister) -> None:
    first = await register.issue_document(receipt())
    second = await register.issue_document(receipt("effect-2"))

    assert first == FiscalReference("99SIM000001", 1, 1, "2026-03-10")
    assert (second.closure, second.number) == (1, 2)


async def test_the_last_document_is_the_one_just_issued(register: FakeFiscalRegister) -> None:
    reference = await register.issue_document(receipt())

    assert await register.read_last_document() == reference


async def test_it_remembers_across_a_restart(register: FakeFiscalRegister, restart: Restart) -> None:
    reference = await register.issue_document(receipt())

    assert await restart().read_last_document() == reference
    assert (await restart().issue_document(receipt("effect-2"))).number == 2


async def test_a_new_day_starts_a_new_closure_at_one(register: FakeFiscalRegister) -> None:
    await register.issue_document(receipt())

    assert await register.close_day() == 1
    reference = await register.issue_document(receipt("effect-2"))
    assert (reference.closure, reference.number) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FiscalFault.UNREACHABLE, DeviceUnavailableError),
        (FiscalFault.REFUSED, DeviceRefusedError),
        (FiscalFault.HALF_PRINTED, OutcomeUnknownError),
        (FiscalFault.ANSWER_LOST, OutcomeUnknownError),
        (FiscalFault.CRASH_BEFORE, DeadError),
        (FiscalFault.CRASH_AFTER, DeadError),
    ],
)
async def test_each_fault_says_what_the_caller_may_do(
    register: FakeFiscalRegister, fault: FiscalFault, error: type[BaseException]
) -> None:
    register.fail_next(fault)

    with pytest.raises(error):
        await register.issue_document(receipt())


@pytest.mark.parametrize("fault", NOTHING_PRINTED)
async def test_when_nothing_became_a_document_the_last_one_has_not_moved(
    register: FakeFiscalRegister, restart: Restart, fault: FiscalFault
) -> None:
    baseline = await register.issue_document(receipt())
    register.fail_next(fault)

    with pytest.raises((DeviceUnavailableError, DeviceRefusedError, OutcomeUnknownError, DeadError)):
        await register.issue_document(receipt("effect-2"))

    assert await restart().read_last_document() == baseline


@pytest.mark.parametrize("fault", PRINTED)
async def test_when_only_the_answer_was_lost_the_last_document_has_moved_on_by_one(
    register: FakeFiscalRegister, restart: Restart, fault: FiscalFault
) -> None:
    baseline = await register.issue_document(receipt())
    register.fail_next(fault)

    with pytest.raises((OutcomeUnknownError, DeadError)):
        await register.issue_document(receipt("effect-2"))

    last = await restart().read_last_document()
    assert last is not None
    assert last.number == baseline.number + 1
    assert [each.effect for each in restart().documents()] == ["effect-1", "effect-2"]


async def test_sending_again_prints_again(register: FakeFiscalRegister) -> None:
    await register.issue_document(receipt())
    await register.issue_document(receipt())

    assert [each.effect for each in register.documents()] == ["effect-1", "effect-1"]


async def test_a_fault_strikes_once(register: FakeFiscalRegister) -> None:
    register.fail_next(FiscalFault.REFUSED)
    with pytest.raises(DeviceRefusedError):
        await register.issue_document(receipt())

    assert (await register.issue_document(receipt())).number == 1


async def test_unreachable_it_cannot_be_asked_either(register: FakeFiscalRegister) -> None:
    register.reachable = False

    with pytest.raises(DeviceUnavailableError):
        await register.read_last_document()
