"""Migrations run once, in order, all or none."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from commerce.errors import RuleError
from terminal.db.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def _folder(path: Path, **scripts: str) -> Path:
    for name, script in scripts.items():
        (path / f"{name[1:]}.sql").write_text(script)
    return path


def test_missing_migrations_run_in_order(connection: sqlite3.Connection, tmp_path: Path) -> None:
    folder = _folder(
        tmp_path, _0001_a="CREATE TABLE a (x);", _0002_b="ALTER TABLE a ADD COLUMN y;\nCREATE TABLE b (x);"
    )

    migrate(connection, folder)
    migrate(connection, folder)

    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT x, y FROM a").fetchall() == []


def test_a_failing_migration_leaves_the_old_schema(connection: sqlite3.Connection, tmp_path: Path) -> None:
    migrate(connection, _folder(tmp_path, _0001_a="CREATE TABLE a (x);"))
    _folder(tmp_path, _0002_b="CREATE TABLE b (x);\nCREATE TABLE a (x);")

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path)

    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_a_newer_schema_is_refused(connection: sqlite3.Connection, tmp_path: Path) -> None:
    connection.execute("PRAGMA user_version = 2")

    with pytest.raises(RuleError):
        migrate(connection, _folder(tmp_path, _0001_a="CREATE TABLE a (x);"))
