"""Everything the till's server needs from the rest, named one by one; the composition root fills it in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from commerce.bodies.sale import SaleCompleted
from terminal.devices.protocols import DeviceState
from terminal.services.commands import Command
from terminal.services.register import Listener
from terminal.services.results import Result
from terminal.services.state import RegisterState


class RegisterPort(Protocol):
    """The register as pages see it."""

    @property
    def listeners(self) -> list[Listener]:
        """Return the list of those who are called, on the loop, with every new state."""
        ...

    @property
    def state(self) -> RegisterState:
        """Return the state after the last command."""
        ...

    async def submit(self, command: Command) -> Result:
        """Carry a command out; PosError when it is refused."""
        ...


class FoundItem(Protocol):
    """An item that a search found."""

    @property
    def id(self) -> str:
        """Return the item's identity."""
        ...

    @property
    def sku(self) -> str:
        """Return the shop's own code of the item."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """Return the names by language."""
        ...

    @property
    def unit(self) -> str:
        """Return the unit it is sold in."""
        ...

    @property
    def price(self) -> Decimal | None:
        """Return the unit price, None where it is asked for at the till."""
        ...


# (words or code, language of the names, at most so many) -> best first
Search = Callable[[str, str, int], Awaitable[Sequence[FoundItem]]]


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as the ledger has it: the body of its ``sale_completed`` and the moment it was written."""

    body: SaleCompleted
    at: datetime


class ReceiptReader(Protocol):
    """Reads receipts back from the ledger."""

    async def find_last(self) -> StoredReceipt | None:
        """Return the newest receipt of this till, None before the first."""
        ...

    async def find(self, document: str) -> StoredReceipt | None:
        """Return the receipt with this document id, None when this till has none such."""
        ...


class PaperReader(Protocol):
    """The paper of a virtual printer: its jobs, numbered from 1."""

    def job_numbers(self) -> list[int]:
        """Return the numbers of the jobs on paper, in order."""
        ...

    def read_job(self, number: int) -> bytes | None:
        """Return a job's bytes, None when there is no such job."""
        ...


# (bytes of a job, words for what is no text) -> escaped HTML fragment
DrawPaper = Callable[[bytes, Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class NetworkStatus:
    """How the till stands with central. ``since`` is when the oldest unsent entry was written.

    ``as_of`` is since when something that head office changed cannot be used here, None when all of it is.
    """

    state: Literal["online", "offline", "never"]
    unsent: int = 0
    since: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """How the page tells a scan from typing.

    ``device``: it never has to, scanners are read as devices of their own. ``prefix``: the key that one sends first.
    ``rhythm``: at least so many characters, on average no further apart than so many milliseconds.
    """

    scans_by: Literal["device", "prefix", "rhythm"] = "rhythm"
    prefix: str = ""
    rhythm_ms: int = 35
    least: int = 8


@dataclass(frozen=True)
class UiServices:
    """What ``build_server`` is given. ``hosts`` are the accepted ``host:port`` values of ``Host`` and ``Origin``."""

    register: RegisterPort
    search: Search
    receipts: ReceiptReader
    devices: Callable[[], Sequence[DeviceState]]
    network: Callable[[], NetworkStatus]
    now: Callable[[], datetime]
    hosts: frozenset[str]
    version: str
    paper: PaperReader | None = None
    draw_paper: DrawPaper | None = None
    typing: Typing = field(default_factory=Typing)


def loopback_hosts(port: int) -> frozenset[str]:
    """Return the names under which a browser on this machine reaches the port."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
