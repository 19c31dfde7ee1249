"""What every card reader does, and how it is found out after a doubt what it has done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import pytest

from commerce.errors import DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.card_reader.virtual import ReaderCondition, VirtualCardReader
from terminal.devices.protocols import CardReader, CardReply, CardRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

Restart: TypeAlias = "Callable[[], VirtualCardReader]"

PAYMENT = CardRequest("attempt-1", "EUR", 349)
REVERSAL = CardRequest("attempt-2", "EUR", 349, "R-1")


class Customer:
    """Looks for the card until told to go on."""

    def __init__(self) -> None:
        self.is_looking, self.found = asyncio.Event(), asyncio.Event()

    async def sleep(self, _: float) -> None:
        """Wait for the card."""
        self.is_looking.set()
        await self.found.wait()


@pytest.fixture
def customer() -> Customer:
    return Customer()


@pytest.fixture
def restart(tmp_path: Path, customer: Customer) -> Restart:
    return lambda: VirtualCardReader("reader", tmp_path / "reader", sleep=customer.sleep)


@pytest.fixture
def reader(restart: Restart) -> VirtualCardReader:
    return restart()


def test_is_a_card_reader(reader: VirtualCardReader) -> None:
    assert isinstance(reader, CardReader)


async def test_takes_an_amount_and_gives_it_back(reader: VirtualCardReader) -> None:
    taken = await reader.pay(PAYMENT)
    balance = reader.balance()
    given_back = await reader.reverse(REVERSAL)

    assert (taken, balance) == (CardReply(approved=True, reference="R-1"), 349)
    assert (given_back.approved, reader.balance()) == (True, 0)


@pytest.mark.parametrize("ask", [VirtualCardReader.pay, VirtualCardReader.reverse])
@pytest.mark.parametrize(
    ("turn", "error", "outcome"),
    [
        ("gone", DeviceUnavailableError, None),
        ("lost_before", OutcomeUnknownError, None),
        ("lost", OutcomeUnknownError, True),
    ],
)
async def test_each_failure_says_what_the_caller_may_do_and_what_it_did_is_found_out_after_a_restart(
    ask: Callable[[VirtualCardReader, CardRequest], Awaitable[CardReply]],
    restart: Restart,
    turn: str,
    error: type[Exception],
    outcome: bool | None,
) -> None:
    reader = restart()
    reader.tell(turn)

    with pytest.raises(error):
        await ask(reader, PAYMENT)

    found = await restart().find_outcome(PAYMENT)
    assert (found and found.approved) == outcome
    assert abs(reader.balance()) == (349 if outcome else 0)


async def test_a_card_that_is_declined_takes_nothing(reader: VirtualCardReader, restart: Restart) -> None:
    reader.tell("decline")

    declined = await reader.pay(PAYMENT)

    assert declined == CardReply(approved=False, reason="card.declined")
    assert await restart().find_outcome(PAYMENT) == declined
    assert reader.balance() == 0


async def test_what_it_was_never_asked_has_no_outcome(reader: VirtualCardReader) -> None:
    await reader.pay(PAYMENT)

    assert await reader.find_outcome(CardRequest("another", "EUR", 349)) is None


async def test_what_it_is_told_is_for_one_request_each_and_for_every_program(
    reader: VirtualCardReader, restart: Restart
) -> None:
    restart().tell("decline", "lost_before")

    assert not (await reader.pay(PAYMENT)).approved
    with pytest.raises(OutcomeUnknownError):
        await reader.pay(REVERSAL)
    assert (await reader.pay(PAYMENT)).approved


async def test_the_same_request_twice_is_taken_twice(reader: VirtualCardReader) -> None:
    await reader.pay(PAYMENT)
    await reader.pay(PAYMENT)

    assert [act.request.attempt for act in reader.acts()] == ["attempt-1", "attempt-1"]
    assert reader.balance() == 698


@pytest.mark.parametrize("condition", [ReaderCondition.SILENT, ReaderCondition.UNPLUGGED])
async def test_a_reader_that_says_nothing_does_not_say_that_nothing_happened(
    reader: VirtualCardReader, condition: ReaderCondition
) -> None:
    await reader.pay(PAYMENT)
    reader.set_condition(condition)

    with pytest.raises(DeviceUnavailableError):
        await reader.find_outcome(PAYMENT)


async def test_an_unplugged_reader_is_not_there_for_anything(reader: VirtualCardReader, restart: Restart) -> None:
    await reader.check()
    restart().set_condition(ReaderCondition.UNPLUGGED)

    with pytest.raises(DeviceUnavailableError):
        await reader.check()
    with pytest.raises(DeviceUnavailableError):
        await reader.pay(PAYMENT)
    assert reader.acts() == ()


async def test_it_is_busy_while_the_customer_looks_for_the_card(reader: VirtualCardReader, customer: Customer) -> None:
    reader.tell("slow")
    async with asyncio.TaskGroup() as tasks:
        paying = tasks.create_task(reader.pay(PAYMENT))
        await customer.is_looking.wait()
        seen = (reader.is_busy, reader.balance())
        customer.found.set()

    assert (seen, paying.result().approved, reader.is_busy) == ((True, 0), True, False)


async def test_a_caller_that_gives_up_does_not_stop_what_has_begun(tmp_path: Path) -> None:
    async def give_up_when_the_card_is_there(_: float) -> None:
        asyncio.get_running_loop().call_soon(paying.cancel)

    reader = VirtualCardReader("reader", tmp_path / "reader", sleep=give_up_when_the_card_is_there)
    reader.tell("slow")
    paying = asyncio.ensure_future(reader.pay(PAYMENT))
    with pytest.raises(asyncio.CancelledError):
        await paying

    found = await reader.find_outcome(PAYMENT)

    assert found is not None
    assert found.approved
    assert reader.balance() == 349
