"""The rights over people, and over the record of what they changed."""

from central.identity.scope import Area, Right
from commerce.texts import N_

PEOPLE = Area("people", N_("Users and roles"), (Right.MANAGE,))
(MANAGE_PEOPLE,) = PEOPLE.permissions

AUDIT = Area("audit", N_("Audit"), (Right.SEE,))
(SEE_AUDIT,) = AUDIT.permissions
