"""Damage in its own words: what a start says of a full disk or a damaged ledger, and what rots in a running till."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from commerce.errors import PosError, StorageError
from commerce.ledger import Head, Problem, verify_chain
from terminal.db import ledger
from terminal.db.connection import DAMAGED, FULL, Connection, DatabaseFault, open_reader
from terminal.db.documents import find_name
from terminal.services.derived_rows import column_problem, find_changed_documents
from terminal.services.genesis import find_key
from terminal.services.verification import DAMAGED_PAGE, verify_ledger

SLICE_ENTRIES = 100
PAUSE_S = 2.0
_NO_ROOM_BYTES = 256 * 1024  # less than a start writes


def words_of_start(path: Path, error: OSError | StorageError) -> OSError | PosError:
    """Return what a start that failed on its files says; whatever is neither room nor damage stays as it is."""
    if isinstance(error, StorageError) and error.code == DAMAGED:
        return name_damage(path, str(error.values.get("reason", "")))
    free = shutil.disk_usage(path.parent).free
    if free < _NO_ROOM_BYTES or (isinstance(error, StorageError) and error.code == FULL):
        return StorageError("start.disk_full", path=str(path.parent), free_kib=free // 1024)
    return error


def name_damage(path: Path, reason: str) -> StorageError:
    """Return what is damaged in a ledger: the first entry that does not hold, as ``till verify`` names it."""
    try:
        found = next((verdict.problem for verdict in verify_ledger(path) if verdict.problem), None)
    except PosError:
        found = None
    return as_error(found) if found else StorageError("ledger.damaged_file", path=path.name, reason=reason)


def as_error(problem: Problem, receipt: tuple[str, date] | None = None) -> StorageError:
    """Return a finding of a walk as what people are told, by the number and day of its receipt where it is one."""
    named = {} if receipt is None else {"number": receipt[0], "day": receipt[1]}
    return StorageError("ledger.damaged", chain=problem.chain, seq=problem.seq, found=problem.code, **named)


@dataclass(slots=True)
class _Place:
    """Where the next slice begins."""

    chain: str
    head: Head
    public_key: bytes | None = None


class IdleCheck:
    """Reads the whole ledger again and again, a slice at a time, while no sale is open.

    Each slice has a connection of its own, so that it sees what is on the disk and not what memory still has.
    ``on_damage`` hears of each finding once, ``on_rows`` of entries whose document's row says something else.
    """

    def __init__(
        self,
        path: Path,
        is_idle: Callable[[], bool],
        on_damage: Callable[[StorageError], None],
        on_rows: Callable[[Sequence[Problem]], Awaitable[None]],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._path = path
        self._is_idle = is_idle
        self._on_damage = on_damage
        self._on_rows = on_rows
        self._rows: list[Problem] = []  # entries beside which a row says something else
        self._pause = pause
        self._steps: list[_Place | str] = []  # chains to be walked, then tables to be checked
        self._said: set[str] = set()

    async def run(self) -> None:
        """Check for ever."""
        while True:
            await self._pause(PAUSE_S)
            if self._is_idle():
                await self.look()

    async def look(self) -> None:
        """Check one slice, off the loop."""
        found = await asyncio.to_thread(self._slice)
        if found is not None and str(found) not in self._said:
            self._said.add(str(found))
            self._on_damage(found)
        rows, self._rows = self._rows, []
        if rows:
            await self._on_rows(rows)

    def _slice(self) -> StorageError | None:
        try:
            reader = open_reader(self._path)
            try:
                if not self._steps:
                    self._steps = _plan(reader)
                step = self._steps[0]
                return self._check_table(reader, step) if isinstance(step, str) else self._walk(reader, step)
            finally:
                reader.close()
        except (DatabaseFault, StorageError) as error:
            self._steps = self._steps[1:]
            return StorageError("ledger.damaged_file", path=self._path.name, reason=str(error))

    def _walk(self, reader: Connection, place: _Place) -> StorageError | None:
        """Walk on in a chain; at its end, or where it does not hold, the next one follows."""
        rows: list[ledger.LedgerRow] = []
        try:
            rows.extend(islice(ledger.iterate_rows(reader, place.chain, place.head.seq), SLICE_ENTRIES))
            self._rows += find_changed_documents(reader, place.chain, rows)
        except DatabaseFault:
            self._steps = self._steps[1:]
            return as_error(Problem(place.chain, place.head.seq + 1, DAMAGED_PAGE))
        entries = [row.entry for row in rows]
        if place.public_key is None and entries:
            place.public_key = find_key(entries[0])
        start = place.head if place.head.seq else None
        verdict = verify_chain(place.chain, entries, start=start, public_key=place.public_key)
        place.head = verdict.head
        if verdict.problem or len(entries) < SLICE_ENTRIES:
            self._steps = self._steps[1:]
        problem = verdict.problem or next(filter(None, map(column_problem, rows)), None)
        return as_error(problem, find_name(reader, problem.chain, problem.seq)) if problem else None

    def _check_table(self, reader: Connection, table: str) -> StorageError | None:
        self._steps = self._steps[1:]
        said = ledger.check_table(reader, table)
        return StorageError("ledger.damaged_file", path=self._path.name, reason=f"{table}: {said}") if said else None


def _plan(reader: Connection) -> list[_Place | str]:
    chains = [_Place(row.chain, Head(0, bytes(32))) for row in ledger.list_chains(reader)]
    return [*chains, *ledger.list_tables(reader)]
