"""Refusals that only signing in knows."""

from commerce.errors import PosError


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
