"""SQL of chains and raw entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from central.db.bulk import execute_plain, insert_rows
from central.tills.tables import (
    ledger_entry,
    ledger_fork,
    projection_cursor,
    set_aside,
    till_chain,
    till_chain_key,
    till_credential,
)
from central.tills.values import Arrived, KnownTill
from commerce.dates import utc_text
from commerce.ledger import Head

_ENTRY_COLUMNS = (
    "till", "chain", "seq", "hash", "id", "kind", "at", "received_at", "header", "body", "signature", "personal"
)  # fmt: skip
_FEW = 8
_REBUILD_LOCK = 7203115
_SET_ASIDE_COLUMNS = ("till", "chain", "seq", "reason", "created_at", "state", "next_key")


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A chain's head; ``revoked`` tells whether the sender's token is."""

    seq: int
    hash: bytes
    public_key: bytes
    revoked: bool


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of a chain, and the sequence from which on it signs."""

    seq: int
    public_key: bytes


# On the way of every acknowledgement: made once, and not by SQLAlchemy each time.
_LOCK = (
    "SELECT c.seq, c.hash, c.public_key, k.revoked_at FROM till_chain c JOIN till_credential k ON k.till = c.till"
    " WHERE c.till = ? AND c.chain = ? AND k.token_hash = ?"
)


def lock(connection: Connection, till: KnownTill, chain: str) -> ChainRow | None:
    """Return the chain's head and keep others from changing it until the transaction ends."""
    held = " FOR UPDATE OF c" if connection.dialect.name == "postgresql" else ""
    row = execute_plain(connection, _LOCK + held, (till.till, chain, till.token_hash)).first()
    return None if row is None else ChainRow(row.seq, row.hash, row.public_key, row.revoked_at is not None)


def open_chain(
    connection: Connection, till: KnownTill, chain: str, mode: str, public_key: bytes, at: datetime
) -> ChainRow:
    """Add an empty chain and return its locked head, whoever added it."""
    opened = (till.till, chain, 0, bytes(32), mode, public_key, utc_text(at))
    _insert_new(connection, "till_chain", ("till", "chain", "seq", "hash", "mode", "public_key", "opened_at"), opened)
    columns = ("till", "chain", "projected_seq", "announced_seq", "revision")
    _insert_new(connection, "projection_cursor", columns, (till.till, chain, 0, 0, 0))
    _add_key(connection, till.till, chain, SigningKey(1, public_key))
    row = lock(connection, till, chain)
    assert row is not None  # noqa: S101 - it was just added
    return row


def enrolled_keys(connection: Connection, till: str) -> list[bytes]:
    """Return every key the till was enrolled with, the newest first."""
    query = select(till_credential.c.public_key).where(till_credential.c.till == till)
    return list(connection.execute(query.order_by(till_credential.c.created_at.desc())).scalars())


def keep(connection: Connection, till: str, chain: str, entries: Sequence[Arrived], head: Head, at: datetime) -> None:
    """Store new raw entries and move the head; on PostgreSQL a few of them in one round trip."""
    rows = _entry_rows(till, chain, entries, at)
    if connection.dialect.name == "postgresql" and len(rows) <= _FEW:
        values = (head.seq, head.hash, till, chain, *(value for row in rows for value in row))
        execute_plain(connection, _keep_statement(len(rows)), values)
        return
    insert_rows(connection, ledger_entry, _ENTRY_COLUMNS, rows)
    connection.execute(_ADVANCE, {"till_": till, "chain_": chain, "seq": head.seq, "hash": head.hash})


@lru_cache(maxsize=_FEW)
def _keep_statement(count: int) -> str:
    row = f"({', '.join('?' * len(_ENTRY_COLUMNS))})"
    values = ", ".join([row] * count)
    return (
        "WITH moved AS (UPDATE till_chain SET seq = ?, hash = ? WHERE till = ? AND chain = ?)"  # noqa: S608 - our names
        f" INSERT INTO ledger_entry ({', '.join(_ENTRY_COLUMNS)}) VALUES {values}"
    )


def _entry_rows(till: str, chain: str, entries: Sequence[Arrived], at: datetime) -> list[tuple[object, ...]]:
    received = utc_text(at)
    return [
        (till, chain, one.entry.seq, one.hash, one.id, *_kind_and_time(one), received,
         one.entry.header, one.entry.body, one.entry.signature, one.entry.personal)
        for one in entries
    ]  # fmt: skip


def _kind_and_time(one: Arrived) -> tuple[str, str]:
    if one.header is None:
        return "", ""
    return str(one.header["kind"]).replace("\0", "")[:64], str(one.header["at"]).replace("\0", "")[:32]


def change_key(connection: Connection, till: str, chain: str, rotated: Sequence[tuple[int, bytes]]) -> None:
    """Note which keys sign from which sequence on; the last one is the chain's now."""
    where = (till_chain.c.till == till, till_chain.c.chain == chain)
    connection.execute(till_chain.update().where(*where).values(public_key=rotated[-1][1]))
    for seq, public_key in rotated:
        _add_key(connection, till, chain, SigningKey(seq, public_key))


def keys_of(connection: Connection, till: str, chain: str) -> list[SigningKey]:
    """Return every key that has signed for a chain, in order."""
    table = till_chain_key.c
    query = select(table.seq, table.public_key).where(table.till == till, table.chain == chain).order_by(table.seq)
    return [SigningKey(row.seq, row.public_key) for row in connection.execute(query)]


def key_at(keys: Sequence[SigningKey], seq: int) -> bytes:
    """Return the key that signs at a sequence, after every rotation before it."""
    return next(key.public_key for key in reversed(keys) if key.seq <= max(seq, 1))


_ADVANCE = (
    till_chain.update()
    .where(till_chain.c.till == bindparam("till_"), till_chain.c.chain == bindparam("chain_"))
    .values(seq=bindparam("seq"), hash=bindparam("hash"))
)


def insert_set_aside(
    connection: Connection,
    till: str,
    chain: str,
    problems: Mapping[int, str],
    at: datetime,
    next_keys: Mapping[int, bytes] = MappingProxyType({}),
) -> None:
    """Set stored entries aside for a person; one that was resolved before is open again.

    ``next_keys`` are those that sign what follows, for entries that go on from beside the chain.
    """
    table = set_aside.c
    again = (table.till == till) & (table.chain == chain) & table.seq.in_(list(problems))
    connection.execute(set_aside.delete().where(again))
    rows = [(till, chain, seq, reason, utc_text(at), "open", next_keys.get(seq)) for seq, reason in problems.items()]
    insert_rows(connection, set_aside, _SET_ASIDE_COLUMNS, rows)


def stored_hashes(connection: Connection, till: str, chain: str, span: tuple[int, int]) -> dict[int, bytes]:
    """Return seq → hash of the stored entries in a span, both ends included."""
    table = ledger_entry.c
    query = select(table.seq, table.hash).where(table.till == till, table.chain == chain, table.seq.between(*span))
    return {row.seq: row.hash for row in connection.execute(query)}


def hashes_at(connection: Connection, till: str, chain: str, seq: int) -> set[bytes]:
    """Return the hash of what is held at one place of a chain, and those of forks of it."""
    found: set[bytes] = set()
    for table in (ledger_entry.c, ledger_fork.c):
        query = select(table.hash).where(table.till == till, table.chain == chain, table.seq == seq)
        found.update(connection.execute(query).scalars())
    return found


def held_ids(connection: Connection, ids: Sequence[bytes]) -> set[bytes]:
    """Return those of the ids that stored entries have."""
    query = select(ledger_entry.c.id).where(ledger_entry.c.id.in_(ids))
    return set(connection.execute(query).scalars())


def fresh_forks(connection: Connection, till: str, chain: str, forks: Sequence[Arrived]) -> list[Arrived]:
    """Return those that are not kept yet, each once, in order."""
    table = ledger_fork.c
    seqs = [one.entry.seq for one in forks]
    query = select(table.seq, table.hash).where(table.till == till, table.chain == chain, table.seq.in_(seqs))
    kept = {(row.seq, row.hash) for row in connection.execute(query)}
    fresh = {(one.entry.seq, one.hash): one for one in forks if (one.entry.seq, one.hash) not in kept}
    return [fresh[key] for key in sorted(fresh)]


def insert_forks(
    connection: Connection,
    till: str,
    chain: str,
    forks: Sequence[tuple[Arrived, str | None, bytes | None]],
    at: datetime,
) -> None:
    """Keep other bytes beside stored ones, each with what is wrong with it and the key that signs what follows it."""
    rows = [
        (till, chain, one.entry.seq, one.hash, _kind_and_time(one)[0], utc_text(at), one.entry.header, one.entry.body,
         one.entry.signature, one.entry.personal, problem, next_key, "open")
        for one, problem, next_key in forks
    ]  # fmt: skip
    insert_rows(connection, ledger_fork, _FORK_COLUMNS, rows)


_FORK_COLUMNS = (
    "till", "chain", "seq", "hash", "kind", "received_at", "header", "body", "signature", "personal", "problem",
    "next_key", "state",
)  # fmt: skip


def heads_of(connection: Connection, till: str) -> list[tuple[str, Head]]:
    """Return every chain of a till with its head."""
    query = select(till_chain.c.chain, till_chain.c.seq, till_chain.c.hash).where(till_chain.c.till == till)
    rows = connection.execute(query.order_by(till_chain.c.opened_at, till_chain.c.chain))
    return [(row.chain, Head(row.seq, row.hash)) for row in rows]


def _add_key(connection: Connection, till: str, chain: str, key: SigningKey) -> None:
    columns = ("till", "chain", "seq", "public_key")
    _insert_new(connection, "till_chain_key", columns, (till, chain, key.seq, key.public_key))


def _insert_new(connection: Connection, table: str, columns: Sequence[str], values: tuple[object, ...]) -> None:
    """Insert a row unless it stands already."""
    marks = ", ".join("?" * len(columns))
    names = ", ".join(columns)
    execute_plain(connection, f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)  # noqa: S608


def lock_cursor(connection: Connection, till: str, chain: str) -> Row[Any]:
    """Return how far a chain is projected and keep the projector, and a rebuild, waiting until the transaction ends."""
    keep_rebuilds_out(connection)
    cursor = projection_cursor.c
    query = select(projection_cursor).where(cursor.till == till, cursor.chain == chain)
    return connection.execute(query.with_for_update()).one()


def invalidate_sets(connection: Connection, till: str, chain: str) -> None:
    """Have the projector read again what it has read of a chain and not stored yet."""
    cursor = projection_cursor.c
    change = projection_cursor.update().where(cursor.till == till, cursor.chain == chain)
    connection.execute(change.values(revision=cursor.revision + 1))


def keep_rebuilds_out(connection: Connection) -> None:
    """Whoever writes projections shares this; a rebuild drops what everybody wrote. SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_REBUILD_LOCK})")


def hold_all_projections(connection: Connection) -> None:
    """Wait for whoever writes projections, and keep everybody from it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_REBUILD_LOCK})")
