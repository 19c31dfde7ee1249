"""Who acts, and what a role may do. Services ask here; a hidden button is not a permission."""

from dataclasses import dataclass, replace
from enum import StrEnum

from central.identity.scope import Grant, Scope, places_of
from central.identity.scope import Permission as AreaPermission
from commerce.errors import ForbiddenError


class Permission(StrEnum):
    """What a service may require of whoever asks."""

    READ = "read"
    EDIT_REGISTRY = "edit_registry"
    MANAGE_TILLS = "manage_tills"
    RESOLVE = "resolve"
    MANAGE_USERS = "manage_users"


class Role(StrEnum):
    """What a person is here for."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"


_MAY: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset(Permission) - {Permission.MANAGE_USERS},
    Role.VIEWER: frozenset({Permission.READ}),
}

_SEEN = frozenset({"sales.see", "items.see", "operators.see", "settings.see", "tills.see"})
# What the roles that every installation begins with may do; None is everything.
STANDARD_RIGHTS: dict[Role, frozenset[str] | None] = {
    Role.ADMIN: None,
    Role.MANAGER: _SEEN
    | {"items.edit", "operators.edit", "settings.edit", "companies.edit", "tills.approve", "tills.manage", "audit.see"},
    Role.VIEWER: _SEEN,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a signed-in person, a token's owner, or the command line (no id)."""

    id: str | None
    name: str
    role: Role
    language: str = "en"
    company: str | None = None
    session: str | None = None
    grants: tuple[Grant, ...] = ()

    def may(self, permission: Permission | AreaPermission) -> bool:
        """Tell whether there is a place where this may be done."""
        if isinstance(permission, AreaPermission):
            return any(grant.holds(permission) for grant in self.grants)
        return permission in _MAY[self.role]

    def scopes(self, permission: AreaPermission) -> tuple[Scope, ...]:
        """Return everywhere that this may be done, a scope a company; ForbiddenError ``forbidden.role`` for nowhere."""
        places = places_of(self.grants, permission)
        if not places:
            raise ForbiddenError("forbidden.role", permission=permission.name)
        return tuple(Scope(self, company, shops) for company, shops in places.items())

    def scope(self, permission: AreaPermission, company: str) -> Scope:
        """Return where in a company this may be done.

        ForbiddenError ``forbidden.company`` for a company that is none of the actor's business, ``forbidden.role``
        where nothing gives the permission in it.
        """
        if not any(grant.company in (None, company) for grant in self.grants):
            raise ForbiddenError("forbidden.company")
        places = places_of((grant for grant in self.grants if grant.company in (None, company)), permission)
        if not places:
            raise ForbiddenError("forbidden.role", permission=permission.name)
        return Scope(self, company, None if None in places else places[company])

    def reaches(self, company: object) -> bool:
        """Tell whether what belongs to a company, or to all (None), is the actor's business."""
        return self.company in (None, company)

    def require(self, permission: Permission) -> None:
        """ForbiddenError ``forbidden.role`` unless the role covers it."""
        if not self.may(permission):
            raise ForbiddenError("forbidden.role", permission=permission.value)


COMMAND_LINE = Actor(id=None, name="command line", role=Role.ADMIN, grants=(Grant(None, None, None),))


def stranger(address: str) -> Actor:
    """Return whoever asks from an address without having said who they are; they may nothing."""
    return Actor(None, address or "unknown address", Role.VIEWER)


def at_command_line(user: str) -> Actor:
    """Return who types commands on the server itself: whoever may do that may do everything, under their own name."""
    return replace(COMMAND_LINE, name=f"{user} (command line)")
