"""Refusals that only programs meet: they say by ETag which version they read."""

from commerce.errors import PosError


class PreconditionMissingError(PosError):
    """A change without If-Match."""

    status = 428
    default_code = "precondition.missing"


class PreconditionFailedError(PosError):
    """Somebody saved since the version that If-Match names was read."""

    status = 412
    default_code = "precondition.stale"
