"""Refusals that only tills meet."""

from commerce.errors import PosError


class UnknownTokenError(PosError):
    """The request names no till, or one that central does not know."""

    status = 401
    default_code = "till.unknown_token"


class TooManyCodesError(PosError):
    """Too many wrong enrolment codes from one address: wait."""

    status = 429
    default_code = "enrol.wait"


class TooFastError(PosError):
    """A till sends more than any honest one: wait, and send it again."""

    status = 429
    default_code = "sync.wait"


class TooLargeError(PosError):
    """A request is larger than any honest one."""

    status = 413
    default_code = "wire.too_large"
