"""What a scan means: a code for the open sale, or, when it was not read for certain, something to tell."""

import contextlib

from commerce.errors import DeviceError, PosError
from commerce.ids import new_id
from terminal.devices.protocols import Scan
from terminal.services.commands import AddCode
from terminal.services.register import Register


async def take_scan(register: Register, scan: Scan) -> None:
    """Hand a scan to the register; a refusal, or a doubt, is a notice on the page and not the scanner's affair."""
    if scan.doubt:
        register.tell(DeviceError("scan.doubtful", device=scan.device, reason=scan.doubt), of_scan=True)
        return
    with contextlib.suppress(PosError):
        await register.submit(AddCode(new_id(), scan.code, device=scan.device))
