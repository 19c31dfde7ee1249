"""PINs are slow for whoever guesses, and nobody who guesses keeps out who knows one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from argon2.exceptions import HashingError

from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.bodies.reading import read_body
from commerce.errors import ConflictError, ForbiddenError, PosError
from commerce.ids import new_id
from terminal.db.pins import count_attempt, list_attempts
from terminal.services.commands import OfferedApproval, OpenSession, SignOn
from terminal.services.operating import Operator, PinVerifier
from terminal.services.pins import PinCheck, bind_pin
from terminal.services.till_core import StoredAttempts
from tests.fakes.attempts import FakeAttempts
from tests.terminal.shop import ANNA, BRUNO, CARLO, PIN, SECRET, nothing, running_till

if TYPE_CHECKING:
    from pathlib import Path

KIOSK, ELSEWHERE = "the kiosk", "another page"
WRONG = "0000"


def operator_of(name: str) -> Operator:
    parameters = {"time_cost": 1, "memory_kib": 64, "parallelism": 1}
    salt = name.encode().ljust(16, b".")
    verifier = bind_pin(PIN, PinVerifier(salt, b"", **parameters), SECRET)
    return Operator(name, name.title(), PinVerifier(salt, verifier, **parameters), frozenset(), active=True)


ANNA_, BRUNO_ = operator_of("anna"), operator_of("bruno")


@dataclass
class Waits:
    """A clock that only moves when somebody sleeps, and tells how long."""

    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def passed(self) -> float:
        return self.now


@dataclass
class Held:
    """A sleep that lasts until it is let go."""

    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.waiting.set()
        await self.over.wait()

    def passed(self) -> float:
        return self.now


def pins_with(waits: Waits | Held, attempts: FakeAttempts | StoredAttempts | None = None) -> PinCheck:
    return PinCheck(SECRET, attempts or FakeAttempts(), waits.sleep, waits.passed)


async def guess(pins: PinCheck, client: str, times: int = 1, who: Operator = ANNA_) -> ForbiddenError:
    for _ in range(times):
        with pytest.raises(ForbiddenError) as refused:
            await pins.check(who, WRONG, client)
    return refused.value


async def test_wrong_pins_slow_down_one_operator_and_lock_nobody_out() -> None:
    waits = Waits()
    pins = pins_with(waits)
    await guess(pins, KIOSK, 30)
    await pins.check(BRUNO_, PIN, KIOSK)
    await pins.check(ANNA_, PIN, KIOSK)

    assert waits.slept[:3] == [0.25, 0.5, 1.0]
    assert max(waits.slept) == 8
    assert len(waits.slept) == 30
    assert pins.delay_ms("anna") == 0


async def test_a_wrong_pin_tells_how_long_the_next_one_waits() -> None:
    pins = pins_with(Waits())

    told = [(await guess(pins, KIOSK)).values for _ in range(7)]

    assert [values["wait_s"] for values in told] == [1, 1, 1, 2, 4, 8, 8]
    assert [values["attempts"] for values in told] == [1, 2, 3, 4, 5, 6, 7]


async def test_who_guesses_on_another_page_slows_nobody_down_at_the_kiosk() -> None:
    waits = Waits()
    pins = pins_with(waits)
    await pins.check(ANNA_, PIN, KIOSK)
    await guess(pins, ELSEWHERE, 10)
    waits.slept.clear()
    await pins.check(ANNA_, PIN, KIOSK)

    assert waits.slept == []
    assert (await guess(pins, ELSEWHERE)).values["attempts"] == 11  # nothing was forgiven elsewhere


async def test_who_guesses_at_the_kiosk_is_slowed_down_there() -> None:
    waits = Waits()
    pins = pins_with(waits)
    await pins.check(ANNA_, PIN, KIOSK)
    await guess(pins, KIOSK, 3)
    await pins.check(ANNA_, PIN, KIOSK)
    await pins.check(ANNA_, PIN, KIOSK)

    assert waits.slept == [0.25, 0.5, 1.0]


async def test_coming_as_another_client_each_time_makes_no_guess_cheaper() -> None:
    waits = Waits()
    pins = pins_with(waits)
    for number in range(5):
        await guess(pins, f"page {number}")

    assert waits.slept == [0.25, 0.5, 1.0, 2.0]


async def test_who_knows_one_pin_guesses_no_other_more_cheaply() -> None:
    waits = Waits()
    pins = pins_with(waits)
    for number in range(5):
        await pins.check(BRUNO_, PIN, f"page {number}")
        await guess(pins, f"page {number}")

    assert waits.slept == [0.25, 0.5, 1.0, 2.0]


async def test_a_flood_from_one_page_costs_the_kiosk_one_turn() -> None:
    """Not even where the kiosk is as new as the flood: each client has one place, and none takes another's."""
    held = Held()
    pins = pins_with(held)
    await guess(pins, ELSEWHERE)
    async with asyncio.TaskGroup() as group:
        flood = [group.create_task(refusal(pins, ELSEWHERE)) for _ in range(10)]
        await held.waiting.wait()
        kiosk = group.create_task(pins.check(ANNA_, PIN, KIOSK))
        await asyncio.sleep(0)
        flood += [group.create_task(refusal(pins, ELSEWHERE)) for _ in range(10)]
        await asyncio.sleep(0)
        held.over.set()
        await kiosk

    assert [one.result() for one in flood] == [*["pin.asked_again"] * 19, "pin.wrong"]
    assert (set(held.slept[:-1]), held.slept[-1]) == ({0.25}, 0.5)  # the kiosk came next


async def refusal(pins: PinCheck, client: str) -> str:
    with pytest.raises(PosError) as refused:
        await pins.check(ANNA_, WRONG, client)
    return refused.value.code


async def test_asking_again_gives_no_place_up_and_does_not_wait_anew() -> None:
    held = Held()
    pins = pins_with(held)
    await guess(pins, KIOSK, 1)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(refusal(pins, KIOSK))
        await held.waiting.wait()
        held.now = 0.2
        again = group.create_task(pins.check(ANNA_, PIN, KIOSK))
        await asyncio.sleep(0)
        other = group.create_task(refusal(pins, ELSEWHERE))
        await asyncio.sleep(0)
        held.over.set()

    assert (first.result(), again.result(), other.result()) == ("pin.asked_again", None, "pin.wrong")
    assert held.slept == [0.25, pytest.approx(0.05)]


async def test_a_client_that_turns_to_another_operator_gives_its_place_up() -> None:
    held = Held()
    pins = pins_with(held)
    await guess(pins, KIOSK)
    async with asyncio.TaskGroup() as group:
        left = group.create_task(refusal(pins, KIOSK))
        await held.waiting.wait()
        await pins.check(BRUNO_, PIN, KIOSK)
        held.over.set()

    assert left.result() == "pin.asked_again"


async def test_a_check_whose_asker_left_is_dropped_and_lets_the_next_one_in() -> None:
    held = Held()
    pins = PinCheck(SECRET, FakeAttempts(), held.sleep, held.passed, grace_s=0)
    await guess(pins, ELSEWHERE)
    left = asyncio.create_task(pins.check(ANNA_, WRONG, ELSEWHERE))
    await held.waiting.wait()
    left.cancel()
    held.over.set()
    await pins.check(ANNA_, PIN, KIOSK)

    assert left.cancelled()
    assert pins.delay_ms("anna") == 0


async def test_a_restart_makes_no_guess_cheaper_and_forgets_no_kiosk(tmp_path: Path) -> None:
    waits = Waits()
    async with running_till(tmp_path) as till:
        writer = till.core.writer
        for number in range(5):  # a daemon that is started anew for each guess
            pins = pins_with(waits, StoredAttempts(writer))
            await pins.open()
            if number == 0:
                await pins.check(ANNA_, PIN, KIOSK)
            await guess(pins, ELSEWHERE)
        assert waits.slept == [0.25, 0.5, 1.0, 2.0]
        pins = pins_with(waits, StoredAttempts(writer))
        await pins.open()
        await pins.check(ANNA_, PIN, KIOSK)

    assert waits.slept == [0.25, 0.5, 1.0, 2.0]


async def test_the_file_does_not_tell_by_which_name_the_kiosk_is_known(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.submit(SignOn(new_id(), ANNA, PIN, client=KIOSK))
        kept = await till.core.readers.fetch_all("SELECT client FROM pin_attempt")

    assert len(kept) == 1
    assert KIOSK not in kept[0][0]


async def test_an_attempt_is_counted_before_it_is_made() -> None:
    """Pulling the plug between the guess and its answer gains nothing."""
    attempts = FakeAttempts()
    broken = replace(ANNA_, pin=replace(ANNA_.pin, memory_kib=0))
    with pytest.raises(HashingError):
        await pins_with(Waits(), attempts).check(broken, PIN)

    assert await attempts.load() == {("anna", ""): 1}


async def alarms_after(folder: Path, *tries: str) -> list[AlarmRaised]:
    async with running_till(folder, sleep=nothing) as till:
        for pin in tries:
            try:
                await till.submit(SignOn(new_id(), ANNA, pin, client=ELSEWHERE))
            except ForbiddenError:
                continue
        rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'alarm_raised'")
    return [body for row in rows if isinstance(body := read_body("alarm_raised", 1, row[0]), AlarmRaised)]


async def test_head_office_hears_of_the_third_wrong_pin_and_of_every_doubling(tmp_path: Path) -> None:
    raised = await alarms_after(tmp_path, *[WRONG] * 24)

    assert raised == [AlarmRaised(AlarmCode.PIN_GUESSED, ANNA, count, "") for count in (3, 6, 12, 24)]


async def test_a_right_pin_begins_the_count_anew(tmp_path: Path) -> None:
    assert await alarms_after(tmp_path, WRONG, WRONG, PIN, WRONG, WRONG) == []


async def test_leaving_before_the_third_answer_silences_no_alarm(tmp_path: Path) -> None:
    async with running_till(tmp_path, sleep=nothing) as till:
        for _ in range(3):  # whose askers did not stay
            await till.core.writer.run(lambda tx: count_attempt(tx, ANNA, ""))
    async with running_till(tmp_path, fill=False, sleep=nothing) as till:
        with pytest.raises(ForbiddenError):
            await till.submit(SignOn(new_id(), ANNA, WRONG, client=ELSEWHERE))
        rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'alarm_raised'")

    assert [read_body("alarm_raised", 1, row[0]) for row in rows] == [AlarmRaised(AlarmCode.PIN_GUESSED, ANNA, 4, "")]


async def test_an_approval_is_counted_for_the_page_that_asks_for_it(tmp_path: Path) -> None:
    async with running_till(tmp_path, sleep=nothing) as till:
        await till.submit(SignOn(new_id(), CARLO, PIN, client=KIOSK))
        offered = OfferedApproval(BRUNO, PIN)
        await till.submit(OpenSession(new_id(), 100, approval=offered, client=KIOSK))
        kept = await till.core.writer.run(list_attempts)

    assert sorted(who for who, _ in kept) == sorted([BRUNO, CARLO])
    assert set(kept.values()) == {0}


async def test_of_one_client_only_what_is_being_checked_and_the_newest_count() -> None:
    attempts = FakeAttempts()
    waits = Waits()
    pins = pins_with(waits, attempts)
    guesses = [pins.check(ANNA_, WRONG, KIOSK) for _ in range(30)]
    *refused, right = await asyncio.gather(*guesses, pins.check(ANNA_, PIN, KIOSK), return_exceptions=True)

    assert [error.code for error in refused if isinstance(error, PosError)] == ["pin.wrong", *["pin.asked_again"] * 29]
    assert all(isinstance(error, ConflictError) for error in refused[1:])
    assert right is None
    assert waits.slept == [0.25]


async def test_a_page_that_waited_long_and_asks_again_finds_its_place_as_it_left_it() -> None:
    """Pages let go of a request after a while: behind three guessers the operator would begin to wait anew for ever."""
    held = Held()
    pins = pins_with(held)
    await guess(pins, ELSEWHERE)
    async with asyncio.TaskGroup() as group:
        first = asyncio.create_task(pins.check(ANNA_, PIN, KIOSK))
        await held.waiting.wait()
        others = [group.create_task(refusal(pins, f"page {number}")) for number in range(3)]
        await asyncio.sleep(0)
        held.now = 0.2
        first.cancel()
        await asyncio.sleep(0)
        again = group.create_task(pins.check(ANNA_, PIN, KIOSK))
        await asyncio.sleep(0)
        held.over.set()
        await again
        assert not any(one.done() for one in others)

    assert held.slept[:2] == [0.25, pytest.approx(0.05)]
