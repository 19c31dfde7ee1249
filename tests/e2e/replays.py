"""Runs the replay as people run it, and looks at what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.db.connection import open_reader
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

INVOICE_COLUMNS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
BASKET_COLUMNS = "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,transaction_timestamp"


@dataclass(frozen=True)
class Replay:
    """A replay that has ended, and the folder in which it left central and tills."""

    status: int
    result: dict[str, Any]
    complaint: str
    folder: Path

    @property
    def tills(self) -> list[str]:
        """The tills' codes."""
        return sorted(path.stem.removeprefix("till-") for path in self.folder.glob("till-*.toml"))

    def verify(self, till: str) -> subprocess.CompletedProcess[str]:
        """Walk a till's chain, against central's word on its end."""
        folder = self.folder / f"till-{till}"
        return run("terminal", "verify", str(folder / "ledger.db"), "--head", str(folder / "head.json"))

    def bodies(self, till: str, kind: str) -> list[dict[str, Any]]:
        """Return what a till wrote of one kind, in order."""
        query = "SELECT body FROM entry WHERE kind = ? ORDER BY seq"
        with closing(open_reader(self.folder / f"till-{till}" / "ledger.db")) as ledger:
            return [json.loads(row[0]) for row in ledger.fetch_all(query, (kind,))]


def replay(file: Path, folder: Path, *options: str, timeout_s: float = 170) -> Replay:
    """Replay a file; everything is kept in ``folder``."""
    done = run("bench.replay", str(file), "--keep", str(folder), *options, timeout_s=timeout_s)
    result = json.loads(done.stdout) if done.stdout else {}
    return Replay(done.returncode, result, done.stderr, folder)


def run(module: str, *arguments: str, timeout_s: float = 170) -> subprocess.CompletedProcess[str]:
    """Run one of the project's programs to its end."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=timeout_s, check=False)
