"""The chains that are being written, one for each mode: head, key, series. Every entry passes through here.

A live till may write a training chain beside its live one; numbers, series and entries of the modes stay apart. A
ledger that turns out to be behind what central holds goes on in new chains, so that no number is given twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeVar

from commerce.bodies.form import Body
from commerce.dates import offset_text, utc_text
from commerce.documents import ReceiptCode, receipt_code
from commerce.ids import new_chain, new_id, short_code
from commerce.ledger import (
    NO_HASH,
    ChainMode,
    Entry,
    Facts,
    Head,
    Kind,
    Origin,
    SignedHead,
    Signer,
    genesis_body,
    seal,
)
from commerce.numbering import RECEIPT, Series
from terminal.db import ledger
from terminal.db.connection import Queries, Transaction, Writer
from terminal.services.identity import Identity
from terminal.services.operating import OperatingSet

T = TypeVar("T")
Source = Literal["ledger", "head_file", "central"]
_SERIES_TAG_LENGTH = 4
_REMEMBERED = 32
_REMEMBERED_BYTES = 64 * 1024
_NO_HEAD = Head(0, NO_HASH)


@dataclass(frozen=True, slots=True)
class Moment:
    """When, in which session and at whose command something happens: what the entries of one act share."""

    at: datetime
    utc_offset: str
    business_day: date
    till_session: str | None = None
    operator: str | None = None
    command_id: str | None = None
    clock_suspect: bool = False
    approved_by: str | None = None

    def facts(self, kind: Kind, *, clock_suspect: bool = False) -> Facts:
        """Return the facts of one entry."""
        return Facts(
            new_id(),
            kind,
            self.at,
            self.utc_offset,
            self.business_day,
            self.till_session,
            self.operator,
            self.approved_by,
            self.command_id,
            self.clock_suspect or clock_suspect,
        )


class Taken(NamedTuple):
    """The last number that was taken of a series, and its document's date."""

    number: int
    day: date


class Write:
    """One transaction of the ledger: what a job appends follows the head, which moves only with the commit."""

    __slots__ = ("_signer", "appended", "head", "numbers", "origin", "tx")

    def __init__(
        self, tx: Transaction, origin: Origin, head: Head, signer: Signer, numbers: Mapping[str, Taken] | None = None
    ) -> None:
        self.tx = tx
        self.origin = origin
        self.head = head
        self.appended: list[Entry] = []
        self.numbers = dict(numbers or {})  # the last one of each series, as of this transaction
        self._signer = signer

    def receipt_code(self, day: date, total_cents: int) -> str:
        """Return the code of the receipt that the next entry will be: made with the key that signs the entry."""
        place = ReceiptCode(self.origin.till, self.origin.chain, self.head.seq + 1, day, total_cents)
        return receipt_code(place, self._signer)

    def record(self, moment: Moment, body: Body) -> Entry:
        """Write the next entry from a typed body."""
        return self.append(moment, body.KIND, body.as_body())

    def append(
        self,
        moment: Moment,
        kind: Kind,
        body: Mapping[str, object] | bytes,
        *,
        personal: bytes | None = None,
        clock_suspect: bool = False,
    ) -> Entry:
        """Build, hash, sign and write the next entry; ``body`` as ``seal`` takes it."""
        facts = moment.facts(kind, clock_suspect=clock_suspect)
        entry = seal(self.origin, self.head, facts, body, self._signer, personal)
        ledger.append_entry(self.tx, self.origin.chain, facts, entry)
        self.head = Head(entry.seq, entry.hash)
        self.appended.append(entry)
        return entry


def series_tag_of(chain: str) -> str:
    """Return what tells a chain's numbers from those of others."""
    return short_code(bytes.fromhex(chain), _SERIES_TAG_LENGTH)


def series_id(chain: str, document_kind: str, sub_series: int) -> str:
    """Return the key of a chain's series; it goes on in a sub-series when a person lets its dates go back."""
    return f"{chain}/{document_kind}" + (f"/{sub_series}" if sub_series else "")


@dataclass(slots=True)
class _Current:
    """A chain that is being written. Its head belongs to the writer's thread."""

    row: ledger.ChainRow
    origin: Origin
    head: Head
    numbers: Mapping[str, Taken] = field(default_factory=dict)
    remembered: deque[Entry] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def remember(self, entries: list[Entry]) -> None:
        """Keep what push is about to send; a long receipt is not worth the memory."""
        for entry in entries:
            if len(entry.header) + len(entry.body) > _REMEMBERED_BYTES:
                self.remembered.clear()
            else:
                self.remembered.append(entry)


@dataclass(frozen=True, slots=True)
class _Opening:
    """A chain to be opened: when and why, and behind which head, as whom knows it."""

    at: datetime
    clock_suspect: bool
    mode: ChainMode
    reason: str
    previous_chain: str | None = None
    previous: Head = _NO_HEAD
    source: Source = "ledger"


class Chains:
    """The till's ledger as its services write it; without a mode named, the chain of the till's own."""

    def __init__(self, writer: Writer, identity: Identity, app_version: str) -> None:
        self._writer = writer
        self._identity = identity
        self._signer = identity.signer
        self._app_version = app_version
        self._current: dict[ChainMode, _Current] = {}
        self.committed = asyncio.Event()  # set when entries were committed; sync's push clears it and looks

    @property
    def company(self) -> str:
        """Return whose till this is."""
        return self._identity.company.id

    @property
    def till(self) -> str:
        """Return who writes."""
        return self._identity.till_id

    @property
    def chain(self) -> str:
        """Return the id of the chain that is being written."""
        return self._own.row.chain

    @property
    def head(self) -> Head:
        """Return the end of the chain as of the last commit."""
        return self._own.head

    @property
    def heads(self) -> dict[str, Head]:
        """Return the ends of all chains that are being written."""
        return {current.row.chain: current.head for current in tuple(self._current.values())}

    @property
    def series_tag(self) -> str:
        """Return what tells this chain's numbers from those of others."""
        return self._own.row.series_tag

    @property
    def sub_series(self) -> int:
        """Return how often a person let the dates of this chain's documents go back."""
        return self._own.row.sub_series

    def start_sub_series(self, sub_series: int) -> None:
        """Number the chain's documents in another sub-series from here on, once the ledger says so."""
        self._own.row = replace(self._own.row, sub_series=sub_series)

    @property
    def mode(self) -> ChainMode:
        """Return what the till is for."""
        return self._identity.mode

    @property
    def signer(self) -> Signer:
        """Return the till's signer, for receipt codes."""
        return self._signer

    async def open(self, at: datetime, known: Sequence[SignedHead] = (), *, clock_suspect: bool = False) -> None:
        """Take up the current chains; open the first one, or new ones where key, mode or what is ``known`` demand it.

        ``known`` are central's words that lie outside the ledger: an older copy, or none, goes on behind them.
        """
        opening = _Opening(at, clock_suspect, self.mode, "restored", source="head_file")
        self._current = await self._writer.run(lambda tx: self._take_up(tx, known, opening))

    async def ensure(self, mode: ChainMode, at: datetime, *, clock_suspect: bool = False) -> str:
        """Return the current chain of a mode, opening its first one where there is none."""
        if mode not in self._current:
            opening = _Opening(at, clock_suspect, mode, "enrolled")
            current = await self._writer.run(lambda tx: self._open_chain(tx, opening))
            self._current[mode] = current
            self.committed.set()
        return self._current[mode].row.chain

    async def write(
        self, job: Callable[[Write], T], mode: ChainMode | None = None, meanwhile: Callable[[T], None] | None = None
    ) -> T:
        """Run a job that may append entries, in one transaction; ``meanwhile`` as ``Writer.run``."""
        mode = mode or self.mode
        before = self._current[mode].head
        try:
            return await self._writer.run(*self._with_head(job, mode), meanwhile)
        finally:
            if self._current[mode].head is not before:
                self.committed.set()

    def remembered(self, chain: str, after: int) -> list[Entry]:
        """Return the entries behind ``after`` when they were committed just now, else nothing: read them instead."""
        for current in self._current.values():
            if current.row.chain == chain:
                entries = [entry for entry in tuple(current.remembered) if entry.seq > after]
                return entries if entries and entries[0].seq == after + 1 else []
        return []

    async def open_new(
        self, reason: str, at: datetime, lost: Sequence[SignedHead] = (), *, clock_suspect: bool = False
    ) -> str:
        """Open new chains behind the current ones that are ``lost`` and, in any case, behind the till's own.

        Returns the id of the till's own.
        """
        opening = _Opening(at, clock_suspect, self.mode, reason, source="central")
        self._current |= await self._writer.run(lambda tx: self._go_on(tx, lost, opening))
        self.committed.set()
        return self.chain

    def series(self, operating: OperatingSet, document_kind: str = RECEIPT, mode: ChainMode | None = None) -> Series:
        """Return the series that a chain's documents of a kind are numbered in."""
        row = self._current[mode or self.mode].row
        return Series(
            id=series_id(row.chain, document_kind, row.sub_series),
            company=self._identity.company.id,
            document_kind=document_kind,
            code=f"{self._identity.till_code}{row.series_tag}" + (f"-{row.sub_series}" if row.sub_series else ""),
            period=operating.settings.series_period,
            formula=operating.settings.series_formula,
        )

    @property
    def _own(self) -> _Current:
        return self._current[self.mode]

    def _with_head(
        self, job: Callable[[Write], T], mode: ChainMode
    ) -> tuple[Callable[[Transaction], T], Callable[[T], None]]:
        """Return job and follow-up for the writer: the head moves on the writer's thread, after the commit."""
        written: list[tuple[_Current, Write]] = []

        def whole(tx: Transaction) -> T:
            current = self._current[mode]
            write = Write(tx, current.origin, current.head, self._signer, current.numbers)
            written.append((current, write))
            return job(write)

        def keep_head(_: T) -> None:
            current, write = written[0]
            current.head, current.numbers = write.head, write.numbers
            current.remember(write.appended)

        return whole, keep_head

    def _take_up(self, tx: Transaction, known: Sequence[SignedHead], opening: _Opening) -> dict[ChainMode, _Current]:
        rows = ledger.list_current_chains(tx)
        taken = {row.mode: self._current_of(tx, row) for row in rows if row.till == self.till}
        self._current = taken
        lost = [head for head in known if needs_new_chain(tx, head)]
        if lost:
            taken |= self._go_on(tx, lost, opening)
        for mode, current in tuple(taken.items()):
            reason = self._why_anew(current)
            if reason:
                before = (current.row.chain, current.head)
                taken[mode] = self._open_chain(tx, _Opening(opening.at, opening.clock_suspect, mode, reason, *before))
        if self.mode not in taken:
            first = _Opening(opening.at, opening.clock_suspect, self.mode, "enrolled")
            taken[self.mode] = self._open_chain(tx, first)
        return taken

    def _why_anew(self, current: _Current) -> str | None:
        if current.head.seq == 0:  # its entries were taken away: not even its genesis is there
            return "restored"
        return None if current.row.key_id == self._signer.key_id else "key_rotated"

    def _go_on(self, tx: Transaction, lost: Sequence[SignedHead], opening: _Opening) -> dict[ChainMode, _Current]:
        """Open a new chain for each mode whose current one is lost, and for the till's own."""
        unknown = [head for head in lost if not ledger.is_chain(tx, head.chain)]
        for head in lost:
            ledger.add_lost_chain(tx, head.chain, head.head)
        lost_chains = {head.chain for head in lost}
        opened: dict[ChainMode, _Current] = {}
        for mode in {self.mode, *(m for m, c in self._current.items() if c.row.chain in lost_chains)}:
            before = self._before(mode, lost, unknown if mode is self.mode else [], opening.source)
            opened[mode] = self._open_chain(
                tx, _Opening(opening.at, opening.clock_suspect, mode, opening.reason, *before)
            )
        return opened

    def _before(
        self, mode: ChainMode, lost: Sequence[SignedHead], unknown: Sequence[SignedHead], source: Source
    ) -> tuple[str | None, Head, Source]:
        """Return the newest head of what a new chain follows, and who knows it."""
        if unknown:
            return unknown[-1].chain, unknown[-1].head, source
        current = self._current.get(mode)
        if current is None:
            return None, _NO_HEAD, "ledger"
        further = [one.head for one in lost if one.chain == current.row.chain and one.head.seq > current.head.seq]
        return (current.row.chain, further[0], source) if further else (current.row.chain, current.head, "ledger")

    def _open_chain(self, tx: Transaction, opening: _Opening) -> _Current:
        chain, zone, at = new_chain(), self._identity.shop.zone, opening.at
        row = ledger.ChainRow(chain, self.till, opening.mode, utc_text(at), self._signer.key_id, series_tag_of(chain))
        ledger.add_chain(tx, row, self._signer.public_key)
        body = genesis_body(
            self._signer, opening.mode, opening.reason, opening.previous_chain, opening.previous, opening.source
        )
        moment = Moment(at, offset_text(at, zone), at.astimezone(zone).date(), clock_suspect=opening.clock_suspect)
        write = Write(tx, self._origin_of(chain), Head(0, opening.previous.hash), self._signer)
        write.append(moment, Kind.CHAIN_OPENED, body)
        return _Current(row, write.origin, write.head)

    def _current_of(self, tx: Transaction, row: ledger.ChainRow) -> _Current:
        last = ledger.find_last_entry(tx, row.chain)
        return _Current(row, self._origin_of(row.chain), last.head if last else _NO_HEAD)

    def _origin_of(self, chain: str) -> Origin:
        who = self._identity
        return Origin(who.company.id, who.shop.id, who.till_id, chain, self._app_version)


def needs_new_chain(queries: Queries, head: SignedHead) -> bool:
    """Return whether what is written would go on where central holds more, or something else.

    That is so for a chain being written that does not have central's head, and for one that this ledger never had and
    did not go on without before.
    """
    if ledger.find_hash(queries, head.chain, head.head.seq) == head.head.hash or head.head.seq == 0:
        return False
    if any(row.chain == head.chain for row in ledger.list_current_chains(queries)):
        return True
    return not ledger.is_chain(queries, head.chain) and not ledger.is_lost_chain(queries, head.chain)
