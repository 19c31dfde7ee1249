"""What this area declares."""

from central.tills import api, fleet_api, pages
from central.tills.area import FLEET, SEE_TILLS
from central.tills.finding import find_tills
from central.web.finding import Finder
from central.web.manifest import Manifest
from central.web.navigation import Section
from commerce.texts import N_

TELLING = "tills.telling"  # the reader of what tills wait for; whom it tells, the machine's settings say

TILLS = Manifest(
    name="tills",
    rights=(FLEET,),
    sections=(Section("tills", "/tills", N_("Tills"), "l", 50, SEE_TILLS),),
    pages=(pages.add_routes,),
    api=(api.add_routes, fleet_api.add_routes),
    finders=(Finder(N_("Tills"), SEE_TILLS, find_tills),),
    readers={TELLING: None},
    settings=("mail", "pace", "projection"),
)
