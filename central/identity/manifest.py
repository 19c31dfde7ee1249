"""What this area declares."""

from central.identity import api, pages
from central.identity.area import AUDIT, PEOPLE
from central.web.manifest import Manifest

IDENTITY = Manifest(name="identity", rights=(PEOPLE, AUDIT), pages=(pages.add_routes,), api=(api.add_routes,))
