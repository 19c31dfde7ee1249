"""Prints and other effects: intent, act and outcome, each on disk and in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.bodies.effect import EffectIntended, EffectSettled
from commerce.bodies.reading import read_body
from commerce.errors import ConflictError, DeviceError, ForbiddenError, NotFoundError
from commerce.ids import new_id
from terminal.db import effects
from terminal.services.commands import CloseSession, DismissPrint, NextSale, PrintAgain, SignOff, SignOn
from terminal.services.paperwork import Paperwork
from terminal.services.state import Screen
from tests.terminal.shop import ANNA, BRUNO, COFFEE, PIN, TestTill, operating_changes, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


async def print_of_a_sale(till: TestTill) -> str:
    await till.sell(COFFEE, kind="card")
    assert till.state.done is not None
    assert till.state.done.print is not None
    return till.state.done.print


async def settled(till: TestTill) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'effect_settled' ORDER BY seq")
    return [orjson.loads(row[0]) for row in rows]


async def test_the_start_of_a_print_is_on_disk_before_the_act(till: TestTill) -> None:
    effect = await print_of_a_sale(till)

    assert await till.register.start_effect(effect)

    row = await till.core.writer.run(lambda tx: effects.find_effect(tx, effect))
    assert row is not None
    assert row.state == "started"


async def test_an_outcome_is_an_entry_and_a_row_together(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.start_effect(effect)

    await till.register.settle_effect(effect, "done")

    assert [(b["effect"], b["outcome"], b["attempt"]) for b in await settled(till)] == [(effect, "done", 1)]
    assert [p.state for p in till.state.prints] == ["done"]
    assert await till.core.writer.run(lambda tx: effects.list_open(tx)) == []


async def test_settling_the_same_again_writes_nothing(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, "done")
    await till.register.settle_effect(effect, "done")

    assert len(await settled(till)) == 1


async def test_a_settled_effect_does_not_start_again(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, "done")

    assert not await till.register.start_effect(effect)


@pytest.mark.parametrize(
    ("outcome", "marker"), [("unknown", "REPRINT"), ("done", "COPY"), ("failed", ""), ("not_done", "")]
)
async def test_paper_is_marked_by_what_is_known_of_it(till: TestTill, outcome: str, marker: str) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, outcome, "why")

    result = await till.submit(PrintAgain(new_id(), effect))

    again = till.state.prints[-1]
    assert (again.id, again.marker, again.attempt, again.state) == (result.values["print"], marker, 2, "intended")
    assert till.state.done is not None
    assert till.state.done.print == again.id


async def test_paper_that_came_out_once_stays_a_copy(till: TestTill) -> None:
    first = await print_of_a_sale(till)
    await till.register.settle_effect(first, "done")
    second = (await till.submit(PrintAgain(new_id(), first))).values["print"]
    await till.register.settle_effect(second, "failed", "printer.paper_out")

    assert (await till.submit(PrintAgain(new_id(), second))).values["marker"] == "COPY"


async def test_a_running_print_is_not_printed_twice(till: TestTill) -> None:
    effect = await print_of_a_sale(till)

    with pytest.raises(ConflictError):
        await till.submit(PrintAgain(new_id(), effect))
    with pytest.raises(NotFoundError):
        await till.submit(PrintAgain(new_id(), "other"))


async def test_paper_is_for_those_who_are_signed_on(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, "unknown", "printer.silent")
    await till.submit(SignOff(new_id()))

    for command in (PrintAgain(new_id(), effect), DismissPrint(new_id(), effect)):
        with pytest.raises(ForbiddenError) as refused:
            await till.submit(command)
        assert refused.value.code == "operator.none"


async def test_a_reprint_names_the_operator_as_the_first_print_did(till: TestTill) -> None:
    paperwork = Paperwork(till.register, till.core.readers)
    await print_of_a_sale(till)
    (effect,) = await paperwork.open_effects("print")
    first = await paperwork.printable(effect)
    renamed = next(change for change in operating_changes() if change.id == ANNA)
    row = (renamed.row or {}) | {"name": "Anna Rossi"}
    await till.register.apply_operating([renamed.model_copy(update={"version": 2, "row": row})])
    await till.register.open_new_chain("restored")
    again = await paperwork.printable(effect)
    await till.submit(SignOn(new_id(), BRUNO, PIN))
    await till.sell(COFFEE, kind="card")
    await till.submit(SignOn(new_id(), ANNA, PIN))
    await till.register.apply_operating([renamed.model_copy(update={"version": 3, "row": None})])
    anna, bruno = [(await paperwork.printable(effect)).operator for effect in await paperwork.open_effects("print")]

    assert first == again
    assert (first.operator, anna, bruno) == ("Anna", "Anna", "Bruno")


async def test_what_was_sold_in_a_new_chain_by_who_signed_on_in_the_old_one_is_named(till: TestTill) -> None:
    paperwork = Paperwork(till.register, till.core.readers)
    await till.register.open_new_chain("restored")
    await print_of_a_sale(till)
    (effect,) = await paperwork.open_effects("print")

    assert (await paperwork.printable(effect)).operator == "Anna"


async def test_a_dismissed_unknown_print_is_listed_by_one_z(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, "unknown", "printer.silent")

    await till.submit(DismissPrint(new_id(), effect))
    assert till.state.prints == ()
    z = (await till.submit(CloseSession(new_id(), 0))).values

    assert [row["effect"] for row in z["z"]["unknown_effects"]] == [effect]
    still = await till.core.writer.run(lambda tx: effects.list_open(tx))
    assert [row.id for row in still] == [z["print"]]


LAST = {"last": {"serial": "99SIM000001", "closure": 4, "number": 17, "issued_on": "2026-11-23"}}


async def test_a_baseline_is_kept_before_the_act(tmp_path: Path) -> None:
    async with running_till(tmp_path, settings={"fiscal_required": True}) as till:
        await till.ready()
        effect = (await till.sell(kind="card")).values["effects"][0]
        await till.register.start_effect(effect["id"], LAST)

        row = await till.core.writer.run(lambda tx: effects.find_effect(tx, effect["id"]))
        entries = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = 'effect_intended'")

    assert row is not None
    assert (effect["kind"], row.baseline) == ("fiscal", LAST)
    assert orjson.loads(entries[0][0])["baseline"] == LAST


async def test_an_unprinted_sale_is_on_the_screen_again_after_a_restart(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell(COFFEE, amount=500)
        before = till.state

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.screen is Screen.DONE
        assert till.state.done == before.done
        assert till.state.prints == before.prints


async def test_a_printed_sale_stays_on_the_screen_after_a_restart_until_somebody_goes_on(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.register.settle_effect(await print_of_a_sale(till), "done")
        before = till.state

    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.screen, till.state.done) == (Screen.DONE, before.done)
        assert till.state.prints == before.prints
        await till.submit(NextSale(new_id()))
        assert till.state.screen is Screen.SELLING

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.screen is Screen.SELLING
        assert (till.state.done, till.state.prints) == (None, ())


async def test_what_no_printer_can_tell_waits_for_nobody_and_is_not_listed_by_the_z(till: TestTill) -> None:
    effect = await print_of_a_sale(till)
    await till.register.settle_effect(effect, "unknown", "printer.one_way")
    shown = [(p.state, p.is_one_way) for p in till.state.prints]
    open_after = await till.core.writer.run(lambda tx: effects.list_open(tx))

    again = await till.submit(PrintAgain(new_id(), effect))
    await till.register.settle_effect(again.values["print"], "unknown", "printer.one_way")
    await till.submit(NextSale(new_id()))
    z = await till.submit(CloseSession(new_id(), 0))

    assert shown == [("unknown", True)]
    assert open_after == []
    assert again.values["marker"] == "REPRINT"
    assert z.values["z"]["unknown_effects"] == []


async def test_a_device_can_tell_a_person_what_went_wrong(till: TestTill) -> None:
    till.register.tell(DeviceError("drawer.not_opened", reason="printer.paper_out"))

    assert [(n.code, n.values["reason"]) for n in till.state.notices] == [("drawer.not_opened", "printer.paper_out")]


async def test_an_effect_names_its_sale_document_and_device_to_the_end(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        done = (await till.sell()).values
        printing = next(effect["id"] for effect in done["effects"] if effect["kind"] == "print")
        await till.register.start_effect(printing)
        await till.register.settle_effect(printing, "done")
        again = (await till.submit(PrintAgain(new_id(), printing))).values["print"]
        await till.register.start_effect(again)
        await till.register.settle_effect(again, "unknown")
        closed = (await till.submit(CloseSession(new_id(), 20_000))).values
        rows = await till.core.readers.fetch_all(
            "SELECT kind, body FROM entry WHERE kind IN ('effect_intended', 'effect_settled') ORDER BY seq"
        )

    named = [read_body(kind, 1, body) for kind, body in rows]
    of_the_sale = [body for body in named if isinstance(body, EffectIntended | EffectSettled) and body.session is None]
    of_the_z = [body for body in named if isinstance(body, EffectIntended | EffectSettled) and body.session]
    assert {(body.sale, body.document) for body in of_the_sale} == {(done["sale"], done["document"]["id"])}
    assert [type(body) for body in of_the_sale] == [EffectSettled, EffectIntended, EffectSettled]
    assert {(body.sale, body.document, body.session) for body in of_the_z} == {(None, None, closed["z"]["session"])}
