"""Orders that a test leaves in files for the till under test, which reads them at the named steps of a sale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KILL, CLOCK, FISCAL, PAGES = "kill", "clock", "fiscal", "max_page_count"


@dataclass(frozen=True)
class Orders:
    """The folder they are in."""

    folder: Path

    def give(self, kind: str, order: str) -> None:
        """Leave an order, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{kind}.new"
        fresh.write_text(order)
        fresh.replace(self.folder / kind)

    def take_back(self, kind: str) -> None:
        """Withdraw an order."""
        (self.folder / kind).unlink(missing_ok=True)

    def read(self, kind: str) -> str | None:
        """Return an order, None when there is none."""
        try:
            with (self.folder / kind).open() as order:
                return order.read()
        except FileNotFoundError:
            return None

    def take(self, kind: str) -> str | None:
        """Return an order and withdraw it: it is carried out once."""
        order = self.read(kind)
        if order is not None:
            (self.folder / kind).unlink()
        return order
