"""Files that simulated devices keep: on disk before they answer, like paper that is out."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Put a whole file in place, so that after a power cut it is there complete or not at all."""
    part = path.with_name(f"{path.name}.part")
    _write_through(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, content)
    part.replace(path)
    _sync_directory(path.parent)


def append_durably(path: Path, content: bytes) -> None:
    """Add to the end of a file, on disk when this returns."""
    _write_through(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, content)


def _write_through(path: Path, flags: int, content: bytes) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o640)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
