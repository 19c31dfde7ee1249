"""The rights over jobs that others asked for; one's own are everybody's to see and to stop."""

from central.identity.scope import Area, Right
from commerce.texts import N_

JOBS = Area("jobs", N_("Jobs"), (Right.MANAGE,))
(MANAGE_JOBS,) = JOBS.permissions
