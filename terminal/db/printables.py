# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Entries as printing and pages read them back: by document or by session, off the writer's thread."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from commerce.bodies.effect import FiscalReference
from commerce.bodies.form import Body, read
from commerce.bodies.header import Header
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import OperatorSignedOn, SessionClosed
from commerce.kinds import ChainMode
from terminal.db.connection import Readers, Row
from terminal.db.effects import EFFECT_COLUMNS, EffectRow, read_effect

_SIGNED_ON = "operator_signed_on"
_ENTRY = "e.chain, e.seq, e.hash, e.at, e.header, e.body, (SELECT mode FROM chain c WHERE c.chain = e.chain)"
B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True)
class StoredEntry(Generic[B]):
    """One entry with its body read, and what its chain is for."""

    chain: str
    seq: int
    hash: bytes
    at: str
    operator: str | None  # id
    mode: ChainMode
    body: B


async def find_document_entry(readers: Readers, document: str) -> StoredEntry[SaleCompleted] | None:
    """Return the entry that issued a document."""
    return _stored(
        SaleCompleted,
        await readers.fetch_one(
            f"SELECT {_ENTRY} FROM document d JOIN entry e ON e.chain = d.chain AND e.seq = d.seq WHERE d.id = ?",
            (document,),
        ),
    )


async def find_last_document_entry(readers: Readers) -> StoredEntry[SaleCompleted] | None:
    """Return the entry that issued the newest document."""
    return _stored(
        SaleCompleted,
        await readers.fetch_one(
            f"SELECT {_ENTRY} FROM document d JOIN entry e ON e.chain = d.chain AND e.seq = d.seq"
            " ORDER BY d.rowid DESC LIMIT 1"
        ),
    )


async def find_z_entry(readers: Readers, session: str) -> StoredEntry[SessionClosed] | None:
    """Return the entry that closed a session."""
    return _stored(
        SessionClosed,
        await readers.fetch_one(
            f"SELECT {_ENTRY} FROM session s JOIN entry e ON e.chain = s.closed_chain AND e.seq = s.closed_seq"
            " WHERE s.id = ?",
            (session,),
        ),
    )


async def find_operator_name(readers: Readers, chain: str, seq: int) -> str:
    """Return what the operator of an entry was called when signing on: a reprint does not follow a later name."""
    row = await readers.fetch_one(
        "SELECT body FROM entry WHERE rowid = coalesce("
        "(SELECT rowid FROM entry WHERE chain = ?1 AND seq < ?2 AND kind = ?3 ORDER BY seq DESC LIMIT 1),"
        "(SELECT o.rowid FROM chain p JOIN entry o USING (chain) WHERE o.kind = ?3"
        " AND p.position < (SELECT position FROM chain WHERE chain = ?1)"
        " ORDER BY p.position DESC, o.seq DESC LIMIT 1))",
        (chain, seq, _SIGNED_ON),
    )
    return read(OperatorSignedOn, row[0]).name if row else ""


async def find_fiscal_reference(readers: Readers, document: str) -> FiscalReference | None:
    """Return the fiscal register's number of a document, None where there is none (yet)."""
    row = await readers.fetch_one(
        "SELECT reference FROM effect WHERE of = ? AND kind = 'fiscal' AND state = 'done'"
        " ORDER BY position DESC LIMIT 1",
        (document,),
    )
    return read(FiscalReference, row[0]) if row and row[0] else None


async def has_open_fiscal_effect(readers: Readers, document: str) -> bool:
    """Return whether the fiscal register is still to print the document."""
    row = await readers.fetch_one(
        "SELECT 1 FROM effect WHERE of = ? AND kind = 'fiscal' AND state IN ('intended', 'started')", (document,)
    )
    return row is not None


async def list_open_effects(readers: Readers, kind: str) -> list[EffectRow]:
    """Return the effects of one kind that still need doing or somebody's look, oldest first."""
    rows = await readers.fetch_all(
        f"SELECT {EFFECT_COLUMNS} FROM effect WHERE open = 1 AND kind = ? ORDER BY position", (kind,)
    )
    return [read_effect(row) for row in rows]


def _stored(kind: type[B], row: Row | None) -> StoredEntry[B] | None:
    if row is None:
        return None
    operator = read(Header, row[4]).operator
    return StoredEntry(row[0], row[1], bytes(row[2]), row[3], operator, ChainMode(row[6]), read(kind, row[5]))
