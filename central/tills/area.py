"""The rights of the fleet: to see it, to decide what waits for a person, to add tills and shut them out."""

from central.identity.scope import Area, Right
from commerce.texts import N_

FLEET = Area("tills", N_("Tills"), (Right.SEE, Right.APPROVE, Right.MANAGE))
SEE_TILLS, APPROVE_AT_TILLS, MANAGE_TILLS = FLEET.permissions
