"""Who acts, and where they may do what. Services ask here; a hidden button is not a permission."""

from dataclasses import dataclass, replace
from enum import StrEnum

from central.identity.scope import Grant, Permission, Scope, places_of
from commerce.errors import ForbiddenError


class Role(StrEnum):
    """The stored roles that every installation begins with; the first is everything, and stays so."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a signed-in person, a key's owner, or the command line (no id).

    ``company`` answers for the account; what may be done, and where, is in ``grants`` alone.
    """

    id: str | None
    name: str
    grants: tuple[Grant, ...] = ()
    language: str = "en"
    company: str | None = None
    session: str | None = None

    def may(self, permission: Permission | str) -> bool:
        """Tell whether there is a place where this may be done."""
        return any(grant.holds(permission) for grant in self.grants)

    @property
    def companies(self) -> frozenset[str] | None:
        """Return the companies whose affairs may reach this actor at all; None is every company."""
        named = [grant.company for grant in self.grants]
        return None if None in named else frozenset(company for company in named if company)

    def reach(self, permission: Permission) -> tuple[Scope, ...]:
        """Return everywhere that this may be done, a scope a company; empty for nowhere."""
        return tuple(Scope(self, company, shops) for company, shops in places_of(self.grants, permission).items())

    def scopes(self, permission: Permission) -> tuple[Scope, ...]:
        """Return ``reach``; ForbiddenError ``forbidden.role`` for nowhere."""
        found = self.reach(permission)
        if not found:
            raise ForbiddenError("forbidden.role", permission=permission.name)
        return found

    def scope(self, permission: Permission, company: str) -> Scope:
        """Return where in a company this may be done.

        ForbiddenError ``forbidden.company`` for a company that is none of the actor's business, ``forbidden.role``
        where nothing gives the permission in it.
        """
        here = [grant for grant in self.grants if grant.company in (None, company)]
        if not here:
            raise ForbiddenError("forbidden.company")
        places = places_of(here, permission)
        if not places:
            raise ForbiddenError("forbidden.role", permission=permission.name)
        return Scope(self, company, None if None in places else places[company])


COMMAND_LINE = Actor(id=None, name="command line", grants=(Grant(None, None, None),))
EVERYWHERE = (Scope(COMMAND_LINE, None),)  # of loops and commands, which are nobody's in particular


def stranger(address: str) -> Actor:
    """Return whoever asks from an address without having said who they are; they may nothing."""
    return Actor(None, address or "unknown address")


def at_command_line(user: str) -> Actor:
    """Return who types commands on the server itself: whoever may do that may do everything, under their own name."""
    return replace(COMMAND_LINE, name=f"{user} (command line)")
