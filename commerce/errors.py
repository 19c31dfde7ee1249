"""The errors that callers are expected to handle, sorted by what the caller must do.

Each carries a stable ``code`` and the values its message needs; words are chosen at the edge of the server.
Anything that is not a ``PosError`` is a bug and travels to the boundary, which logs it once.
"""


class PosError(Exception):
    """An expected failure with a stable code.

    ``code`` is dotted lower case (``sale.total_changed``) and never changes once released; ``values`` fill the
    placeholders of the message that the edge picks for the code.
    """

    status = 500
    default_code = "error"

    def __init__(self, code: str | None = None, /, **values: object) -> None:
        self.code = code or self.default_code
        self.values = values
        super().__init__(self.code if not values else f"{self.code} {values}")


class RuleError(PosError):
    """A rule of trade says no; asking again without changing something gives the same answer."""

    status = 422
    default_code = "rule"


class NotFoundError(PosError):
    """What was named does not exist here."""

    status = 404
    default_code = "not_found"


class ConflictError(PosError):
    """The caller acted on a stale state, or used a command id again with other content."""

    status = 409
    default_code = "conflict"


class ForbiddenError(PosError):
    """The caller is known but may not do this, or is not signed on."""

    status = 403
    default_code = "forbidden"


class BadInputError(PosError):
    """What came in cannot be read as what it should be."""

    status = 400
    default_code = "bad_input"


class StorageError(PosError):
    """The disk refused: full or failing. Nothing was half written."""

    status = 507
    default_code = "storage.failed"


class StartError(PosError):
    """A daemon could not start for a reason that nobody foresaw; the log has it in full."""

    default_code = "start.failed"

    @classmethod
    def of(cls, error: Exception) -> "StartError":
        """Return it with the first line of what went wrong: drivers write paragraphs."""
        return cls(reason=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")


class DeviceError(PosError):
    """A device did not do what it was asked."""

    status = 502
    default_code = "device"


class DeviceUnavailableError(DeviceError):
    """Nothing was sent to the device, so a retry is safe."""

    default_code = "device.unavailable"


class DeviceRefusedError(DeviceError):
    """The device answered no: paper out, cover open, card declined."""

    default_code = "device.refused"


class OutcomeUnknownError(DeviceError):
    """Sent without an answer: ask the device; never repeat, never assume."""

    default_code = "device.outcome_unknown"


class SyncError(PosError):
    """Till and central did not come to an agreement this time."""

    status = 502
    default_code = "sync"


class CentralUnreachableError(SyncError):
    """No usable answer from central: keep what is to be sent and try again."""

    default_code = "sync.central_unreachable"


class CentralFailedError(CentralUnreachableError):
    """Central is there and failed on this very message: keep it, and let it hold up no other."""

    default_code = "sync.central_failed"


class MessageRejectedError(SyncError):
    """Central refuses this message for good: set it aside and tell a person."""

    default_code = "sync.rejected"
