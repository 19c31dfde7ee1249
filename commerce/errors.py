"""The errors that callers are expected to handle, sorted by what the caller must do.

Each carries a stable ``code`` and the values its message needs; words are chosen at the edge of the server.
Anything that is not a ``PosError`` is a bug and travels to the boundary, which logs it once.

Who checks several things collects ``Problems`` and refuses all of them at once: problem+json, the fields of a form and
the rows of an import are made from that one list.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as of


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

    @property
    def problems(self) -> "tuple[Problem, ...]":
        """Return everything that is wrong; an ordinary error is one thing, of the field that it names."""
        return (Problem(self.code, str(self.values.get("field", "")), self.values),)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: ``field`` is where, dotted (``addresses.2.zip``), "" where it is about the whole."""

    code: str
    field: str = ""
    values: Mapping[str, object] = of(default_factory=dict)


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


class InvalidError(BadInputError):
    """What came in is wrong in one way or several; a single one gives its code and values to the whole.

    ``whole`` is the code of several.
    """

    status = 422
    default_code = "invalid"

    def __init__(self, *problems: Problem, whole: str = "invalid") -> None:
        one = problems[0]
        if len(problems) > 1:
            one = Problem(whole, "", {**(one.values if one.code == whole else {}), "count": len(problems)})
        super().__init__(one.code, **{"field": one.field, **one.values} if one.field else one.values)
        self._problems = problems

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return everything that is wrong, in the order it was found."""
        return self._problems


class Problems:
    """What a check finds, collected: ``add`` what is wrong, then ``refuse`` once. It is empty as long as all is well.

    Warnings are a second one that nobody refuses.
    """

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._prefix = ""

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def add(self, code: str, where: str = "", /, **values: object) -> None:
        """Note one thing; ``where`` is its field."""
        self._found.append(Problem(code, self._at(where), values))

    def take(self, error: PosError, where: str = "") -> None:
        """Note all that another check refused; ``where`` is the field it is put under."""
        for one in error.problems:
            path = ".".join(filter(None, (where, one.field if one.field != where else "")))
            self._found.append(Problem(one.code, self._at(path), one.values))

    @contextmanager
    def taking(self, where: str = "") -> Iterator[None]:
        """Note what is refused within instead of raising it; who may not, or a full disk, still ends everything."""
        try:
            yield
        except (BadInputError, RuleError, ConflictError) as error:
            self.take(error, where)

    def under(self, where: str) -> "Problems":
        """Return the same collection for what stands under a field: a row, such as ``addresses.2``."""
        part = Problems()
        part._found, part._prefix = self._found, self._at(where)
        return part

    def refuse(self) -> None:
        """InvalidError with all that was found, if anything was."""
        if self._found:
            raise InvalidError(*self._found)

    def _at(self, where: str) -> str:
        return ".".join(filter(None, (self._prefix, where)))


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
