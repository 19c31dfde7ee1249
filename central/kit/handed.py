"""Files that were handed in: kept in pieces until they are imported or too old. Plain functions on a connection."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Row, Table, Text, delete, insert, select, update

from central.db.bulk import insert_rows
from central.db.metadata import JsonText, Key, Tick, Utc, metadata
from central.kit.kinds import Kind
from commerce.errors import NotFoundError

KEPT = timedelta(days=7)
PIECE = 1024 * 1024

record_file = Table(
    "record_file",
    metadata,
    Column("id", Key(), primary_key=True),
    Column("company", Key(), nullable=False),
    Column("kind", Key(), nullable=False),
    Column("name", Text, nullable=False),
    Column("header", JsonText(), nullable=False),  # its titles, each once
    Column("samples", JsonText(), nullable=False),  # its first rows
    Column("mapping", JsonText(), nullable=False),  # as it was given or is proposed
    Column("whole", Tick(), nullable=False),  # all of its pieces are there
    Column("at", Utc, nullable=False, index=True),
)

record_file_piece = Table(
    "record_file_piece",
    metadata,
    Column("file", Key(), primary_key=True),
    Column("piece", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)


def add_file(conn: Connection, values: dict[str, Any]) -> None:
    """Note a file whose pieces follow."""
    conn.execute(insert(record_file).values(**values, whole=False))


def add_piece(conn: Connection, file: str, number: int, content: bytes, *, last: bool) -> None:
    """Keep a piece; with the last one the file is whole."""
    insert_rows(conn, record_file_piece, ("file", "piece", "content"), [(file, number, content)])
    if last:
        conn.execute(update(record_file).where(record_file.c.id == file).values(whole=True))


def get_file(conn: Connection, kind: Kind, company: str, file: str) -> Row[Any]:
    """Return a file of a kind in a company; NotFoundError ``import.gone``."""
    mine = (record_file.c.id == file, record_file.c.company == company, record_file.c.kind == kind.name)
    row = conn.execute(select(record_file).where(*mine, record_file.c.whole == True)).first()  # noqa: E712 - SQL
    if row is None:
        raise NotFoundError("import.gone")
    return row


def read_piece(conn: Connection, file: str, number: int) -> bytes | None:
    """Return a piece; None behind the last."""
    mine = (record_file_piece.c.file == file, record_file_piece.c.piece == number)
    found = conn.execute(select(record_file_piece.c.content).where(*mine)).scalar()
    return None if found is None else bytes(found)


def trim_files(conn: Connection, now: datetime) -> int:
    """Forget what was handed in a week ago, some at a time; return how many there were."""
    old = list(conn.execute(select(record_file.c.id).where(record_file.c.at < now - KEPT).limit(20)).scalars())
    conn.execute(delete(record_file_piece).where(record_file_piece.c.file.in_(old)))
    conn.execute(delete(record_file).where(record_file.c.id.in_(old)))
    return len(old)
