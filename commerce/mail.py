"""What an e-mail address may look like."""

import re

LONGEST = 254
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+\Z")


def is_address(text: str) -> bool:
    """Tell whether mail can be sent to it."""
    return len(text) <= LONGEST and text.isascii() and _ADDRESS.match(text) is not None
