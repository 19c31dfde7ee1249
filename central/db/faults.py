"""What drivers raise, sorted by what can be done about it: run the job again, tell the caller to wait, or a bug."""

from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidRequestError, OperationalError

from commerce.errors import StorageError

WAIT_S = 5


class DatabaseAwayError(StorageError):
    """The database does not answer, or has too much to do just now: asking again may help.

    Nothing was done, unless the connection broke in the middle of a COMMIT: then nobody knows.
    """

    status = 503
    default_code = "storage.away"

    def __init__(self, code: str | None = None, /, **values: object) -> None:
        super().__init__(code, **{"wait_s": WAIT_S, **values})


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE or SQLite's name of an error, "" where the driver gave none."""
    origin = getattr(error, "orig", None)
    return str(getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None) or "")


def may_run_again(error: DBAPIError, *, committing: bool) -> bool:
    """Tell whether nothing of a transaction stands, so that its job can be run from the start.

    A deadlock's victim was rolled back. A connection that broke before COMMIT was sent took its transaction with it;
    one that broke during it may have committed.
    """
    return state_of(error).startswith(_ROLLED_BACK) or (error.connection_invalidated and not committing)


def expected(error: DBAPIError) -> Exception:
    """Return what callers are to expect; a wrong statement or a broken rule of a table is a bug and stays itself."""
    state = state_of(error)
    if state.startswith(_DISK):
        return StorageError("storage.failed", reason=state)
    if state.startswith(_SLOW):
        return DatabaseAwayError("storage.slow", reason=state)
    if state.startswith(_BUSY):
        return DatabaseAwayError("storage.busy", reason=state)
    silent = not state and isinstance(error, OperationalError | InterfaceError)
    is_away = silent or error.connection_invalidated or state.startswith(_AWAY)
    return DatabaseAwayError(reason=state) if is_away else error


def concerns_rows(error: BaseException) -> bool:
    """Tell data that tables, drivers or code refuse, for whatever reason, from a database that cannot serve now.

    A list of what data can do wrong is always too short; what a server says of itself is known.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, Exception) and not isinstance(error, _NOT_ROWS)
    if isinstance(error.orig, _NOT_ROWS) or error.connection_invalidated:
        return False
    state = state_of(error)
    if not state:  # some refusals come from the driver, before any statement was sent
        return not isinstance(error, OperationalError | InterfaceError) or isinstance(
            error.orig, ValueError | TypeError
        )
    missing_table = state == "SQLITE_ERROR" and "no such" in str(error.orig)
    return not (missing_table or state.startswith(_SERVER))


def is_duplicate(error: BaseException) -> bool:
    """Tell whether a row stands already."""
    return state_of(error) in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "23505")


_ROLLED_BACK = ("40001", "40P01")
_DISK = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "53100", "58")
_SLOW = ("SQLITE_INTERRUPT", "57014")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "40001", "40P01", "53", "55P03")
_AWAY = ("08", "25P03", "57")
# Memory, a damaged file, a transaction that was lost before, tables that are not there.
_NOT_ROWS = (StorageError, OSError, MemoryError, InvalidRequestError)
_SERVER = (
    *_ROLLED_BACK, *_DISK, *_SLOW, *_BUSY, *_AWAY, "25", "40", "55", "XX001", "XX002", "42501", "42P01", "42703",
    "SQLITE_NOMEM", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PROTOCOL", "SQLITE_SCHEMA",
)  # fmt: skip
