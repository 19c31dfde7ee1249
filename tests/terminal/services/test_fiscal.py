"""A shop whose receipts the fiscal register numbers: the whole way through the ledger, restarts included."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from commerce.errors import RuleError
from commerce.ids import new_id
from commerce.ledger import verify_chain
from terminal.db import ledger
from terminal.devices.fiscal_register.fake import FakeFiscalRegister, FiscalFault
from terminal.devices.protocols import FiscalReference
from terminal.services.commands import DismissPrint, PrintAgain
from terminal.services.effects import FiscalLoop, Surroundings
from terminal.services.paperwork import Paperwork
from terminal.services.state import PrintState
from tests.terminal.shop import COFFEE, TestTill, running_till


class PowerCutError(BaseException):
    """The process is gone."""


def cut_off() -> None:
    raise PowerCutError


@asynccontextmanager
async def fiscal_shop(folder: Path) -> AsyncIterator[TestTill]:
    async with running_till(folder, settings={"fiscal_required": True}) as till:
        if till.state.session is None:
            await till.ready()
        yield till


def device(folder: Path) -> FakeFiscalRegister:
    return FakeFiscalRegister("rt", folder / "rt.json", today=lambda: date(2026, 11, 23), crash=cut_off)


def loop_of(till: TestTill, register: FakeFiscalRegister) -> FiscalLoop:
    paperwork = Paperwork(till.core.register, till.core.readers)
    return FiscalLoop(Surroundings(paperwork, till.clock.now), register, paperwork.fiscal_document)


def fiscal_of(till: TestTill) -> list[PrintState]:
    return [shown for shown in till.state.prints if shown.kind == "fiscal"]


async def entries_of(till: TestTill, kind: str) -> list[dict[str, Any]]:
    chain = till.core.chains.chain
    entries = await ledger.read_unsent(till.core.readers, chain, 0, 1000)
    assert verify_chain(chain, entries).problem is None
    return [orjson.loads(e.body) for e in entries if orjson.loads(e.header)["kind"] == kind]


async def test_the_registers_number_becomes_part_of_the_ledger_and_of_the_paper(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        register = device(tmp_path)
        await loop_of(till, register).work()

        settled = [body for body in await entries_of(till, "effect_settled") if body["kind"] == "fiscal"]
        intended = [body for body in await entries_of(till, "effect_intended") if body["kind"] == "fiscal"]
        paperwork = Paperwork(till.core.register, till.core.readers)
        (receipt,) = await paperwork.open_effects("print")
        printable = await paperwork.printable(receipt)

    assert [body["baseline"] for body in intended] == [{"last": None}]
    assert settled[0]["outcome"] == "done"
    assert settled[0]["reference"]["number"] == 1
    assert printable.fiscal is not None
    assert printable.fiscal.as_body() == settled[0]["reference"]
    assert register.documents()[0].total_cents == 349


async def test_paper_waits_for_the_register_so_that_its_number_is_on_it(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        paperwork = Paperwork(till.core.register, till.core.readers)
        (receipt,) = await paperwork.open_effects("print")

        before = await paperwork.may_print(receipt)
        await loop_of(till, device(tmp_path)).work()

        assert (before, await paperwork.may_print(receipt)) == (False, True)


async def test_what_the_register_refused_is_shown_and_can_be_tried_again(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        register = device(tmp_path)
        register.fail_next(FiscalFault.REFUSED)
        await loop_of(till, register).work()
        (refused,) = fiscal_of(till)

        await till.submit(PrintAgain(new_id(), refused.id))
        await loop_of(till, register).work()

        assert (refused.state, refused.reason) == ("failed", "fiscal.refused")
        assert fiscal_of(till) == []
        assert len(register.documents()) == 1


@pytest.mark.parametrize(("fault", "printed"), [(FiscalFault.CRASH_BEFORE, 0), (FiscalFault.CRASH_AFTER, 1)])
async def test_after_a_crash_the_register_is_asked_and_nothing_is_sent_twice(
    tmp_path: Path, fault: FiscalFault, printed: int
) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        register = device(tmp_path)
        register.fail_next(fault)
        with pytest.raises(PowerCutError):
            await loop_of(till, register).work()

    async with fiscal_shop(tmp_path) as till:
        restarted = device(tmp_path)
        loop = loop_of(till, restarted)
        await loop.settle_left_open()
        await loop.work()
        outcomes = [b["outcome"] for b in await entries_of(till, "effect_settled") if b["kind"] == "fiscal"]

        assert outcomes == (["done"] if printed else ["failed"])
        assert len(restarted.documents()) == printed
        if not printed:
            await till.submit(PrintAgain(new_id(), fiscal_of(till)[0].id))
            await loop.work()
        assert len(restarted.documents()) == 1


async def test_a_document_that_may_exist_is_never_sent_again(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        (waiting,) = fiscal_of(till)
        await till.core.register.settle_effect(waiting.id, "unknown", "fiscal_register.ambiguous")

        with pytest.raises(RuleError) as caught:
            await till.submit(PrintAgain(new_id(), waiting.id))

    assert caught.value.code == "fiscal_register.ambiguous"


async def test_a_person_stops_waiting_for_a_register_that_does_not_say_what_it_did(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        (waiting,) = fiscal_of(till)
        await till.register.start_effect(waiting.id, {"last": None})
        till.register.show_waiting(waiting.id, "fiscal_register.no_answer")
        (silent,) = fiscal_of(till)

        await till.submit(DismissPrint(new_id(), waiting.id))
        (given_up,) = fiscal_of(till)
        settled = [body for body in await entries_of(till, "effect_settled") if body["kind"] == "fiscal"]

    assert (silent.state, silent.reason) == ("started", "fiscal_register.no_answer")
    assert (given_up.state, given_up.reason) == ("unknown", "fiscal_register.given_up")
    assert [(body["outcome"], body["reason"]) for body in settled] == [("unknown", "fiscal_register.given_up")]


async def test_an_answer_that_comes_after_all_counts(tmp_path: Path) -> None:
    async with fiscal_shop(tmp_path) as till:
        await till.scan(COFFEE)
        await till.pay()
        (waiting,) = fiscal_of(till)
        await till.register.start_effect(waiting.id, {"last": None})
        await till.submit(DismissPrint(new_id(), waiting.id))

        await till.register.settle_effect(waiting.id, "done", "", asdict(FiscalReference("99SIM", 1, 1, "2026-11-23")))

        assert fiscal_of(till) == []
