"""What commands led to: kept with each, so that one that comes again is answered and not carried out again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from commerce.dates import utc_text
from commerce.errors import ConflictError, PosError, StorageError
from terminal.db import commands
from terminal.db.connection import Writer
from terminal.services.chains import Moment, Write
from terminal.services.commands import Command
from terminal.services.handlers import command_digest
from terminal.services.plan import Values


@dataclass(frozen=True, slots=True)
class Result:
    """What a command led to. ``repeated`` is set when it had been carried out before."""

    values: dict[str, Any] = field(default_factory=dict)
    repeated: bool = False


class Results:
    """The results on disk."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def find(self, command: Command) -> Result | None:
        """Return the result of a command that was carried out before; ConflictError ``command.reused``."""
        stored = await self._writer.run(lambda tx: commands.find_command(tx, command.command_id))
        if stored is None:
            return None
        if stored[0] != command_digest(command):
            raise ConflictError("command.reused", command_id=command.command_id)
        return Result(stored[1], repeated=True)

    async def find_or_refuse(self, command: Command, refusal: PosError) -> Result:
        """Return the result of a command that was carried out before; else its refusal stands."""
        try:
            stored = await self.find(command)
        except StorageError as error:
            raise refusal from error
        if stored is None:
            raise refusal
        return stored


def keeper_of(command: Command, moment: Moment) -> Callable[[Write, Values], None]:
    """Return what keeps a command's result in the transaction that carries it out."""
    digest, at = command_digest(command), utc_text(moment.at)

    def keep(write: Write, values: Values) -> None:
        commands.add_command(write.tx, command.command_id, digest, values, at)

    return keep
