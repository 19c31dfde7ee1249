"""The rights of this area."""

from central.identity.scope import Area, Right
from commerce.texts import N_

SALES = Area("sales", N_("Sales"), (Right.SEE,))
SEE_SALES = SALES.permission(Right.SEE)
