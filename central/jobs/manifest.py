"""What this area declares."""

from central.jobs import api, pages
from central.jobs.area import JOBS
from central.jobs.housekeeping import NIGHTLY, TRIM, trim
from central.web.manifest import Manifest
from central.web.navigation import Section
from commerce.texts import N_

WORK = Manifest(
    name="jobs",
    rights=(JOBS,),
    sections=(Section("jobs", "/jobs", N_("Jobs"), "j", 60),),
    pages=(pages.add_routes,),
    api=(api.add_routes,),
    jobs={TRIM: trim},
    schedules=(NIGHTLY,),
    settings=("jobs",),
)
