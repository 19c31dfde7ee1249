"""Puts the rows beside the ledger right: sessions, documents and counters are how it is found, and prove nothing.

What was signed since the last checkpoint says which session is open, which Z was the last and which numbers are taken.
A row that says something else, or is gone, would leave sales out of a Z or give a number twice: it is written anew.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from commerce.bodies.chain import Checkpoint
from commerce.bodies.form import read
from commerce.bodies.session import SessionClosed, SessionOpened
from commerce.errors import BadInputError
from commerce.kinds import ChainMode, Kind
from commerce.ledger import Problem
from terminal.db import documents, ledger, sessions
from terminal.db.connection import Transaction
from terminal.db.ledger import ChainRow, LedgerRow
from terminal.db.sessions import Closing, SessionRow
from terminal.services.chain_rows import put_chains_right
from terminal.services.derived_rows import NUMBERED, number_of, numbered_row
from terminal.services.effect_rows import KINDS, EffectsSeen, put_effects_right
from terminal.services.genesis import find_genesis, key_of
from terminal.services.integrity import MOST_GONE, is_genuine
from terminal.services.session_days import read_day

_DRAWER = "main"
COUNTER_CHANGED = "ledger.counter_changed"


@dataclass(frozen=True, slots=True)
class _Taken:
    """The newest number of a series that an entry says is taken."""

    number: int
    date: str
    row: LedgerRow
    is_document: bool


@dataclass(slots=True)
class _Chain:
    """A chain, read from its last checkpoint on."""

    tx: Transaction
    row: ChainRow
    key: bytes
    taken: dict[tuple[str, str], _Taken] = field(default_factory=dict)

    def holds(self, row: LedgerRow) -> bool:
        """Tell whether an entry is as it was signed; another one says nothing."""
        return is_genuine(self.row.chain, row, self.key)

    def problem(self, seq: int, code: str) -> Problem:
        return Problem(self.row.chain, seq, code)


def put_right(tx: Transaction, till: str, own_key: bytes) -> list[Problem]:
    """Write rows anew that do not say what was signed since the last checkpoints; returns where that was so."""
    found: list[Problem] = put_chains_right(tx, till, own_key)
    seen = EffectsSeen(tx)
    opened: dict[str, SessionRow] = {}
    for row in ledger.list_chains(tx):
        if row.till == till:
            chain = _Chain(tx, row, key_of(tx, row.chain, own_key))
            found += _read_on(chain, opened, seen)
            found += _counters(chain)
    for session in opened.values():
        found += _open(tx, session, own_key)
    found += [*_ended(tx, opened, own_key), *_ahead(tx)]
    return [*found, *put_effects_right(tx, seen)]


def put_documents_right(tx: Transaction, own_key: bytes, places: Iterable[Problem]) -> list[Problem]:
    """Write the documents' rows of some genuine entries anew, however long ago they were issued."""
    kept = {row.chain: row for row in ledger.list_chains(tx)}
    found: list[Problem] = []
    for place in places:
        row = ledger.find_row(tx, place.chain, place.seq)
        if row is not None and row.kind in NUMBERED and place.chain in kept:
            found += _document(_Chain(tx, kept[place.chain], key_of(tx, place.chain, own_key)), row)
    return found


def _read_on(chain: _Chain, opened: dict[str, SessionRow], seen: EffectsSeen) -> Iterator[Problem]:
    start = sessions.last_checkpoint_seq(chain.tx, chain.row.chain)
    for row in ledger.iterate_rows(chain.tx, chain.row.chain, max(start - 2, 0)):  # a Z stands before its checkpoint
        try:
            yield from _look_at(chain, row, opened)
            if row.kind in KINDS:
                seen.note(chain.row.chain, chain.key, row)
        except (BadInputError, ValueError, TypeError, KeyError):
            continue  # the walk names it


def _look_at(chain: _Chain, row: LedgerRow, opened: dict[str, SessionRow]) -> Iterator[Problem]:
    if row.kind in NUMBERED:
        yield from _document(chain, row)
    elif row.kind == Kind.CHECKPOINT and chain.holds(row):
        for counter in read(Checkpoint, row.entry.body).counters:
            taken = _Taken(counter.last_number, row.business_day, row, is_document=False)
            chain.taken[counter.series, counter.period] = taken
    elif row.kind == Kind.SESSION_OPENED and chain.holds(row):
        session = _session(chain, row, read(SessionOpened, row.entry.body))
        opened[session.id] = session
    elif row.kind == Kind.CLOCK_CORRECTED and row.till_session in opened and chain.holds(row):
        day = read_day(row.entry.body)
        session = opened[row.till_session]
        opened[session.id] = session if day is None else replace(session, business_day=day)
    elif row.kind == Kind.SESSION_CLOSED and chain.holds(row):
        z = read(SessionClosed, row.entry.body)
        opened.pop(z.session, None)
        yield from _closed(chain.tx, chain.row, row, z)


def _document(chain: _Chain, row: LedgerRow) -> Iterator[Problem]:
    wanted = numbered_row(row)
    known = chain.taken.get((wanted.series, wanted.period))
    if known is None or known.number <= wanted.number:
        chain.taken[wanted.series, wanted.period] = _Taken(wanted.number, wanted.date, row, is_document=True)
    kept = documents.find_row(chain.tx, wanted.id)
    if kept == (chain.row.chain, wanted) or not chain.holds(row):
        return
    documents.replace_row(chain.tx, chain.row.chain, wanted)
    yield chain.problem(row.entry.seq, "ledger.document_changed" if kept else "ledger.document_missing")


def _counters(chain: _Chain) -> Iterator[Problem]:
    """Put counters right that are behind their documents, or so far ahead that nobody can have issued so many.

    One that is a little ahead is not touched: those numbers are gone, and that is said elsewhere.
    """
    for (series, period), taken in chain.taken.items():
        last, day = documents.find_counter(chain.tx, series, period) or (0, "")
        wanted = taken.date if taken.is_document else _date_of(chain, series, period, taken)
        is_off = not taken.number <= last <= taken.number + MOST_GONE or (last == taken.number and day != wanted)
        if is_off and chain.holds(taken.row):
            documents.set_counter(chain.tx, series, period, taken.number, wanted)
            yield chain.problem(taken.row.entry.seq, COUNTER_CHANGED)
    for series, period in documents.list_unused(chain.tx, f"{chain.row.chain}/", MOST_GONE):
        if (series, period) not in chain.taken:
            documents.forget_counter(chain.tx, series, period)
            yield chain.problem(1, COUNTER_CHANGED)


def _date_of(chain: _Chain, series: str, period: str, taken: _Taken) -> str:
    """Return the date of the document with the newest number, which a checkpoint does not say."""
    place = documents.find_place(chain.tx, series, period, taken.number)
    row = ledger.find_row(chain.tx, *place) if place else None
    if row is None or row.kind not in NUMBERED or not chain.holds(row):
        last = documents.find_counter(chain.tx, series, period)
        return last[1] if last and last[0] == taken.number and _is_day(last[1]) else taken.date
    return number_of(row.entry.body).date


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _session(chain: _Chain, row: LedgerRow, body: SessionOpened) -> SessionRow:
    return SessionRow(
        body.session, _mode(chain.tx, chain.row).value, body.drawer or _DRAWER, body.currency, body.opening_cash,
        body.business_day, row.at, chain.row.chain, row.entry.seq,
    )  # fmt: skip


def _open(tx: Transaction, session: SessionRow, own_key: bytes) -> Iterator[Problem]:
    """A session without a Z, in its own chain or in one that was opened behind it, is open."""
    if sessions.find_row(tx, session.id) == (session, None) or _find_z(tx, session, own_key) is not None:
        return
    sessions.replace_row(tx, session, None)
    yield Problem(session.chain, session.opened_seq, "ledger.session_changed")


def _ended(tx: Transaction, opened: Container[str], own_key: bytes) -> Iterator[Problem]:
    """A session whose Z was signed is not open any more, whatever its row says."""
    for session in sessions.list_open(tx):
        if session.id not in opened and (z := _find_z(tx, session, own_key)) is not None:
            yield from _closed(tx, *z)


def _ahead(tx: Transaction) -> Iterator[Problem]:
    """A row whose entry is there and is no Z of that number does not decide the next Z's; nor does one without a Z."""
    for chain, seq in sessions.forget_odd_numbers(tx):
        yield Problem(chain, seq, "ledger.session_changed")
    for mode in ChainMode:
        while (last := sessions.find_last_closing(tx, mode.value)) is not None:
            row = ledger.find_row(tx, last.chain, last.seq)
            if row is None or _number_of(row) == last.z_number:
                break
            sessions.forget_number(tx, mode.value, last.z_number)
            yield Problem(last.chain, last.seq, "ledger.session_changed")


def _mode(tx: Transaction, chain: ChainRow) -> ChainMode:
    """Return what a chain is for, as its genesis says."""
    genesis = find_genesis(tx, chain.chain)
    return genesis.mode if genesis else chain.mode


def _number_of(row: LedgerRow) -> int | None:
    try:
        return read(SessionClosed, row.entry.body).z_number
    except BadInputError:
        return None


def _find_z(tx: Transaction, session: SessionRow, own_key: bytes) -> tuple[ChainRow, LedgerRow, SessionClosed] | None:
    """Return a session's Z, in whichever chain it stands."""
    later = set(ledger.chains_since(tx, session.chain))
    for chain in ledger.list_chains(tx):
        if chain.chain not in later:
            continue
        row = ledger.find_of_session(tx, chain.chain, session.id, Kind.SESSION_CLOSED.value)
        if row is not None and is_genuine(chain.chain, row, key_of(tx, chain.chain, own_key)):
            return chain, row, read(SessionClosed, row.entry.body)
    return None


def _closed(tx: Transaction, chain: ChainRow, row: LedgerRow, z: SessionClosed) -> Iterator[Problem]:
    """The last Z of a chain has its row and number, and no row has a number that is further."""
    kept, closing = sessions.find_row(tx, z.session)
    mode = _mode(tx, chain)
    wanted = Closing(row.at, chain.chain, row.entry.seq, z.z_number)
    if closing == wanted and kept is not None and kept.mode == mode:
        return
    session = SessionRow(
        z.session, mode.value, z.drawer or _DRAWER, z.currency, z.opening_cash, z.business_day, z.opened_at,
        z.first_chain, z.first_seq,
    )  # fmt: skip
    sessions.replace_row(tx, session, wanted)
    yield Problem(chain.chain, row.entry.seq, "ledger.session_changed")
