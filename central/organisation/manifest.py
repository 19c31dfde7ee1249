"""What this area declares."""

from central.organisation.area import COMPANIES
from central.web.manifest import Manifest

ORGANISATION = Manifest(name="organisation", rights=(COMPANIES,))
