"""Where benchmarks keep their files, and how large they are."""

import shutil
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: in full, or quickly, which proves nothing but that it works."""

    root: Path
    quick: bool = False

    def of(self, full: int, quick: int) -> int:
        """Return the number that fits."""
        return quick if self.quick else full

    def folder(self, name: str) -> Path:
        """Return a folder on the disk of the project; a file system in memory would make every commit look cheap."""
        return self.root / name

    @property
    def items(self) -> int:
        """Return how many items the large catalogue has."""
        return self.of(1_000_000, 2_000)


def fresh_folder(folder: Path) -> Path:
    """Empty a folder, or make it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
