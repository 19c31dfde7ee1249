"""Roles that people edit, and who deals in them: nobody in more than they hold, nor in their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from central.identity import roles, service
from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.roles import Place, RoleCard
from central.identity.service import NewUser, Visit, add_user
from central.identity.tables import audit, role, user_role
from central.organisation.service import save_company
from commerce.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, PosError
from tests.central.head_office import PASSWORD
from tests.central.office import COMPANY, STANDARD

if TYPE_CHECKING:
    from tests.central.office import Office

KNOWN = {"items.see", "items.edit", "sales.see", "people.manage", "audit.see"}
NAMES = {"it": "Prezzi", "en": "Prices"}


@dataclass
class Staff:
    """``owner`` may everything everywhere, ``boss`` all of a company, ``keeper`` only keeps its people."""

    office: Office
    other: str
    owner: Actor
    boss: Actor
    keeper: Actor

    async def actor(self, name: str) -> Actor:
        return await actor_of(self.office, name)

    async def user(self, name: str, place: Place, first: str = Role.VIEWER) -> str:
        return await add_user(self.office.database, NewUser(name, PASSWORD, first), self.office.clock(), place=place)

    async def save(self, actor: Actor, rights: set[str], role_id: str | None = None, **more: Any) -> str:  # noqa: ANN401
        card = RoleCard(more.pop("names", NAMES), rights, more.pop("company", None))
        job = partial(
            roles.save_role, actor=actor, at=self.office.clock(), card=card, known=KNOWN, role=role_id, **more
        )
        return await self.office.database.write(job)

    async def deal(self, deal: Any, actor: Actor, user: str, role_id: str, place: Place) -> None:  # noqa: ANN401
        job = partial(deal, actor=actor, at=self.office.clock(), user=user, role=role_id, place=place)
        await self.office.database.write(job)


async def actor_of(office: Office, name: str) -> Actor:
    cookie = await service.sign_in(office.database, name, PASSWORD, Visit("127.0.0.1", "test"), office.clock())
    found = await service.find_actor(office.database, cookie, office.clock())
    assert found
    return found


@pytest.fixture
async def staff(office: Office) -> Staff:
    db, at = office.database, office.clock()
    other = await db.write(partial(save_company, actor=COMMAND_LINE, at=at, values={**COMPANY, "tax_id": "IT2"}))
    card = RoleCard({"it": "Persone", "en": "People"}, {"people.manage"})
    keeps = await db.write(partial(roles.save_role, actor=COMMAND_LINE, at=at, card=card, known=KNOWN))
    for name, first, company in (("owner", "admin", None), ("boss", "admin", office.company),
                                 ("keeper", keeps, office.company)):  # fmt: skip
        await add_user(db, NewUser(name, PASSWORD, first), at, place=Place(company))
    return Staff(office, other, *[await actor_of(office, name) for name in ("owner", "boss", "keeper")])


async def test_an_installation_begins_with_three_roles(office: Office) -> None:
    found = {row.id: None if row.everything else frozenset(row.rights) for row in await office.rows(role)}

    assert found == {one.value: rights for one, rights in STANDARD.items()}


async def test_a_role_holds_what_was_ticked_for_whoever_has_it(staff: Staff) -> None:
    prices = await staff.save(staff.owner, {"items.see", "items.edit"})
    user = await staff.user("anna", Place(staff.office.company, staff.office.shop))

    await staff.deal(roles.give, staff.owner, user, prices, Place(staff.office.company))

    anna = await staff.actor("anna")
    assert {name for grant in anna.grants if grant.shop is None for name in grant.rights or ()} == {
        "items.see", "items.edit",
    }  # fmt: skip
    assert [grant.shop for grant in anna.grants] == [None, staff.office.shop]


async def test_a_changed_role_changes_what_everybody_may_who_has_it(staff: Staff) -> None:
    prices = await staff.save(staff.owner, {"items.see", "items.edit"})
    await staff.user("anna", Place(staff.office.company), prices)

    await staff.save(staff.owner, {"items.see"}, prices, shown_version=1)

    assert not (await staff.actor("anna")).may("items.edit")


async def test_everything_that_is_wrong_with_a_role_is_said_at_once(staff: Staff) -> None:
    with pytest.raises(InvalidError) as refused:
        await staff.save(staff.owner, {"items.see", "items.eat"}, names={"it": " ", "en": "x" * 61})

    assert [(one.field, one.code) for one in refused.value.problems] == [
        ("name_en", "role.name"), ("name_it", "role.name"), ("rights", "role.right"),
    ]  # fmt: skip


async def test_nobody_makes_or_widens_a_role_beyond_what_they_hold(staff: Staff) -> None:
    company = staff.office.company
    made = await staff.save(staff.boss, {"items.see"}, company=company)

    with pytest.raises(ForbiddenError, match=r"role\.more"):
        await staff.save(staff.keeper, {"items.edit"}, company=company)
    with pytest.raises(ForbiddenError, match=r"role\.more"):
        await staff.save(staff.keeper, {"items.see", "audit.see"}, made, shown_version=1)
    with pytest.raises(ForbiddenError, match=r"role\.more"):
        await staff.save(staff.keeper, set(), made, shown_version=1)
    for place in (None, staff.other):
        with pytest.raises(ForbiddenError, match=r"forbidden\.company"):
            await staff.save(staff.boss, {"items.see"}, company=place)


async def test_a_role_that_somebody_saved_meanwhile_is_not_overwritten(staff: Staff) -> None:
    made = await staff.save(staff.owner, {"items.see"})
    await staff.save(staff.owner, {"items.see", "sales.see"}, made, shown_version=1)

    with pytest.raises(ConflictError, match=r"version\.stale"):
        await staff.save(staff.owner, set(), made, shown_version=1)


async def test_nobody_changes_what_a_role_may_that_they_have(staff: Staff) -> None:
    company = staff.office.company
    made = await staff.save(staff.boss, {"items.see"}, company=company)
    await staff.deal(roles.give, staff.owner, str(staff.boss.id), made, Place(company))

    with pytest.raises(ConflictError, match=r"role\.yourself"):
        await staff.save(staff.boss, {"items.see", "sales.see"}, made, shown_version=1)
    await staff.save(staff.boss, {"items.see"}, made, shown_version=1, names={"it": "Altro", "en": "Other"})


async def test_the_role_that_may_everything_stays(staff: Staff) -> None:
    delete = partial(roles.delete_role, actor=staff.owner, at=staff.office.clock(), role="admin")

    with pytest.raises(ConflictError, match=r"role\.fixed"):
        await staff.save(staff.owner, set(), "admin", shown_version=1)
    with pytest.raises(ConflictError, match=r"role\.fixed"):
        await staff.office.database.write(delete)


async def test_a_role_is_deleted_once_nobody_has_it(staff: Staff) -> None:
    made = await staff.save(staff.owner, {"items.see"})
    user = await staff.user("anna", Place(staff.office.company), made)
    delete = partial(roles.delete_role, actor=staff.owner, at=staff.office.clock(), role=made)

    with pytest.raises(ConflictError, match=r"role\.in_use"):
        await staff.office.database.write(delete)
    await staff.deal(roles.take, staff.owner, user, made, Place(staff.office.company))
    await staff.office.database.write(delete)

    assert await staff.office.rows(role, id=made) == []


async def test_nobody_gives_or_takes_more_than_they_hold_nor_elsewhere(staff: Staff) -> None:
    company = staff.office.company
    user = await staff.user("anna", Place(company), "manager")
    before = await staff.office.rows(user_role)
    refused: list[tuple[Any, Actor, str, Place, type[PosError]]] = [
        (roles.give, staff.keeper, "admin", Place(company), ForbiddenError),
        (roles.give, staff.keeper, "viewer", Place(company), ForbiddenError),
        (roles.take, staff.keeper, "manager", Place(company), ForbiddenError),
        (roles.give, staff.boss, "viewer", Place(), ForbiddenError),
        (roles.give, staff.boss, "viewer", Place(staff.other), ForbiddenError),
        (roles.give, staff.boss, "viewer", Place(staff.other, staff.office.shop), NotFoundError),
        (roles.give, staff.owner, "viewer", Place(None, staff.office.shop), NotFoundError),
        (roles.take, staff.boss, "viewer", Place(company), NotFoundError),
        (roles.give, staff.boss, "manager", Place(company), ConflictError),
    ]

    for deal, actor, role_id, place, error in refused:
        with pytest.raises(error):
            await staff.deal(deal, actor, user, role_id, place)

    assert await staff.office.rows(user_role) == before


async def test_nobody_gives_themselves_a_role_or_takes_their_own(staff: Staff) -> None:
    for deal in (roles.give, roles.take):
        with pytest.raises(ConflictError, match=r"user\.yourself"):
            await staff.deal(deal, staff.owner, str(staff.owner.id), "admin", Place())


async def test_a_companys_role_is_given_in_it_alone(staff: Staff) -> None:
    made = await staff.save(staff.boss, {"items.see"}, company=staff.office.company)
    user = await staff.user("anna", Place(staff.office.company))

    with pytest.raises(NotFoundError, match=r"role\.unknown"):
        await staff.deal(roles.give, staff.owner, user, made, Place(staff.other))


async def test_whoever_may_less_or_elsewhere_acts_on_no_account(staff: Staff) -> None:
    """Who sets a password has all that the account may."""
    db, at = staff.office.database, staff.office.clock()
    both = await staff.user("anna", Place(staff.office.company))
    await staff.deal(roles.give, staff.owner, both, "viewer", Place(staff.other))

    for actor, user in ((staff.keeper, str(staff.boss.id)), (staff.boss, both)):
        with pytest.raises(ForbiddenError, match=r"user\.elsewhere"):
            await service.set_password(db, actor, user, "tre gatti sul tetto", at)
        with pytest.raises(ForbiddenError, match=r"user\.elsewhere"):
            await service.set_active(db, actor, user, at, active=False)
    await service.set_active(db, staff.owner, both, at, active=False)


async def test_of_somebody_who_works_elsewhere_too_only_what_is_here_is_seen(staff: Staff) -> None:
    both = await staff.user("anna", Place(staff.other))
    await staff.deal(roles.give, staff.owner, both, "manager", Place(staff.office.company))

    mine = await service.list_users(staff.office.database, staff.boss)
    bound = await staff.office.database.read(partial(roles.bindings, actor=staff.boss, users=[both]))

    assert "anna" in {row.name for row in mine}
    assert [(one.role, one.company) for one in bound[both]] == [("manager", staff.office.company)]


async def test_what_was_dealt_is_written_down_with_who_and_where(staff: Staff) -> None:
    user = await staff.user("anna", Place(staff.office.company))
    place = Place(staff.office.company, staff.office.shop)

    await staff.deal(roles.give, staff.boss, user, "manager", place)
    await staff.deal(roles.take, staff.boss, user, "manager", place)

    given, taken = (await staff.office.rows(audit, actor=staff.boss.id))[-2:]
    assert (given.action, taken.action) == ("user.role_given", "user.role_taken")
    assert given.change["role"][1] == taken.change["role"][0] == {"it": "Responsabile", "en": "Manager"}
    assert given.change["where"][1] == "Prova s.r.l. · Via Roma"
    assert given.company == staff.office.company
