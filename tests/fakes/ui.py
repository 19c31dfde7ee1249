"""What the till's server is given in tests: every part in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.devices.protocols import Availability, DeviceState
from terminal.ui.ports import NetworkStatus, StoredReceipt, Typing, UiServices
from tests.fakes.shop import NOW, FakeItem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.fakes.register import FakeRegister

READY = (
    DeviceState("scanner", "scanner", Availability.READY),
    DeviceState("printer", "receipt_printer", Availability.READY),
)


@dataclass
class FakeReceipts:
    """Reads the receipts that a fake register made."""

    register: FakeRegister

    async def find_last(self) -> StoredReceipt | None:
        """Return the newest one."""
        return StoredReceipt(self.register.receipts[-1], NOW) if self.register.receipts else None

    async def find(self, document: str) -> StoredReceipt | None:
        """Return the one with this id."""
        bodies = (body for body in self.register.receipts if body.document.id == document)
        return next((StoredReceipt(body, NOW) for body in bodies), None)


@dataclass
class FakePaper:
    """Paper as a dictionary."""

    jobs: dict[int, bytes] = field(default_factory=dict)

    def job_numbers(self) -> list[int]:
        """Return the numbers in order."""
        return sorted(self.jobs)

    def read_job(self, number: int) -> bytes | None:
        """Return one job."""
        return self.jobs.get(number)


def draw_plainly(job: bytes, texts: Mapping[str, str]) -> str:
    """Draw paper as its letters and the word for its cut."""
    return f'<div class="paper">{job.decode()} {texts["cut"]}</div>'


@dataclass
class FakeSurroundings:
    """Devices, network and clock that a test can change."""

    devices: tuple[DeviceState, ...] = READY
    network: NetworkStatus = field(default_factory=lambda: NetworkStatus("online"))
    now: datetime = NOW
    typing: Typing = field(default_factory=Typing)


def ui_services(
    register: FakeRegister,
    hosts: frozenset[str],
    around: FakeSurroundings | None = None,
    paper: FakePaper | None = None,
) -> UiServices:
    """Return services whose every part is a fake."""
    surroundings = around or FakeSurroundings()

    async def search(words: str, language: str, limit: int) -> list[FakeItem]:
        return register.search(words, language, limit)

    return UiServices(
        register=register,
        search=search,
        receipts=FakeReceipts(register),
        devices=lambda: surroundings.devices,
        network=lambda: surroundings.network,
        now=lambda: surroundings.now,
        hosts=hosts,
        version="0.1.0",
        paper=paper,
        draw_paper=draw_plainly if paper is not None else None,
        typing=surroundings.typing,
    )
