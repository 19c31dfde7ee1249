"""What is shown once: a secret that was just made, on its way from the form that made it to the page that shows it.

Kept sealed for some minutes under the session's own cookie, of which the database has a digest only: neither the
database nor its backups open it, and any process of central may be asked for it.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, delete, exists, select

from central.db.bulk import put_row
from central.identity.passwords import token_digest
from central.identity.tables import shown_once

KEPT = timedelta(minutes=10)
_NONCE_BYTES = 12


def keep(conn: Connection, cookie: str, place: str, secret: str, now: datetime) -> None:
    """Keep a secret for the page at ``place`` of one session, instead of one that it has not shown yet."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + ChaCha20Poly1305(_key(cookie)).encrypt(nonce, secret.encode(), place.encode())
    conn.execute(delete(shown_once).where(shown_once.c.expires_at <= now))
    values = {"session": token_digest(cookie), "place": place, "sealed": sealed, "expires_at": now + KEPT}
    put_row(conn, shown_once, values)  # two may come at once: a form that was sent twice


def is_kept(conn: Connection, cookie: str, place: str) -> bool:
    """Tell whether there is something to show."""
    table = shown_once.c
    return bool(conn.scalar(select(exists().where(table.session == token_digest(cookie), table.place == place))))


def take(conn: Connection, cookie: str, place: str, now: datetime) -> str:
    """Return what was kept for a page, "" for nothing; nobody gets it a second time."""
    table = shown_once.c
    mine = delete(shown_once).where(table.session == token_digest(cookie), table.place == place)
    row = conn.execute(mine.returning(table.sealed, table.expires_at)).first()
    if row is None or row.expires_at <= now:
        return ""
    try:
        opened = ChaCha20Poly1305(_key(cookie)).decrypt(
            row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:], place.encode()
        )
    except InvalidTag:
        return ""
    return opened.decode()


def _key(cookie: str) -> bytes:
    return hmac.digest(cookie.encode(), b"cassaforte.shown-once.v1", "sha256")
