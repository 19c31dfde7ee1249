"""What people may do, and where: areas declare their rights, roles hold them, and a scope is where somebody has one.

Services ask ``actor.scope(permission, company)`` and pass the scope on to every read and write: SQL is narrowed by it,
never by what a page shows or hides.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from commerce.errors import ForbiddenError
from commerce.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from central.identity.people import Actor


class Right(StrEnum):
    """What may be done in an area; an area declares which of them it knows."""

    SEE = "see"
    SELL = "sell"
    EDIT = "edit"
    CONFIRM = "confirm"
    APPROVE = "approve"
    DELIVER = "deliver"
    INVOICE = "invoice"
    POST = "post"
    MANAGE = "manage"


RIGHT_TEXTS: dict[Right, str] = {
    Right.SEE: N_("See"),
    Right.SELL: N_("Sell"),
    Right.EDIT: N_("Edit"),
    Right.CONFIRM: N_("Confirm"),
    Right.APPROVE: N_("Approve"),
    Right.DELIVER: N_("Deliver"),
    Right.INVOICE: N_("Invoice"),
    Right.POST: N_("Post"),
    Right.MANAGE: N_("Manage"),
}


@dataclass(frozen=True, slots=True)
class Permission:
    """One right in one area, stored in roles by its name."""

    area: str
    right: Right

    @property
    def name(self) -> str:
        """Return its stable name, such as ``items.edit``."""
        return f"{self.area}.{self.right.value}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Area:
    """What an area declares of its rights: a stable name, what people call it, the rights it knows in their order."""

    name: str
    title: str
    rights: tuple[Right, ...]

    def permission(self, right: Right) -> Permission:
        """Return one of its permissions; an area that asks for what it did not declare is a bug, found at import."""
        if right not in self.rights:
            raise ValueError(f"{self.name} declares no right {right.value}")
        return Permission(self.name, right)

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Return all it declares."""
        return tuple(Permission(self.name, right) for right in self.rights)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody has somewhere.

    ``company`` None is every company, ``shop`` None every shop of it; ``rights`` are names of permissions, None is
    everything there is and will be.
    """

    company: str | None
    shop: str | None
    rights: frozenset[str] | None

    def holds(self, permission: Permission | str) -> bool:
        """Tell whether it covers a permission (or the name of one), wherever that is."""
        return self.rights is None or str(permission) in self.rights

    def reaches(self, company: str | None, shop: str | None) -> bool:
        """Tell whether it holds in a place, of which None is all."""
        return self.company in (None, company) and self.shop in (None, shop)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an actor may do one thing: ``company`` None is every company, ``shops`` None all shops there."""

    actor: "Actor"
    company: str | None
    shops: frozenset[str] | None = None

    def covers(self, company: object, shop: object = None) -> bool:
        """Tell whether what belongs to a company, and to one of its shops or to all of them (None), is within."""
        return self.company in (None, company) and (self.shops is None or shop in self.shops)

    def whole(self) -> Self:
        """Return itself where it is all of a company; ForbiddenError ``forbidden.shops`` for some shops of it.

        What all shops share (an item, a VAT code) is not changed by who works for some of them.
        """
        if self.shops is not None:
            raise ForbiddenError("forbidden.shops")
        return self


def places_of(grants: "Iterable[Grant]", permission: Permission) -> dict[str | None, frozenset[str] | None]:
    """Return in which companies, and there at which shops, grants give a permission; None is all of them.

    A permission for every company swallows those of single ones, one for a company those of its shops.
    """
    held = [grant for grant in grants if grant.holds(permission)]
    if any(grant.company is None for grant in held):
        return {None: None}
    places: dict[str | None, frozenset[str] | None] = {}
    for grant in held:
        known = places.get(grant.company, frozenset())
        places[grant.company] = None if known is None or grant.shop is None else known | {grant.shop}
    return places


def only_company(scopes: "Iterable[Scope]") -> str | None:
    """Return the company that all of some scopes are in; None where that is not a single one."""
    companies = {scope.company for scope in scopes}
    return companies.pop() if len(companies) == 1 else None


def covers(mine: "Iterable[Grant]", theirs: Grant) -> bool:
    """Tell whether grants hold, where another one holds, all that it gives: nobody deals in what they have not."""
    here = [grant for grant in mine if grant.reaches(theirs.company, theirs.shop)]
    if any(grant.rights is None for grant in here):
        return True
    return theirs.rights is not None and theirs.rights <= {name for grant in here for name in grant.rights or ()}
