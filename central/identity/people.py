"""Who acts, and what a role may do. Services ask here; a hidden button is not a permission."""

from dataclasses import dataclass, replace
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a signed-in person, a token's owner, or the command line (no id)."""

    id: str | None
    name: str
    role: Role
    language: str = "en"
    company: str | None = None
    session: str | None = None

    def may(self, permission: Permission) -> bool:
        """Tell whether the role covers it."""
        return permission in _MAY[self.role]

    def reaches(self, company: object) -> bool:
        """Tell whether what belongs to a company, or to all (None), is the actor's business."""
        return self.company in (None, company)

    def require(self, permission: Permission) -> None:
        """ForbiddenError ``forbidden.role`` unless the role covers it."""
        if not self.may(permission):
            raise ForbiddenError("forbidden.role", permission=permission.value)


COMMAND_LINE = Actor(id=None, name="command line", role=Role.ADMIN)


def stranger(address: str) -> Actor:
    """Return whoever asks from an address without having said who they are; they may nothing."""
    return Actor(None, address or "unknown address", Role.VIEWER)


def at_command_line(user: str) -> Actor:
    """Return who types commands on the server itself: whoever may do that may do everything, under their own name."""
    return replace(COMMAND_LINE, name=f"{user} (command line)")
