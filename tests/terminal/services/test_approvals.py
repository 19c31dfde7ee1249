"""Rights and approvals: checked once for every command, real in the ledger, and never asked for twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from commerce.errors import ConflictError, ForbiddenError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.rights import ALL_RIGHTS
from terminal.services import commands as acts
from terminal.services.commands import Command, OfferedApproval
from terminal.services.handlers import HANDLERS
from tests.terminal.shop import ANNA, CARLO, COFFEE, PIN, TestTill, operating_changes, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from commerce.wire import Change

BY_ANNA = OfferedApproval(ANNA, PIN)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    """Carlo, who may only sell, at an open session with a coffee on the sale."""
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.submit(acts.SignOn(new_id(), CARLO, PIN))
        await till.scan(COFFEE, Decimal(3))
        yield till


def sale_of(till: TestTill) -> str:
    assert till.state.basket is not None
    return till.state.basket.sale


def line_of(till: TestTill) -> str:
    assert till.state.basket is not None
    return till.state.basket.lines[0].id


async def entries(till: TestTill, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    rows = await till.core.readers.fetch_all("SELECT header, body FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [(orjson.loads(row[0]), orjson.loads(row[1])) for row in rows]


APPROVABLE: dict[str, Callable[[TestTill], Command]] = {
    "void": lambda till: acts.VoidLine(new_id(), line_of(till), sale=sale_of(till)),
    "void sale": lambda till: acts.VoidSale(new_id(), "gone", sale=sale_of(till)),
    "cut": lambda till: acts.ChangeQuantity(new_id(), line_of(till), Decimal(2)),
    "return": lambda till: acts.AddCode(new_id(), COFFEE, Decimal(-1)),
    "return of an item": lambda till: acts.AddItem(new_id(), COFFEE, Decimal(-1)),
    "turned round": lambda till: acts.ChangeQuantity(new_id(), line_of(till), Decimal(-3)),
}


@pytest.mark.parametrize("make", APPROVABLE.values(), ids=APPROVABLE.keys())
async def test_what_the_operator_may_not_do_alone_needs_an_approval(
    till: TestTill, make: Callable[[TestTill], Command]
) -> None:
    command, before = make(till), till.state.basket

    with pytest.raises(ForbiddenError, match=r"approval\.needed"):
        await till.submit(command)
    assert till.state.basket == before

    await till.submit(replace(command, approval=BY_ANNA))
    assert till.state.basket != before
    [(header, body)] = await entries(till, "approval_given")
    assert before is not None
    assert (header["operator"], header["approved_by"], header["command_id"]) == (CARLO, ANNA, command.command_id)
    assert (body["approver"], body["operator"], body["sale"]) == (ANNA, CARLO, before.sale)
    assert body["act"] in ("void_line", "void_sale", "change_quantity", "add_code", "add_item")


async def test_the_act_itself_names_who_approved_it(till: TestTill) -> None:
    await till.submit(acts.VoidLine(new_id(), line_of(till), approval=BY_ANNA))
    await till.scan(COFFEE)
    await till.submit(acts.ChangeQuantity(new_id(), line_of(till), Decimal(-1), approval=BY_ANNA))
    await till.pay()

    [(voided, _), (cut, _)] = await entries(till, "line_voided")
    [(sold, body)] = await entries(till, "sale_completed")
    assert (voided["operator"], voided["approved_by"]) == (cut["operator"], cut["approved_by"]) == (CARLO, ANNA)
    assert sold["approved_by"] is None
    assert [line["approved_by"] for line in body["lines"]] == [ANNA]


async def test_an_approval_that_was_not_needed_is_not_one(till: TestTill) -> None:
    await till.submit(acts.ChangeQuantity(new_id(), line_of(till), Decimal(4), approval=BY_ANNA))

    assert await entries(till, "approval_given") == []


async def test_who_lacks_the_right_cannot_grant_it(till: TestTill) -> None:
    with pytest.raises(ForbiddenError, match=r"approval\.no_right"):
        await till.submit(acts.VoidSale(new_id(), approval=OfferedApproval(CARLO, PIN)))


@pytest.mark.parametrize(
    ("approval", "code"),
    [(OfferedApproval(ANNA, "0000"), "pin.wrong"), (OfferedApproval("nobody", PIN), "operator.unknown")],
)
async def test_an_approval_is_checked_like_a_sign_on(till: TestTill, approval: OfferedApproval, code: str) -> None:
    with pytest.raises((ForbiddenError, NotFoundError), match=code.replace(".", r"\.")):
        await till.submit(acts.VoidSale(new_id(), approval=approval))
    assert till.state.basket is not None


async def test_a_resend_of_an_approved_act_gets_its_answer_whatever_the_pin(till: TestTill) -> None:
    command = acts.VoidLine(new_id(), line_of(till), approval=BY_ANNA)
    first = await till.submit(command)

    again = await till.submit(command)
    without = await till.submit(replace(command, approval=None))
    other = await till.submit(replace(command, approval=OfferedApproval(ANNA, "9999")))

    assert [answer.values for answer in (again, without, other)] == [first.values] * 3
    assert (again.repeated, without.repeated, other.repeated) == (True, True, True)
    assert len(await entries(till, "approval_given")) == 1


async def test_a_sign_on_that_comes_again_is_answered_without_its_pin(till: TestTill) -> None:
    command = acts.SignOn(new_id(), ANNA, PIN)
    await till.submit(command)

    assert (await till.submit(replace(command, pin="0000"))).repeated


async def test_the_same_id_for_another_sale_is_another_command(till: TestTill) -> None:
    command = acts.VoidLine(new_id(), line_of(till), sale=sale_of(till), approval=BY_ANNA)
    await till.submit(command)

    with pytest.raises(ConflictError, match=r"command\.reused"):
        await till.submit(replace(command, sale=new_id()))


async def test_no_pin_is_on_the_disk(till: TestTill, tmp_path: Path) -> None:
    pin = "1357924680"
    with pytest.raises(ForbiddenError):
        await till.submit(acts.VoidSale(new_id(), approval=OfferedApproval(ANNA, pin)))
    await till.submit(acts.VoidSale(new_id(), approval=BY_ANNA))

    files = [path.read_bytes() for path in tmp_path.rglob("ledger.db*")]
    assert not any(pin.encode() in content for content in files)
    rows = await till.core.readers.fetch_all("SELECT cast(result AS TEXT), '' FROM command")
    assert not any("pin" in row[0] for row in rows)


async def test_an_approval_of_what_nobody_can_approve_is_refused(till: TestTill) -> None:
    with pytest.raises(RuleError, match=r"approval\.not_taken"):
        await till.submit(acts.SignOff(new_id(), approval=BY_ANNA))


async def test_a_session_is_closed_with_an_approval(till: TestTill) -> None:
    await till.pay("card")
    with pytest.raises(ForbiddenError, match=r"approval\.needed"):
        await till.submit(acts.CloseSession(new_id(), 10_000))

    await till.submit(acts.CloseSession(new_id(), 10_000, approval=BY_ANNA))

    [(header, _)] = await entries(till, "session_closed")
    assert (header["operator"], header["approved_by"]) == (CARLO, ANNA)


async def test_who_may_not_sell_cannot_have_it_approved(till: TestTill) -> None:
    await till.register.apply_operating([_without_rights(CARLO)])

    with pytest.raises(ForbiddenError, match=r"right\.missing"):
        await till.submit(acts.ChooseLanguage(new_id(), "en"))


async def test_a_right_that_is_taken_away_is_gone_at_once(till: TestTill) -> None:
    await till.submit(acts.SignOn(new_id(), ANNA, PIN))
    await till.register.apply_operating([_without_rights(ANNA)])

    with pytest.raises(ForbiddenError, match=r"approval\.needed"):
        await till.submit(acts.VoidSale(new_id()))


def test_every_command_declares_how_it_is_handled() -> None:
    kinds = {kind for kind in vars(acts).values() if isinstance(kind, type) and issubclass(kind, Command)}

    assert kinds - {Command} == HANDLERS.keys()


def test_anna_has_every_right() -> None:
    row = next(change.row for change in operating_changes() if change.id == ANNA)

    assert row is not None
    assert set(row["rights"]) == set(ALL_RIGHTS)


def _without_rights(operator: str) -> Change:
    change = next(change for change in operating_changes() if change.id == operator)
    return change.model_copy(update={"version": 2, "row": {**(change.row or {}), "rights": []}})
