"""The SQL behind the pages of tills: stored entries, chains, and what waits for a person."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, null, select

from central.db.keyset import Place, Waiting
from central.organisation.directory import tills
from central.tills.tables import ledger_entry, ledger_fork, set_aside, till_chain, till_credential

_SHOWN_BYTES = (
    256 * 1024
)  # of a body on a page, a sale of 400 lines; a hundred of 12 MB would be the end of the process


def find_entries(conn: Connection, till: str, chain: str, first: int, last: int) -> list[Row[Any]]:
    """Return the stored entries of a span, in order."""
    query = select(ledger_entry).where(
        ledger_entry.c.till == till, ledger_entry.c.chain == chain, ledger_entry.c.seq.between(first, last)
    )
    return list(conn.execute(query.order_by(ledger_entry.c.seq)))


def find_signatures(conn: Connection, till: str, chain: str, first: int, last: int) -> list[Row[Any]]:
    """Return what the entries of a span prove, in order: seq, header, hash and signature; bodies may be large."""
    entry = ledger_entry.c
    query = select(entry.seq, entry.header, entry.hash, entry.signature).where(
        entry.till == till, entry.chain == chain, entry.seq.between(first, last)
    )
    return list(conn.execute(query.order_by(entry.seq)))


def find_entry(conn: Connection, till: str, chain: str, seq: int) -> Row[Any] | None:
    """Return the entry that a chain holds at a place."""
    return next(iter(find_entries(conn, till, chain, seq, seq)), None)


def find_shown(conn: Connection, till: str, chain: str, seq: int) -> Row[Any] | None:
    """Return kind, ``at`` and body of the entry at a place; ``body`` as of ``list_set_aside``."""
    entry = ledger_entry.c
    columns: list[ColumnElement[Any]] = [entry.kind, entry.at, _shown(entry.body).label("body")]
    query = select(*columns)
    return next(iter(conn.execute(query.where(entry.till == till, entry.chain == chain, entry.seq == seq))), None)


def find_fork(conn: Connection, till: str, chain: str, seq: int, digest: bytes) -> Row[Any] | None:
    """Return an entry that is kept beside the chain's own."""
    fork = ledger_fork.c
    query = select(ledger_fork).where(fork.till == till, fork.chain == chain, fork.seq == seq, fork.hash == digest)
    return conn.execute(query).first()


def find_chain(conn: Connection, till: str, chain: str) -> Row[Any] | None:
    """Return a chain's head, and whose company's its till is."""
    query = select(till_chain, tills.c.company).join(tills, tills.c.id == till_chain.c.till)
    return conn.execute(query.where(till_chain.c.till == till, till_chain.c.chain == chain)).first()


def list_chains(conn: Connection, till: str) -> list[Row[Any]]:
    """Return a till's chains, newest first."""
    query = select(till_chain).where(till_chain.c.till == till).order_by(till_chain.c.opened_at.desc())
    return list(conn.execute(query))


def list_credentials(conn: Connection, till: str) -> list[Row[Any]]:
    """Return a till's enrolments, newest first; never their tokens."""
    columns = (till_credential.c.app_version, till_credential.c.created_at, till_credential.c.revoked_at,
               till_credential.c.revoked_why)  # fmt: skip
    query = select(*columns).where(till_credential.c.till == till).order_by(till_credential.c.created_at.desc())
    return list(conn.execute(query))


SET_ASIDE = Waiting(
    set_aside.c.state,
    (("open",), ("projected", "dismissed")),
    (set_aside.c.created_at, set_aside.c.chain, set_aside.c.seq),
)
FORKS = Waiting(
    ledger_fork.c.state,
    (("open",), ("accepted", "dismissed")),
    (ledger_fork.c.received_at, ledger_fork.c.chain, ledger_fork.c.seq, ledger_fork.c.hash),
)


def list_set_aside(conn: Connection, till: str, after: Place | None = None, limit: int = 100) -> list[Row[Any]]:
    """Return a page of entries set aside, those that wait first; ``body`` is None where it is too large to be shown."""
    query = (
        select(set_aside, ledger_entry.c.kind, ledger_entry.c.at, _shown(ledger_entry.c.body).label("body"))
        .outerjoin(
            ledger_entry,
            (ledger_entry.c.till == set_aside.c.till)
            & (ledger_entry.c.chain == set_aside.c.chain)
            & (ledger_entry.c.seq == set_aside.c.seq),
        )
        .where(set_aside.c.till == till)
    )
    return SET_ASIDE.page(conn, query, after, limit)


def list_forks(conn: Connection, till: str, after: Place | None = None, limit: int = 100) -> list[Row[Any]]:
    """Return a page of forked entries beside the chain's own, those that wait first; bodies as ``list_set_aside``."""
    fork, entry = ledger_fork.c, ledger_entry.c
    query = (
        select(
            fork.till,
            fork.chain,
            fork.seq,
            fork.hash,
            fork.kind,
            fork.received_at,
            fork.problem,
            fork.state,
            fork.resolved_at,
            fork.resolved_by,
            fork.note,
            _shown(fork.body).label("body"),
            entry.hash.label("own_hash"),
            entry.kind.label("own_kind"),
            entry.at.label("own_at"),
            _shown(entry.body).label("own_body"),
        )
        .outerjoin(
            ledger_entry,
            (ledger_entry.c.till == ledger_fork.c.till)
            & (ledger_entry.c.chain == ledger_fork.c.chain)
            & (ledger_entry.c.seq == ledger_fork.c.seq),
        )
        .where(ledger_fork.c.till == till)
    )
    return FORKS.page(conn, query, after, limit)


def _shown(body: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((func.length(body) <= _SHOWN_BYTES, body), else_=null())
