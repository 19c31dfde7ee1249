# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""The entries of the ledger: appended, read in order, never changed."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from commerce.dates import utc_text
from commerce.ledger import NO_HASH, ChainMode, Entry, Facts, Head, entry_hash
from terminal.db.connection import Queries, Readers, Row, Transaction

_INSERT_ENTRY = (
    "INSERT INTO entry (chain, seq, id, kind, at, business_day, till_session, header, body, hash, signature, personal)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ENTRY_AS_BYTES = "seq, " + ", ".join(
    f"CAST({column} AS BLOB)" for column in ("header", "body", "hash", "signature", "personal")
)
MAX_READ_BYTES = 4 * 1024 * 1024  # what central takes at once is 16 MiB, and a till's memory is small
_CHAIN = "chain, till, mode, opened_at, key_id, series_tag, sub_series"


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A chain as the till keeps it; ``till`` is who this machine was when it was opened."""

    chain: str
    till: str
    mode: ChainMode
    opened_at: str
    key_id: str
    series_tag: str
    sub_series: int = 0  # how often a person let the dates of its documents go back


@dataclass(frozen=True, slots=True)
class LastEntry:
    """The end of a chain: what a start needs instead of a walk."""

    head: Head
    kind: str
    at: str
    header: bytes


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """An entry with the columns beside it, by which it is found."""

    entry: Entry
    id: str
    kind: str
    at: str
    business_day: str
    till_session: str | None


def append_entry(tx: Transaction, chain: str, facts: Facts, entry: Entry) -> None:
    """Write a sealed entry."""
    tx.execute(
        _INSERT_ENTRY,
        (
            chain,
            entry.seq,
            facts.id,
            facts.kind.value,
            utc_text(facts.at),
            facts.business_day.isoformat(),
            facts.till_session,
            entry.header,
            entry.body,
            entry.hash,
            entry.signature,
            entry.personal,
        ),
    )


def add_chain(tx: Transaction, row: ChainRow, public_key: bytes) -> None:
    """Make a chain the current one of its mode."""
    tx.execute("UPDATE chain SET current = 0 WHERE current = 1 AND mode = ?", (row.mode.value,))
    tx.execute(
        "INSERT INTO chain (chain, till, mode, opened_at, key_id, public_key, series_tag, current)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        (row.chain, row.till, row.mode.value, row.opened_at, row.key_id, public_key, row.series_tag),
    )


def set_sub_series(tx: Transaction, chain: str, sub_series: int) -> None:
    """Let a chain's numbers go on in another sub-series."""
    tx.execute("UPDATE chain SET sub_series = ? WHERE chain = ?", (sub_series, chain))


def find_current_chain(queries: Queries, mode: ChainMode) -> ChainRow | None:
    """Return the chain of a mode that is being written, or None before the first."""
    row = queries.fetch_one(f"SELECT {_CHAIN} FROM chain WHERE current = 1 AND mode = ?", (mode.value,))
    return None if row is None else _chain(row)


def list_current_chains(queries: Queries) -> list[ChainRow]:
    """Return the chains that are being written, one for each mode."""
    return [_chain(row) for row in queries.fetch_all(f"SELECT {_CHAIN} FROM chain WHERE current = 1")]


def is_chain(queries: Queries, chain: str) -> bool:
    """Return whether this ledger has a chain."""
    return queries.fetch_one("SELECT 1 FROM chain WHERE chain = ?", (chain,)) is not None


def add_lost_chain(tx: Transaction, chain: str, head: Head) -> None:
    """Note that this ledger goes on without what central holds of a chain."""
    tx.execute("INSERT OR REPLACE INTO lost_chain (chain, seq, hash) VALUES (?, ?, ?)", (chain, head.seq, head.hash))


def is_lost_chain(queries: Queries, chain: str) -> bool:
    """Return whether this ledger went on without a chain before."""
    return queries.fetch_one("SELECT 1 FROM lost_chain WHERE chain = ?", (chain,)) is not None


def list_chains(queries: Queries) -> list[ChainRow]:
    """Return all chains, oldest first."""
    return [_chain(row) for row in queries.fetch_all(f"SELECT {_CHAIN} FROM chain ORDER BY position")]


def list_written_chains(queries: Queries) -> list[str]:
    """Return the chains that have entries, whatever the table of chains says."""
    rows = queries.fetch_all(
        "WITH RECURSIVE written (chain) AS (SELECT min(chain) FROM entry UNION ALL"
        " SELECT (SELECT min(e.chain) FROM entry e WHERE e.chain > written.chain) FROM written WHERE chain IS NOT NULL)"
        " SELECT chain FROM written WHERE typeof(chain) = 'text'"
    )
    return [row[0] for row in rows]


def find_last_entry(queries: Queries, chain: str) -> LastEntry | None:
    """Return the newest entry of a chain."""
    row = queries.fetch_one(
        "SELECT seq, CAST(hash AS BLOB), kind, at, CAST(header AS BLOB) FROM entry WHERE chain = ?"
        " ORDER BY seq DESC LIMIT 1",
        (chain,),
    )
    if row is None:
        return None
    is_hash = row[1] is not None and len(row[1]) == len(NO_HASH)  # else what follows could not even name it
    return LastEntry(Head(row[0], row[1] if is_hash else entry_hash(row[4] or b"")), row[2], row[3], row[4] or b"")


def find_hash(queries: Queries, chain: str, seq: int) -> bytes | None:
    """Return the hash of one entry."""
    row = queries.fetch_one("SELECT CAST(hash AS BLOB) FROM entry WHERE chain = ? AND seq = ?", (chain, seq))
    return None if row is None or row[0] is None else bytes(row[0])


def find_entry(queries: Queries, chain: str, seq: int) -> Entry | None:
    """Return one entry."""
    row = queries.fetch_one(f"SELECT {_ENTRY_AS_BYTES} FROM entry WHERE chain = ? AND seq = ?", (chain, seq))
    return None if row is None else Entry(*row)


def iterate_bodies(
    queries: Queries, chain: str, first_seq: int, session: str, kinds: tuple[str, ...]
) -> Iterator[tuple[int, str, bytes]]:
    """Return sequence, kind and body of a session's entries from ``first_seq`` on, in order."""
    marks = ", ".join("?" * len(kinds))
    rows = queries.iterate(
        "SELECT seq, kind, CAST(body AS BLOB) FROM entry WHERE chain = ? AND seq >= ? AND till_session = ?"
        f" AND kind IN ({marks}) ORDER BY seq",
        (chain, first_seq, session, *kinds),
    )
    return ((row[0], row[1], row[2]) for row in rows)


def iterate_entries(queries: Queries, chain: str, after: int = 0) -> Iterator[Entry]:
    """Return a chain's entries in order of seq, whatever types a forger left in the columns."""
    rows = queries.iterate(
        f"SELECT {_ENTRY_AS_BYTES} FROM entry WHERE chain = ? AND seq > ? ORDER BY seq", (chain, after)
    )
    return (Entry(*row) for row in rows)


def iterate_kinds(queries: Queries, chain: str, kinds: tuple[str, ...]) -> Iterator[tuple[int, str, bytes]]:
    """Return sequence, kind and body of a chain's entries of some kinds, in order."""
    marks = ", ".join("?" * len(kinds))
    rows = queries.iterate(
        f"SELECT seq, kind, body FROM entry WHERE chain = ? AND kind IN ({marks}) ORDER BY seq", (chain, *kinds)
    )
    return ((row[0], row[1], row[2]) for row in rows)


def iterate_rows(queries: Queries, chain: str, after: int = 0) -> Iterator[LedgerRow]:
    """Return a chain's entries with the columns that are derived from their headers, whatever a forger left there."""
    return read_rows(queries, "chain = ? AND seq > ? ORDER BY seq", (chain, after))


def read_rows(queries: Queries, which: str, parameters: tuple[object, ...]) -> Iterator[LedgerRow]:
    """Return entries with the columns beside them; ``which`` is what follows WHERE, a constant of a module here."""
    rows = queries.iterate(
        f"SELECT {_ENTRY_AS_BYTES}, id, kind, at, business_day, till_session FROM entry WHERE {which}", parameters
    )
    return (LedgerRow(Entry(*row[:6]), *row[6:]) for row in rows)


def find_row(queries: Queries, chain: str, seq: int) -> LedgerRow | None:
    """Return one entry with the columns beside it."""
    row = next(iterate_rows(queries, chain, seq - 1), None)
    return row if row is not None and row.entry.seq == seq else None


def find_newest(queries: Queries, chain: str, kinds: tuple[str, ...]) -> LedgerRow | None:
    """Return a chain's newest entry of some kinds."""
    marks = ", ".join("?" * len(kinds))
    row = queries.fetch_one(
        f"SELECT {_ENTRY_AS_BYTES}, id, kind, at, business_day, till_session FROM entry"
        f" WHERE chain = ? AND kind IN ({marks}) ORDER BY seq DESC LIMIT 1",
        (chain, *kinds),
    )
    return None if row is None else LedgerRow(Entry(*row[:6]), *row[6:])


def find_of_session(queries: Queries, chain: str, session: str, kind: str) -> LedgerRow | None:
    """Return the newest entry of a kind that a session has in a chain."""
    row = queries.fetch_one(
        f"SELECT {_ENTRY_AS_BYTES}, id, kind, at, business_day, till_session FROM entry"
        " WHERE chain = ? AND kind = ? AND till_session = ? ORDER BY seq DESC LIMIT 1",
        (chain, kind, session),
    )
    return None if row is None else LedgerRow(Entry(*row[:6]), *row[6:])


def chains_since(queries: Queries, chain: str) -> list[str]:
    """Return this chain and those opened after it."""
    rows = queries.fetch_all(
        "SELECT chain FROM chain WHERE position >= (SELECT position FROM chain WHERE chain = ?) ORDER BY position",
        (chain,),
    )
    return [row[0] for row in rows]


def set_push_cursor(tx: Transaction, chain: str, acknowledged_seq: int) -> None:
    """Note how far central holds a chain; it may go back, when central was restored."""
    tx.execute(
        "INSERT INTO push_cursor (chain, acknowledged_seq) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET acknowledged_seq = excluded.acknowledged_seq",
        (chain, acknowledged_seq),
    )


def set_pull_cursor(tx: Transaction, feed: str, cursor: str, understood: str) -> None:
    """Note how far a feed was applied and what of it was understood, in the transaction that applies it."""
    tx.execute(
        "INSERT INTO pull_cursor (feed, cursor, understood) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET cursor = excluded.cursor, understood = excluded.understood",
        (feed, cursor, understood),
    )


def find_pull_cursor(queries: Queries, feed: str) -> tuple[str, str] | None:
    """Return how far a feed was applied, and what of it was understood."""
    row = queries.fetch_one("SELECT cursor, understood FROM pull_cursor WHERE feed = ?", (feed,))
    return None if row is None else (str(row[0]), str(row[1]))


async def read_pull_cursor(readers: Readers, feed: str) -> tuple[str, str] | None:
    """Return how far a feed was applied, and what of it was understood."""
    row = await readers.fetch_one("SELECT cursor, understood FROM pull_cursor WHERE feed = ?", (feed,))
    return None if row is None else (str(row[0]), str(row[1]))


async def read_push_cursors(readers: Readers, till: str) -> dict[str, int]:
    """Return per chain of a till, oldest first, how far central holds it (0 when nothing was acknowledged)."""
    rows = await readers.fetch_all(
        "SELECT c.chain, coalesce(p.acknowledged_seq, 0) FROM chain c LEFT JOIN push_cursor p USING (chain)"
        " WHERE c.till = ? ORDER BY c.position",
        (till,),
    )
    return {row[0]: row[1] for row in rows}


async def read_unsent(
    readers: Readers, chain: str, after: int, limit: int, max_bytes: int = MAX_READ_BYTES
) -> list[Entry]:
    """Return the entries of a chain behind ``after``, in order: at most so many, and bytes, but at least one."""
    rows = await readers.fetch_all(
        f"SELECT {_ENTRY_AS_BYTES} FROM entry WHERE chain = ?1 AND seq > ?2 AND seq <= (SELECT max(seq) FROM ("
        "SELECT seq, sum(length(header) + length(body) + coalesce(length(personal), 0)) OVER (ORDER BY seq) AS size"
        " FROM entry WHERE chain = ?1 AND seq > ?2 AND seq <= ?2 + ?3) WHERE size <= ?4 OR seq = ?2 + 1) ORDER BY seq",
        (chain, after, limit, max_bytes),
    )
    return [Entry(*row) for row in rows]


async def read_hash(readers: Readers, chain: str, seq: int) -> bytes | None:
    """Return the hash of one entry, to compare with the head that central tells."""
    row = await readers.fetch_one("SELECT CAST(hash AS BLOB) FROM entry WHERE chain = ? AND seq = ?", (chain, seq))
    return None if row is None or row[0] is None else bytes(row[0])


async def read_next_seq(readers: Readers, chain: str, after: int) -> int | None:
    """Return the sequence of the first entry behind ``after`` that is there."""
    row = await readers.fetch_one("SELECT min(seq) FROM entry WHERE chain = ? AND seq > ?", (chain, after))
    return row[0] if row else None


async def read_last_seq(readers: Readers, chain: str) -> int:
    """Return the last sequence of a chain, 0 where there is none."""
    row = await readers.fetch_one("SELECT max(seq) FROM entry WHERE chain = ?", (chain,))
    return int(row[0]) if row and row[0] else 0


_UNSENT = (
    "SELECT coalesce(sum(max(coalesce((SELECT max(seq) FROM entry e WHERE e.chain = c.chain), 0)"
    " - coalesce((SELECT acknowledged_seq FROM push_cursor p WHERE p.chain = c.chain), 0), 0)), 0) FROM chain c"
    " WHERE c.till = ? AND c.chain NOT IN (SELECT value FROM json_each(?))"
)


def count_unsent(queries: Queries, till: str) -> int:
    """Return how many entries of a till central has not acknowledged."""
    row = queries.fetch_one(_UNSENT, (till, "[]"))
    return int(row[0]) if row else 0


async def unsent_count(readers: Readers, till: str, *, without: Collection[str] = ()) -> int:
    """Return how many entries of a till central has not acknowledged, over all chains but those left out."""
    row = await readers.fetch_one(_UNSENT, (till, json.dumps(list(without))))
    return int(row[0]) if row else 0


async def oldest_unsent_at(readers: Readers, till: str) -> str | None:
    """Return since when something of a till waits to be sent (UTC text), or None."""
    row = await readers.fetch_one(
        "SELECT min(e.at) FROM chain c JOIN entry e ON e.chain = c.chain AND e.seq = 1 +"
        " coalesce((SELECT acknowledged_seq FROM push_cursor p WHERE p.chain = c.chain), 0) WHERE c.till = ?",
        (till,),
    )
    return None if row is None or row[0] is None else str(row[0])


def find_meta(queries: Queries, key: str) -> str | None:
    """Return a single kept value."""
    row = queries.fetch_one("SELECT value FROM meta WHERE key = ?", (key,))
    return None if row is None else str(row[0])


def set_meta(tx: Transaction, key: str, value: str | None) -> None:
    """Keep a single value; None forgets it."""
    if value is None:
        tx.execute("DELETE FROM meta WHERE key = ?", (key,))
    else:
        tx.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value)
        )


def _chain(row: Row) -> ChainRow:
    return ChainRow(row[0], row[1], ChainMode(row[2]), row[3], row[4], row[5], row[6])


def list_tables(queries: Queries) -> list[str]:
    """Return the tables but that of the entries, which are walked."""
    rows = queries.fetch_all("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'entry' ORDER BY name")
    return [row[0] for row in rows]


def check_table(queries: Queries, table: str) -> str | None:
    """Return what is wrong in the pages of a table (of ``list_tables``) and its indexes, None when nothing is."""
    row = queries.fetch_one(f'PRAGMA quick_check("{table}")')
    return None if row is None or row[0] == "ok" else str(row[0])[:200]
