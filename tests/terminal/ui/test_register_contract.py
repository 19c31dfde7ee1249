"""What pages rely on in a register, asked alike of the real one and of the one in memory that page tests use."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from commerce.errors import ConflictError, ForbiddenError, NotFoundError, PosError, RuleError
from commerce.ids import new_id
from terminal.services import commands as c
from terminal.services.pins import WrongPinError
from terminal.services.state import RegisterState, Screen
from tests.fakes import shop as fake_shop
from tests.fakes.register import FakeRegister
from tests.terminal import shop as real_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.ui.ports import RegisterPort


@dataclass
class Subject:
    """A register with the names of what it sells."""

    register: RegisterPort
    operator: str
    pin: str
    coffee: str
    twin_code: str
    no_price: str

    async def do(self, kind: type[c.Command], *values: Any, **named: Any) -> dict[str, Any]:  # noqa: ANN401
        """Submit a command with a fresh id and return the result's values."""
        return (await self.register.submit(kind(new_id(), *values, **named))).values

    async def ready(self) -> None:
        """Sign on and open a session."""
        await self.do(c.SignOn, self.operator, self.pin)
        await self.do(c.OpenSession, 10_000)

    async def refused(self, kind: type[c.Command], *values: Any, **named: Any) -> PosError:  # noqa: ANN401
        """Submit a command that is refused and return the refusal."""
        with pytest.raises(PosError) as refusal:
            await self.do(kind, *values, **named)
        return refusal.value

    @property
    def state(self) -> RegisterState:
        return self.register.state


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Subject]:
    yield Subject(FakeRegister(), fake_shop.ANNA, "1234", fake_shop.COFFEE, fake_shop.TWIN_CODE, fake_shop.NO_PRICE)


@asynccontextmanager
async def on_disk(folder: Path) -> AsyncIterator[Subject]:
    async with real_shop.running_till(folder) as till:
        yield Subject(till.register, real_shop.ANNA, real_shop.PIN, real_shop.COFFEE, "BAG", "LOOSE")


@pytest.fixture(params=[in_memory, on_disk], ids=["fake", "real"])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    async with request.param(tmp_path) as subject:
        yield subject


async def test_screens_follow_each_other(subject: Subject) -> None:
    seen = [subject.state.screen]
    await subject.do(c.SignOn, subject.operator, subject.pin)
    seen.append(subject.state.screen)
    await subject.do(c.OpenSession, 10_000)
    seen.append(subject.state.screen)
    await subject.do(c.AddCode, subject.coffee)
    basket = subject.state.basket
    assert basket is not None
    await subject.do(c.AddTender, basket.sale, "cash", 349, 100)
    seen.append(subject.state.screen)
    await subject.do(c.AddTender, basket.sale, "cash", 249, 500)
    seen.append(subject.state.screen)
    await subject.do(c.NextSale)
    seen.append(subject.state.screen)
    await subject.do(c.CloseSession, 10_349)
    seen.append(subject.state.screen)

    assert seen == [
        Screen.SIGN_ON,
        Screen.SESSION,
        Screen.SELLING,
        Screen.PAYING,
        Screen.DONE,
        Screen.SELLING,
        Screen.SESSION,
    ]


async def test_a_wrong_pin_is_forbidden(subject: Subject) -> None:
    refusal = await subject.refused(c.SignOn, subject.operator, "0000")

    assert (type(refusal), refusal.code) == (WrongPinError, "pin.wrong")
    assert (refusal.values["attempts"], refusal.values["wait_s"]) == (1, 1)


async def test_nobody_sells_without_signing_on(subject: Subject) -> None:
    refusal = await subject.refused(c.AddCode, subject.coffee)

    assert (type(refusal), refusal.code) == (ForbiddenError, "operator.none")


async def test_an_unknown_code_is_a_refusal_and_a_notice(subject: Subject) -> None:
    await subject.ready()

    refusal = await subject.refused(c.AddCode, "4711")

    notice = subject.state.notices[-1]
    assert (type(refusal), refusal.code, refusal.values["code"]) == (NotFoundError, "code.unknown", "4711")
    assert (notice.code, notice.values["code"]) == ("code.unknown", "4711")


async def test_a_good_code_clears_the_notices_of_codes(subject: Subject) -> None:
    await subject.ready()
    await subject.refused(c.AddCode, "4711")

    result = await subject.do(c.AddCode, subject.coffee)

    assert subject.state.notices == ()
    assert result["line"] == subject.state.newest_line


async def test_candidates_of_an_ambiguous_code_can_be_added(subject: Subject) -> None:
    await subject.ready()

    refusal = await subject.refused(c.AddCode, subject.twin_code)
    candidates: Any = refusal.values["candidates"]
    await subject.do(c.AddItem, candidates[1]["item"])

    assert (type(refusal), refusal.code, len(candidates)) == (ConflictError, "code.ambiguous", 2)
    assert all(candidate["names"] and candidate["sku"] for candidate in candidates)
    assert subject.state.basket is not None
    assert subject.state.notices == ()


async def test_an_item_without_price_takes_a_typed_one(subject: Subject) -> None:
    await subject.ready()

    refusal = await subject.refused(c.AddCode, subject.no_price)
    await subject.do(c.AddItem, refusal.values["item"], None, Decimal("12.50"))

    assert (type(refusal), refusal.code) == (RuleError, "price.missing")
    assert refusal.values["names"]
    assert subject.state.basket is not None
    assert subject.state.basket.total == 1250


async def test_a_chosen_item_without_price_is_refused_without_a_notice(subject: Subject) -> None:
    await subject.ready()
    item = (await subject.refused(c.AddCode, subject.no_price)).values["item"]
    before = subject.state.notices

    refusal = await subject.refused(c.AddItem, item)

    assert (refusal.code, refusal.values["item"]) == ("price.missing", item)
    assert subject.state.notices == before


async def test_another_total_than_the_one_shown_is_a_conflict(subject: Subject) -> None:
    await subject.ready()
    await subject.do(c.AddCode, subject.coffee)
    assert subject.state.basket is not None

    refusal = await subject.refused(c.AddTender, subject.state.basket.sale, "cash", 1)

    assert (type(refusal), refusal.code) == (ConflictError, "sale.total_changed")


async def test_an_act_for_another_sale_is_a_conflict(subject: Subject) -> None:
    await subject.ready()
    await subject.do(c.AddCode, subject.coffee)
    assert subject.state.basket is not None
    first = subject.state.basket.sale
    await subject.do(c.AddTender, first, "cash", 349)
    await subject.do(c.AddCode, subject.coffee)
    before = subject.state.basket

    refusals = [
        await subject.refused(c.VoidSale, sale=first),
        await subject.refused(c.AddTender, first, "cash", 349),
        await subject.refused(c.NextSale, sale=first),
    ]

    assert {(type(refusal), refusal.code) for refusal in refusals} == {(ConflictError, "sale.another")}
    assert subject.state.basket == before


async def test_lines_stand_while_the_sale_is_being_paid(subject: Subject) -> None:
    await subject.ready()
    await subject.do(c.AddCode, subject.coffee)
    basket = subject.state.basket
    assert basket is not None
    await subject.do(c.AddTender, basket.sale, "cash", 349, 100)

    refusal = await subject.refused(c.AddCode, subject.coffee)

    assert refusal.code == "sale.being_paid"


async def test_a_completed_sale_names_its_document_and_change(subject: Subject) -> None:
    await subject.ready()
    await subject.do(c.AddCode, subject.coffee)
    assert subject.state.basket is not None

    result = await subject.do(c.AddTender, subject.state.basket.sale, "cash", 349, 500)

    done = subject.state.done
    assert done is not None
    assert (result["change_cents"], done.change, done.tendered) == (151, 151, 500)
    assert (result["document"]["id"], result["document"]["formatted"]) == (done.document, done.formatted)


async def test_a_resend_gets_the_first_answer_and_other_content_is_refused(subject: Subject) -> None:
    await subject.ready()
    command = c.AddCode(new_id(), subject.coffee)

    first = await subject.register.submit(command)
    again = await subject.register.submit(command)
    with pytest.raises(ConflictError, match=r"command\.reused"):
        await subject.register.submit(c.AddCode(command.command_id, "4711"))

    assert (first.values, first.repeated, again.values, again.repeated) == (again.values, False, first.values, True)
    assert subject.state.basket is not None
    assert len(subject.state.basket.lines) == 1


async def test_listeners_hear_of_every_change(subject: Subject) -> None:
    heard: list[int] = []
    subject.register.listeners.append(lambda state: heard.append(state.revision))

    await subject.ready()
    await subject.do(c.AddCode, subject.coffee)

    assert heard == sorted(set(heard))
    assert heard[-1] == subject.state.revision


async def test_a_closed_session_leaves_its_z(subject: Subject) -> None:
    await subject.ready()

    result = await subject.do(c.CloseSession, 9_900)

    assert subject.state.session is None
    assert subject.state.last_z is not None
    assert result["z"] == subject.state.last_z.as_body()
    assert (result["z"]["expected_cash"], result["z"]["over_short"]) == (10_000, -100)
