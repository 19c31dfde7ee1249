"""A strict import holds a company's items: from its check to its last row nobody else changes them.

Else somebody could take a code away in between, and half a file would stand published. Tills are not held up: they
write nothing of this. The hold ends by itself when the import dies.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from central.registry import queries
from central.registry.tables import import_hold
from commerce.errors import ConflictError

LEASE = timedelta(minutes=5)  # renewed with every thousand rows


def hold_items(conn: Connection, company: str, holder: str, now: datetime) -> None:
    """Take or renew the hold; ConflictError ``import.running`` while another import has it."""
    queries.lock_registry(conn, company)
    check_not_held(conn, company, holder, now)
    queries.put(conn, import_hold, {"company": company}, {"holder": holder, "until": now + LEASE})


def let_go(conn: Connection, company: str, holder: str) -> None:
    """End the hold, if it is still one's own."""
    conn.execute(delete(import_hold).where(import_hold.c.company == company, import_hold.c.holder == holder))


def check_not_held(conn: Connection, company: str, holder: str, now: datetime) -> None:
    """ConflictError ``import.running`` while somebody else holds the items."""
    row = conn.execute(select(import_hold).where(import_hold.c.company == company)).first()
    if row is not None and row.holder != holder and row.until > now:
        raise ConflictError("import.running")
