"""The register: every act of pages and devices passes through its one queue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from terminal.services.commands import Command
from terminal.services.state import RegisterState

Listener = Callable[[RegisterState], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a command led to. ``repeated`` is set when it had been carried out before."""

    values: dict[str, Any] = field(default_factory=dict)
    repeated: bool = False


class Register:
    """Carries out commands one after the other; holds the state that pages draw."""

    listeners: list[Listener]

    @property
    def state(self) -> RegisterState:
        """Return the state after the last command."""
        raise NotImplementedError

    async def submit(self, command: Command) -> Result:
        """Carry a command out and return its result once it is on disk; PosError when it is refused."""
        raise NotImplementedError

    async def run(self) -> None:
        """Consume the queue for ever; the runtime starts it."""
        raise NotImplementedError
