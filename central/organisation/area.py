"""The rights of who owns what."""

from central.identity.scope import Area, Right
from commerce.texts import N_

COMPANIES = Area("companies", N_("Companies and shops"), (Right.EDIT,))
(EDIT_COMPANIES,) = COMPANIES.permissions
