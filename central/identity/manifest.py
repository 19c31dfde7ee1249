"""What this area declares."""

from central.identity import api, pages
from central.identity.area import AUDIT, MANAGE_PEOPLE, PEOPLE, SEE_AUDIT
from central.web.manifest import Manifest
from central.web.navigation import Tab
from commerce.texts import N_

_PEOPLE = N_("People")

IDENTITY = Manifest(
    name="identity",
    rights=(PEOPLE, AUDIT),
    pages=(pages.add_routes,),
    api=(api.add_routes,),
    tabs={
        "settings": (
            Tab("/settings/users", N_("Users & sessions"), MANAGE_PEOPLE, _PEOPLE, last=True),
            Tab("/settings/roles", N_("Roles"), MANAGE_PEOPLE, _PEOPLE, last=True),
            Tab("/settings/audit", N_("Changes made"), SEE_AUDIT, _PEOPLE, last=True),
        )
    },
)
