"""Where somebody may do something: what roles give in companies and shops."""

from __future__ import annotations

import pytest
from sqlalchemy import column, table

from central.identity.narrowing import within
from central.identity.people import COMMAND_LINE, Actor, stranger
from central.identity.scope import Area, Grant, Right, Scope
from commerce.errors import ForbiddenError

GOODS = Area("goods", "Goods", (Right.SEE, Right.EDIT))
SEE, EDIT = GOODS.permissions
LOOKS, EDITS = frozenset({"goods.see"}), frozenset({"goods.see", "goods.edit"})


def actor(*grants: Grant) -> Actor:
    return Actor("u", "Anna", grants)


def reach(who: Actor, right: Right = Right.SEE) -> set[tuple[str | None, frozenset[str] | None]]:
    return {(one.company, one.shops) for one in who.scopes(GOODS.permission(right))}


def test_an_area_gives_no_right_that_it_did_not_declare() -> None:
    with pytest.raises(ValueError, match="goods declares no right post"):
        GOODS.permission(Right.POST)


def test_several_roles_add_up_by_company_and_shop() -> None:
    anna = actor(Grant("a", "1", LOOKS), Grant("a", "2", EDITS), Grant("b", None, LOOKS), Grant("b", "9", EDITS))

    assert reach(anna) == {("a", frozenset({"1", "2"})), ("b", None)}
    assert reach(anna, Right.EDIT) == {("a", frozenset({"2"})), ("b", frozenset({"9"}))}


def test_a_role_for_every_company_reaches_those_to_come() -> None:
    assert reach(actor(Grant(None, None, LOOKS), Grant("a", "1", LOOKS))) == {(None, None)}
    assert COMMAND_LINE.scope(EDIT, "new").covers("new", "shop")


def test_a_role_in_one_company_gives_nothing_in_another() -> None:
    anna = actor(Grant("a", None, EDITS), Grant("b", None, LOOKS))

    with pytest.raises(ForbiddenError) as role:
        anna.scope(EDIT, "b")
    with pytest.raises(ForbiddenError) as company:
        anna.scope(SEE, "c")

    assert (role.value.code, company.value.code) == ("forbidden.role", "forbidden.company")


def test_whoever_has_no_role_may_nothing_anywhere() -> None:
    nobody = stranger("10.0.0.7")

    assert not nobody.may(SEE)
    with pytest.raises(ForbiddenError):
        nobody.scopes(SEE)


def test_a_scope_of_some_shops_covers_those_and_not_what_all_share() -> None:
    scope = actor(Grant("a", "1", EDITS)).scope(EDIT, "a")

    assert scope.covers("a", "1")
    assert not scope.covers("a", "2")
    assert not scope.covers("b", "1")
    assert not scope.covers("a")
    with pytest.raises(ForbiddenError) as refused:
        scope.whole()
    assert refused.value.code == "forbidden.shops"
    assert actor(Grant("a", None, EDITS)).scope(EDIT, "a").whole().shops is None


def test_sql_is_narrowed_to_the_scopes() -> None:
    goods = table("goods", column("company"), column("shop"))
    some = [Scope(COMMAND_LINE, "a"), Scope(COMMAND_LINE, "b", frozenset({"2", "1"}))]

    def text(scopes: list[Scope], *columns: str) -> str:
        clause = within(scopes, *(goods.c[name] for name in columns))
        return str(clause.compile(compile_kwargs={"literal_binds": True}))

    assert text(some, "company", "shop") == ("goods.company = 'a' OR goods.company = 'b' AND goods.shop IN ('1', '2')")
    assert text(some, "company") == "goods.company = 'a' OR goods.company = 'b'"
    assert text([Scope(COMMAND_LINE, None)], "company", "shop") == "true"
    assert text([], "company", "shop") == "false"
