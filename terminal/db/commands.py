"""Commands that were carried out, with their results, so that a resend changes nothing."""

import sqlite3
from typing import Any

import orjson

from terminal.db.connection import Queries, Transaction

_INSERT = "INSERT INTO command (command_id, digest, result, at) VALUES (?, ?, ?, ?)"


class CommandRepeatedError(Exception):
    """The command id is taken: the transaction must not go on."""


def add_command(tx: Transaction, command_id: str, digest: bytes, result: dict[str, Any], at: str) -> None:
    """Keep a result; CommandRepeatedError when the id was used before."""
    try:
        tx.execute(_INSERT, (command_id, digest, orjson.dumps(result), at))
    except sqlite3.IntegrityError as error:
        raise CommandRepeatedError(command_id) from error


def find_command(queries: Queries, command_id: str) -> tuple[bytes, dict[str, Any]] | None:
    """Return digest and result of a command that was carried out."""
    row = queries.fetch_one("SELECT digest, result FROM command WHERE command_id = ?", (command_id,))
    return None if row is None else (row[0], orjson.loads(row[1]))


def forget_commands(tx: Transaction, before: str) -> None:
    """Drop results that nobody will ask for again."""
    tx.execute("DELETE FROM command WHERE at < ?", (before,))
