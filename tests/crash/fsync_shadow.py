"""What a power cut leaves: the durable image of a directory, kept by a library preloaded into the process under test.

``SIGKILL`` alone proves nothing about durability, because the kernel keeps what a killed process wrote. Here everything
that was not fsynced is dropped: after the kill the directory is replaced by its image.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.prerequisites import missing
from tests.shared_data import PROJECT

SOURCE = Path(__file__).with_suffix(".c")
BUILD = PROJECT / "build" / "crash"


def library() -> Path:
    """Return the compiled library, made by gcc when there is none yet of this source; skips the test without gcc."""
    compiler = shutil.which("gcc") or missing("gcc", "install the package gcc")
    built = BUILD / f"fsync_shadow-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    if not built.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        fresh = built.with_suffix(f".{os.getpid()}.part")
        options = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra")
        subprocess.run([compiler, *options, "-o", fresh, SOURCE, "-ldl", "-lpthread"], check=True)
        fresh.replace(built)
    return built


class Shadow:
    """The durable image of one directory."""

    def __init__(self, watched: Path, image: Path) -> None:
        self._watched = watched
        self._image = image

    def environment(self) -> dict[str, str]:
        """Return what a process is started with to be watched; call ``begin`` before."""
        return {
            "LD_PRELOAD": str(library()),
            "FSYNC_SHADOW_WATCH": str(self._watched),
            "FSYNC_SHADOW_IMAGE": str(self._image),
        }

    def begin(self) -> None:
        """Take everything that is in the directory now as durable, as after a start of the machine."""
        shutil.rmtree(self._image, ignore_errors=True)
        self._watched.mkdir(parents=True, exist_ok=True)
        (self._image / "inodes").mkdir(parents=True)
        (self._image / "files").mkdir()
        for path in filter(_is_kept, self._watched.rglob("*")):
            content = self._image / "inodes" / str(path.stat().st_ino)
            name = self._image / "files" / path.relative_to(self._watched)
            name.parent.mkdir(parents=True, exist_ok=True)
            if not content.exists():
                shutil.copy2(path, content)
            name.hardlink_to(content)

    def cut_power(self) -> None:
        """Leave in the directory only what is durable; nobody may be writing to it any more."""
        shutil.rmtree(self._watched)
        shutil.copytree(self._image / "files", self._watched)
        self._watched.chmod(0o700)


def _is_kept(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.endswith("-shm")
