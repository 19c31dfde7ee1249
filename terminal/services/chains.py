"""The chain that is being written: its head, its key, its series. Every entry of the till passes through here."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from commerce.dates import offset_text, utc_text
from commerce.documents import ReceiptCode, receipt_code
from commerce.ids import new_chain, new_id, short_code
from commerce.ledger import NO_HASH, ChainMode, Entry, Facts, Head, Kind, Origin, Signer, genesis_body, seal
from commerce.numbering import Series
from terminal.db import ledger
from terminal.db.connection import Transaction, Writer
from terminal.services.identity import Identity
from terminal.services.operating import OperatingSet

T = TypeVar("T")
_SERIES_TAG_LENGTH = 4
_REMEMBERED = 32
_REMEMBERED_BYTES = 64 * 1024


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


class Write:
    """One transaction of the ledger: what a job appends follows the head, which moves only with the commit."""

    __slots__ = ("_signer", "appended", "head", "origin", "tx")

    def __init__(self, tx: Transaction, origin: Origin, head: Head, signer: Signer) -> None:
        self.tx = tx
        self.origin = origin
        self.head = head
        self.appended: list[Entry] = []
        self._signer = signer

    def receipt_code(self, day: date, total_cents: int) -> str:
        """Return the code of the receipt that the next entry will be: made with the key that signs the entry."""
        place = ReceiptCode(self.origin.till, self.origin.chain, self.head.seq + 1, day, total_cents)
        return receipt_code(place, self._signer)

    def append(
        self,
        moment: Moment,
        kind: Kind,
        body: Mapping[str, object],
        *,
        personal: bytes | None = None,
        clock_suspect: bool = False,
    ) -> Entry:
        """Build, hash, sign and write the next entry."""
        facts = moment.facts(kind, clock_suspect=clock_suspect)
        entry = seal(self.origin, self.head, facts, body, self._signer, personal)
        ledger.append_entry(self.tx, self.origin.chain, facts, entry)
        self.head = Head(entry.seq, entry.hash)
        self.appended.append(entry)
        return entry


def series_id(chain: str, document_kind: str, sub_series: int) -> str:
    """Return the key of a chain's series; it goes on in a sub-series when a person lets its dates go back."""
    return f"{chain}/{document_kind}" + (f"/{sub_series}" if sub_series else "")


class Chains:
    """The till's ledger as its services write it. ``head`` belongs to the writer's thread."""

    def __init__(self, writer: Writer, identity: Identity, app_version: str) -> None:
        self._writer = writer
        self._identity = identity
        self._signer = identity.signer
        self._app_version = app_version
        self._origin = self._origin_of("")
        self._head = Head(0, NO_HASH)
        self.series_tag = ""
        self.sub_series = 0
        self._remembered: deque[Entry] = deque(maxlen=_REMEMBERED)
        self.committed = asyncio.Event()  # set when entries were committed; sync's push clears it and looks

    @property
    def till(self) -> str:
        """Return who writes."""
        return self._identity.till_id

    @property
    def chain(self) -> str:
        """Return the id of the chain that is being written."""
        return self._origin.chain

    @property
    def head(self) -> Head:
        """Return the end of the chain as of the last commit."""
        return self._head

    @property
    def mode(self) -> ChainMode:
        """Return what the chain is for."""
        return self._identity.mode

    @property
    def signer(self) -> Signer:
        """Return the till's signer, for receipt codes."""
        return self._signer

    async def open(self, at: datetime, *, clock_suspect: bool = False) -> None:
        """Take up the current chain, or open the first one, or a new one where key or mode have changed."""
        await self._writer.run(lambda tx: self._take_up(tx, at, clock_suspect), self._adopt)

    async def write(self, job: Callable[[Write], T]) -> T:
        """Run a job that may append entries, in one transaction."""
        before = self._head
        try:
            return await self._writer.run(*self._with_head(job))
        finally:
            if self._head is not before:
                self.committed.set()

    def remembered(self, chain: str, after: int) -> list[Entry]:
        """Return the entries behind ``after`` when they were committed just now, else nothing: read them instead."""
        if chain != self.chain:
            return []
        entries = [entry for entry in tuple(self._remembered) if entry.seq > after]
        return entries if entries and entries[0].seq == after + 1 else []

    async def open_new(self, reason: str, at: datetime, *, clock_suspect: bool = False) -> str:
        """Open a new chain behind the current one and return its id."""
        row, _ = await self._writer.run(
            lambda tx: self._open_chain(tx, reason, at, clock_suspect, self.chain, self._head), self._adopt
        )
        self.committed.set()
        return row.chain

    def series(self, operating: OperatingSet, document_kind: str = "receipt") -> Series:
        """Return the series that this chain's documents of a kind are numbered in."""
        return Series(
            id=series_id(self.chain, document_kind, self.sub_series),
            company=self._identity.company.id,
            document_kind=document_kind,
            code=f"{self._identity.till_code}{self.series_tag}" + (f"-{self.sub_series}" if self.sub_series else ""),
            period=operating.settings.series_period,
            formula=operating.settings.series_formula,
        )

    def _with_head(self, job: Callable[[Write], T]) -> tuple[Callable[[Transaction], T], Callable[[T], None]]:
        """Return job and follow-up for the writer: the head moves on the writer's thread, after the commit."""
        written: list[Write] = []

        def whole(tx: Transaction) -> T:
            write = Write(tx, self._origin, self._head, self._signer)
            written.append(write)
            return job(write)

        def keep_head(_: T) -> None:
            self._head = written[0].head
            self._remember(written[0].appended)

        return whole, keep_head

    def _remember(self, entries: list[Entry]) -> None:
        """Keep what push is about to send; a long receipt is not worth the memory."""
        for entry in entries:
            if len(entry.header) + len(entry.body) > _REMEMBERED_BYTES:
                self._remembered.clear()
            else:
                self._remembered.append(entry)

    def _take_up(self, tx: Transaction, at: datetime, suspect: bool) -> tuple[ledger.ChainRow, Head]:
        row = ledger.find_current_chain(tx)
        if row is None:
            return self._open_chain(tx, "enrolled", at, suspect, None, Head(0, NO_HASH))
        last = ledger.find_last_entry(tx, row.chain)
        head = last.head if last else Head(0, NO_HASH)
        if row.key_id != self._signer.key_id:
            return self._open_chain(tx, "key_rotated", at, suspect, row.chain, head)
        if row.mode is not self._identity.mode:
            return self._open_chain(tx, "enrolled", at, suspect, row.chain, head)
        return row, head

    def _open_chain(
        self, tx: Transaction, reason: str, at: datetime, suspect: bool, previous_chain: str | None, previous: Head
    ) -> tuple[ledger.ChainRow, Head]:
        chain, zone = new_chain(), self._identity.shop.zone
        tag = short_code(bytes.fromhex(chain), _SERIES_TAG_LENGTH)
        row = ledger.ChainRow(chain, self.till, self._identity.mode, utc_text(at), self._signer.key_id, tag)
        ledger.add_chain(tx, row, self._signer.public_key)
        body = genesis_body(self._signer, self._identity.mode, reason, previous_chain, previous)
        moment = Moment(at, offset_text(at, zone), at.astimezone(zone).date(), clock_suspect=suspect)
        write = Write(tx, self._origin_of(chain), Head(0, previous.hash), self._signer)
        write.append(moment, Kind.CHAIN_OPENED, body)
        return row, write.head

    def _adopt(self, opened: tuple[ledger.ChainRow, Head]) -> None:
        row, self._head = opened
        self._remembered.clear()
        self._origin = self._origin_of(row.chain)
        self.series_tag, self.sub_series = row.series_tag, row.sub_series

    def _origin_of(self, chain: str) -> Origin:
        who = self._identity
        return Origin(who.company.id, who.shop.id, who.till_id, chain, self._app_version)
