"""What this area declares."""

from central.outbox.housekeeping import NIGHTLY_OUTBOX, TRIM_OUTBOX, trim_outbox
from central.outbox.messages import MAIL
from central.outbox.people import TELL_PEOPLE
from central.web.manifest import Manifest

OUTBOX = Manifest(
    name="outbox",
    jobs={MAIL: None, TRIM_OUTBOX: trim_outbox},
    schedules=(NIGHTLY_OUTBOX,),
    readers={TELL_PEOPLE.name: TELL_PEOPLE},
    settings=("mail",),
)
