"""Reads receipts off a printer's paper: what a customer may hold in the hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from terminal.devices.printer.paper_view import read_paper, to_text

if TYPE_CHECKING:
    from pathlib import Path

RESET = b"\x1b@"
NUMBER = re.compile(r"\b[A-Z0-9-]+/\d\d/\d{6}\b")
REPRINT_MARKS = ("*** REPRINT ***", "*** RISTAMPA ***")
COPY_MARKS = ("*** COPY ***", "*** COPIA ***")


@dataclass(frozen=True)
class Receipt:
    """One job on paper, whole or torn off."""

    number: str | None
    text: str

    @property
    def is_reprint(self) -> bool:
        """Whether it says that it may not be the only one."""
        return any(mark in self.text for mark in REPRINT_MARKS)

    @property
    def is_copy(self) -> bool:
        """Whether it says that there is another one."""
        return any(mark in self.text for mark in COPY_MARKS)


def read_receipts(log: Path) -> list[Receipt]:
    """Return every job on a printer's paper, in order."""
    jobs = log.read_bytes().split(RESET)[1:] if log.exists() else []
    return [receipt for receipt in map(_read_job, jobs) if receipt.text.strip()]


@lru_cache(maxsize=10_000)
def _read_job(job: bytes) -> Receipt:
    text = to_text(read_paper(RESET + job))
    number = NUMBER.search(text)
    return Receipt(number[0] if number else None, text)
