"""Refusals that only signing in knows."""

from commerce.errors import BadInputError, PosError


class SignInNeededError(PosError):
    """Nobody is signed in here, or the session has ended."""

    status = 401
    default_code = "sign_in.needed"


class WrongCredentialsError(PosError):
    """Name or password is wrong; which of them is not said."""

    status = 401
    default_code = "sign_in.wrong"


class TooManyAttemptsError(PosError):
    """Too many failures: the next attempt is taken after ``wait_s`` seconds."""

    status = 429
    default_code = "sign_in.wait"


class WrongCodeError(BadInputError):
    """A code is wrong, or was used before (``code.used``)."""

    default_code = "code.wrong"

    def __init__(self, code: str | None = None, /) -> None:
        super().__init__(code, field="code")


class PendingOverError(PosError):
    """No sign-in waits in this browser any more: begin again."""

    status = 401
    default_code = "sign_in.over"


class SecondStepError(PosError):
    """The password was right, and is not enough. ``pending`` is the cookie of the sign-in that waits, and in no value:
    values are told. ``set_up`` says that whoever signs in has no second step yet and needs one."""

    status = 401
    default_code = "sign_in.code_needed"

    def __init__(self, pending: str, *, set_up: bool) -> None:
        super().__init__()
        self.pending = pending
        self.set_up = set_up
