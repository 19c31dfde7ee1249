"""Numbered migrations: each released one is never edited; all that are missing run in one transaction."""

import sqlite3
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from commerce.errors import RuleError
from terminal.db.connection import Queries

APPLICATION_ID = 0x43_46_4C_31  # "CFL1": tells a ledger from any other SQLite file


def migrate(connection: sqlite3.Connection, folder: Traversable | None = None) -> None:
    """Bring a ledger to the newest schema; RuleError ``ledger.newer`` when it is from a newer program."""
    steps = _steps(folder or resources.files("terminal.db") / "migrations")
    newest = max(number for number, _ in steps)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        raise RuleError("ledger.newer", found=version, known=newest)
    if version == newest:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, script in steps:
            if number > version:
                _run(connection, script)
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_ledger(connection: Queries) -> bool:
    """Tell a ledger from any other SQLite file."""
    row = connection.fetch_one("PRAGMA application_id")
    return row is not None and row[0] == APPLICATION_ID


def _steps(folder: Traversable) -> list[tuple[int, str]]:
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in files]


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in split_statements(script):
        connection.execute(statement)


def split_statements(script: str) -> Iterator[str]:
    """Cut a script into statements; ``executescript`` would commit before it starts."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
