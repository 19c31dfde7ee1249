"""The crash suite's own instrument: it loses what SQLite did not sync, and nothing else."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.crash.fsync_shadow import Shadow

if TYPE_CHECKING:
    from pathlib import Path

ACKNOWLEDGED = 20
WRITER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute(f"PRAGMA synchronous = {sys.argv[2]}")
connection.execute(f"PRAGMA wal_autocheckpoint = {sys.argv[4]}")
connection.execute("CREATE TABLE IF NOT EXISTS sale (number INTEGER PRIMARY KEY, body BLOB)")
for _ in range(int(sys.argv[3])):
    number = connection.execute("INSERT INTO sale (body) VALUES (randomblob(3000)) RETURNING number").fetchone()[0]
    print(number, flush=True)
sys.stdin.read()
"""
FILES = """
import os, sys
here = sys.argv[1]
def put(name, text, sync):
    fd = os.open(os.path.join(here, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(fd, text)
    os.fsync(fd) if sync else None
    os.close(fd)
def sync_names():
    fd = os.open(here, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
{steps}
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shadow(tmp_path: Path) -> Shadow:
    shadow = Shadow(tmp_path / "disk", tmp_path / "image")
    shadow.begin()
    return shadow


def kill_after(program: str, arguments: tuple[str, ...], lines: int, shadow: Shadow | None) -> None:
    """Start a program, kill it when it has said so many lines."""
    environment = {**os.environ, **(shadow.environment() if shadow else {})}
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout
        heard = [process.stdout.readline() for _ in range(lines)]
        process.kill()
    assert all(heard)


def write_rows(disk: Path, synchronous: str, shadow: Shadow | None, checkpoint: int = 1000) -> None:
    arguments = (str(disk / "sales.db"), synchronous, str(ACKNOWLEDGED), str(checkpoint))
    kill_after(WRITER, arguments, ACKNOWLEDGED, shadow)


def rows(disk: Path) -> int:
    connection = sqlite3.connect(disk / "sales.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sale'").fetchone():
            return 0
        return int(connection.execute("SELECT count(*) FROM sale").fetchone()[0])
    finally:
        connection.close()


def test_full_loses_nothing_that_was_acknowledged(shadow: Shadow, tmp_path: Path) -> None:
    write_rows(tmp_path / "disk", "FULL", shadow)

    shadow.cut_power()

    assert rows(tmp_path / "disk") == ACKNOWLEDGED


def test_full_loses_nothing_over_several_power_cuts_and_checkpoints(shadow: Shadow, tmp_path: Path) -> None:
    for time in range(1, 4):
        write_rows(tmp_path / "disk", "FULL", shadow, checkpoint=7)
        shadow.cut_power()
        assert rows(tmp_path / "disk") == ACKNOWLEDGED * time
        shadow.begin()


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_less_than_full_loses_acknowledged_rows(shadow: Shadow, tmp_path: Path, synchronous: str) -> None:
    write_rows(tmp_path / "disk", synchronous, shadow)

    shadow.cut_power()

    assert rows(tmp_path / "disk") < ACKNOWLEDGED


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL", "OFF"])
def test_a_kill_alone_loses_nothing_and_so_proves_nothing(tmp_path: Path, synchronous: str) -> None:
    (tmp_path / "disk").mkdir()

    write_rows(tmp_path / "disk", synchronous, None)

    assert rows(tmp_path / "disk") == ACKNOWLEDGED


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ("put('key', b'secret', True)", {"key": b"secret"}),
        ("put('key', b'secret', False)", {}),
        ("put('key', b'secret', False); sync_names()", {"key": b""}),
        ("put('key', b'old', True); put('key', b'newer', False)", {"key": b"old"}),
        ("put('key', b'older', True); put('key', b'new', True)", {"key": b"new"}),
        (
            "put('key', b'old', True); put('new', b'new', True); os.rename(here + '/new', here + '/key')",
            {"key": b"old", "new": b"new"},
        ),
        (
            "put('key', b'old', True); put('new', b'new', True); os.rename(here + '/new', here + '/key'); sync_names()",
            {"key": b"new"},
        ),
        ("put('key', b'old', True); os.unlink(here + '/key')", {"key": b"old"}),
        ("put('key', b'old', True); os.unlink(here + '/key'); sync_names()", {}),
        ("put('key', b'old', True); os.unlink(here + '/key'); put('two', b'2', True)", {"key": b"old", "two": b"2"}),
        ("put('x-shm', b'memory', True); sync_names()", {}),
        ("put('key', b'longer', True); os.truncate(here + '/key', 2)", {"key": b"longer"}),
    ],
)
def test_names_and_contents_last_as_they_do_on_a_disk(
    shadow: Shadow, tmp_path: Path, steps: str, left: dict[str, bytes]
) -> None:
    kill_after(FILES.replace("{steps}", steps), (str(tmp_path / "disk"),), 1, shadow)

    shadow.cut_power()

    assert {path.name: path.read_bytes() for path in (tmp_path / "disk").iterdir()} == left
