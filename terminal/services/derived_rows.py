"""Whether the tables beside the ledger say what its entries say: they are how it is found, and prove nothing."""

from collections.abc import Iterator, Sequence

from commerce.bodies.form import read
from commerce.bodies.outline import DocumentOutline, read_outline
from commerce.bodies.parties import DocumentBody
from commerce.bodies.session import SessionClosed, SessionOpened
from commerce.errors import BadInputError
from commerce.kinds import Kind
from commerce.ledger import Problem, read_header
from terminal.db import documents, ledger, sessions
from terminal.db.connection import Queries
from terminal.db.documents import NumberedRow
from terminal.db.ledger import LedgerRow
from terminal.services.session_days import find_corrected_day

NUMBERED = (Kind.SALE_COMPLETED.value, Kind.DOCUMENT_ISSUED.value)
_COLUMNS = ("id", "kind", "at", "business_day", "till_session")


def column_problem(row: LedgerRow) -> Problem | None:
    """Return what is wrong with the columns that were taken from an entry's header, or None."""
    try:
        header = read_header(row.entry)
    except (BadInputError, ValueError, TypeError):
        return None  # whoever walks the chain names it
    said = tuple(header[name] for name in _COLUMNS)
    holds = said == (row.id, row.kind, row.at, row.business_day, row.till_session)
    return None if holds else Problem(str(header["chain"]), row.entry.seq, "ledger.column_changed")


def find_row_problem(queries: Queries, chain: str) -> Problem | None:
    """Return the first entry of a chain that holds, whose document or session row says something else."""
    found = [*_documents(queries, chain), *_sessions(queries, chain)]
    return min(found, key=lambda problem: problem.seq, default=None)


def _documents(queries: Queries, chain: str) -> Iterator[Problem]:
    """Compare numbered documents with the entries that issued them, both ways."""
    kept = {row.seq: row for row in documents.list_of_chain(queries, chain)}
    for seq, _, body in ledger.iterate_kinds(queries, chain, (Kind.SALE_COMPLETED.value, Kind.DOCUMENT_ISSUED.value)):
        row = kept.pop(seq, None)
        try:
            number = number_of(body)
        except BadInputError:
            yield Problem(chain, seq, "ledger.unreadable")
            continue
        if row is None:
            yield Problem(chain, seq, "ledger.document_missing")
        elif (row.id, row.kind, row.series, row.period, row.number, row.formatted, row.date) != (
            number.id, number.kind, number.series, number.period, number.number, number.formatted, number.date
        ):  # fmt: skip
            yield Problem(chain, seq, "ledger.document_changed")
    for seq in kept:
        yield Problem(chain, seq, "ledger.document_changed")


def find_changed_documents(queries: Queries, chain: str, rows: Sequence[LedgerRow]) -> list[Problem]:
    """Return those of some entries that issued a document whose row says something else, or is not there."""
    found = []
    for row in rows:
        if row.kind not in NUMBERED:
            continue
        try:
            wanted = numbered_row(row)
        except BadInputError:
            continue  # whoever walks the chain names it
        kept = documents.find_row(queries, wanted.id)
        if kept != (chain, wanted):
            found.append(
                Problem(chain, row.entry.seq, "ledger.document_changed" if kept else "ledger.document_missing")
            )
    return found


def numbered_row(row: LedgerRow) -> NumberedRow:
    """Return the row of the document that an entry issued; BadInputError when its body cannot be read."""
    said = number_of(row.entry.body)
    return NumberedRow(
        row.entry.seq, said.id, said.kind, said.series, said.period, said.number, said.formatted, said.date
    )


def number_of(body: bytes) -> DocumentBody:
    """Return the document that an entry issued; BadInputError when its body cannot be read."""
    return read_outline(DocumentOutline, body).document


def _sessions(queries: Queries, chain: str) -> Iterator[Problem]:
    """Compare sessions with the entries that opened and closed them."""
    kept = {row.opened_seq: row for row in sessions.list_of_chain(queries, chain)}
    for seq, _, body in ledger.iterate_kinds(queries, chain, (Kind.SESSION_OPENED.value,)):
        opened, row = read(SessionOpened, body), kept.pop(seq, None)
        day = find_corrected_day(queries, opened.session, chain) or opened.business_day
        if row is None or (row.id, row.currency, row.opening_cash, row.business_day) != (
            opened.session, opened.currency, opened.opening_cash, day
        ):  # fmt: skip
            yield Problem(chain, seq, "ledger.session_changed")
    for seq in kept:
        yield Problem(chain, seq, "ledger.session_changed")
    closed = sessions.list_closed_on(queries, chain)
    for seq, _, body in ledger.iterate_kinds(queries, chain, (Kind.SESSION_CLOSED.value,)):
        z = read(SessionClosed, body)
        if closed.pop(seq, None) != (z.session, z.z_number):
            yield Problem(chain, seq, "ledger.session_changed")
    for seq in closed:
        yield Problem(chain, seq, "ledger.session_changed")
