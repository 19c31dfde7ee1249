"""What an operator may do is said at head office, by page and by program, and holds at the till."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest

from central.identity.passwords import hash_pin
from central.identity.people import COMMAND_LINE
from central.identity.tables import audit
from central.registry import queries
from central.registry.service import Edit, OperatorCard, save_operator
from central.tills.pulling import change_lines, start_pull
from central.web.states import STATE_TEXTS
from commerce.errors import BadInputError, ForbiddenError
from commerce.ids import new_id
from commerce.rights import ALL_RIGHTS, Right, in_order
from commerce.wire import Change
from terminal.services import commands as acts
from tests.central.head_office import CHEAP_PIN, HeadOffice, Visitor, open_head_office
from tests.terminal.shop import COFFEE, SECRET, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.central.office import Office
    from tests.terminal.shop import TestTill

PIN = "2580"
SELLS_ONLY = ("sell",)


@pytest.fixture
async def site(office: Office, tmp_path: Path) -> AsyncIterator[HeadOffice]:
    """A running head office on either engine."""
    head_office, runner = await open_head_office(office, tmp_path)
    yield head_office
    await runner.cleanup()


@pytest.fixture
async def anna(site: HeadOffice) -> AsyncIterator[Visitor]:
    """The administrator's browser."""
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        await visitor.sign_in()
        await visitor.get("/operators")
        yield visitor


async def save(office: Office, rights: tuple[str, ...] | None, operator: str | None = None, **card: Any) -> str:  # noqa: ANN401
    pin, version = (None, (await stored(office)).version) if operator else (await hash_pin(PIN, CHEAP_PIN), None)
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    named = OperatorCard("Bruno", office.shop, rights, pin=pin, **card)
    return await office.database.write(
        partial(save_operator, edit=edit, card=named, operator_id=operator, shown_version=version)
    )


async def stored(office: Office, name: str = "Bruno") -> Any:  # noqa: ANN401 - a row of the table
    rows = await office.database.read(lambda conn: queries.list_operators(conn, office.company))
    return next(row for row in rows if row.name == name)


@pytest.mark.parametrize("name", ["Anna\x1b@", "\x1dVA", "An\nna", "\u202eannA"])
async def test_an_operators_name_is_for_people_to_read(office: Office, name: str) -> None:
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    card = OperatorCard(name, office.shop, pin=await hash_pin(PIN, CHEAP_PIN))

    with pytest.raises(BadInputError, match=r"operator\.name"):
        await office.database.write(partial(save_operator, edit=edit, card=card))


async def test_a_new_operator_may_do_everything_and_keeps_what_nobody_changes(office: Office) -> None:
    bruno = await save(office, None)
    assert tuple((await stored(office)).rights) == ALL_RIGHTS

    await save(office, SELLS_ONLY, bruno)
    await save(office, None, bruno, active=False)

    row = await stored(office)
    assert (tuple(row.rights), row.active) == (SELLS_ONLY, False)


async def test_rights_are_those_of_the_list_in_its_order(office: Office) -> None:
    await save(office, ("void", "sell", "void"))
    assert (await stored(office)).rights == ["sell", "void"]

    with pytest.raises(BadInputError, match=r"operator\.rights"):
        await save(office, ("sell", "fly"))
    assert in_order(()) == ()


def test_every_right_has_its_words_for_the_box() -> None:
    assert {f"right.{right}" for right in ALL_RIGHTS} <= set(STATE_TEXTS)


async def test_what_was_taken_away_is_written_down(office: Office) -> None:
    bruno = await save(office, None)
    await save(office, SELLS_ONLY, bruno)

    changes = [row.change for row in await office.rows(audit) if row.action == "operator.saved"]

    assert changes[-1]["rights"] == [list(ALL_RIGHTS), ["sell"]]


async def test_the_page_ticks_what_somebody_may_and_takes_away_what_is_not_ticked(
    site: HeadOffice, anna: Visitor
) -> None:
    shop = site.office.shop
    ticked = {"rights": "1", "right_sell": "1", "right_void": "1"}
    added = await anna.post("/operators", name="Bruno", shop=shop, pin=PIN, **ticked)
    row = await stored(site.office)
    assert (added.status, row.rights) == (200, ["sell", "void"])
    of_bruno = added.text.partition(f'value="{row.id}"')[2].partition("</tr>")[0]
    boxes = dict(re.findall(r'name="right_(\w+)" value="1"( checked)?', of_bruno))
    assert [name for name, checked in boxes.items() if checked] == ["sell", "void"]
    assert tuple(boxes) == ALL_RIGHTS

    same = {"operator": row.id, "name": "Bruno", "shop": shop, "active": "1"}
    await anna.post("/operators", **same, version=str(row.version), rights="1", right_sell="1")
    row = await stored(site.office)
    assert row.rights == ["sell"]
    await anna.post("/operators", **same, version=str(row.version), pin="8520")  # a form without boxes changes none
    assert (await stored(site.office)).rights == ["sell"]


async def test_boxes_stay_as_they_were_when_an_operator_is_refused(site: HeadOffice, anna: Visitor) -> None:
    refused = await anna.post("/operators", name="Carlo", shop=site.office.shop, pin="1", rights="1", right_sell="1")

    form = refused.text.rpartition("<form")[2]
    assert 400 <= refused.status < 500
    assert re.findall(r'name="right_(\w+)" value="1" checked', form) == ["sell"]


async def test_programs_read_and_change_rights(site: HeadOffice, anna: Visitor) -> None:
    key = re.findall(r"cf_[0-9a-f]{64}", (await anna.post("/account/tokens", name="hr", days="30")).text)[0]
    headers, new = {"Authorization": f"Bearer {key}"}, {"name": "Bruno", "shop": site.office.shop}

    async def put(**body: object) -> tuple[int, Any]:
        async with anna.session.put("/api/v1/operators", json={**new, **body}, headers=headers) as answer:
            return answer.status, await answer.json()

    _, made = await put(pin=PIN)
    assert tuple(made["rights"]) == ALL_RIGHTS
    _, changed = await put(id=made["id"], version=made["version"], rights=["return", "sell"])
    assert changed["rights"] == ["sell", "return"]
    _, kept = await put(id=made["id"], version=changed["version"])
    assert kept["rights"] == ["sell", "return"]
    status, refused = await put(id=made["id"], version=kept["version"], rights=["fly"])
    assert (status // 100, refused["code"]) == (4, "api.body")
    async with anna.session.get("/api/v1/operators", headers=headers) as answer:
        listed = {one["name"]: one["rights"] for one in (await answer.json())["operators"]}
    assert listed["Bruno"] == ["sell", "return"]


async def bring(office: Office, till: TestTill) -> None:
    """Bring a till the operators as central serves them to it."""
    known = dataclasses.replace(await office.known(await office.new_till(f"T{new_id()[-4:].upper()}")), secret=SECRET)
    pull = await start_pull(office.database, known, "operating", "")
    lines = [line async for line in change_lines(office.database, pull)]
    changes = [Change.model_validate(one) for line in lines[:-1] for one in orjson.loads(line)]
    await till.register.apply_operating([one for one in changes if one.kind == "operator"], cursor="1.1.2")


async def test_a_right_taken_away_at_head_office_stops_the_act_at_the_till(office: Office, tmp_path: Path) -> None:
    bruno = await save(office, None)
    (tmp_path / "till").mkdir()
    async with running_till(tmp_path / "till") as till:
        await till.ready()
        await bring(office, till)
        await till.submit(acts.SignOn(new_id(), bruno, PIN))
        await till.scan(COFFEE)
        await till.submit(acts.VoidLine(new_id(), _line(till)))  # as long as he may
        await till.scan(COFFEE)

        without = tuple(right for right in ALL_RIGHTS if right != Right.VOID)
        await save(office, without, bruno)
        await bring(office, till)

        with pytest.raises(ForbiddenError, match=r"approval\.needed"):
            await till.submit(acts.VoidLine(new_id(), _line(till)))
        await till.pay()  # everything else goes on


def _line(till: TestTill) -> str:
    assert till.state.basket is not None
    return till.state.basket.lines[-1].id
