"""What the page shows until somebody has seen it: which notices stay, and which a good scan answers."""

from collections.abc import Sequence
from typing import Final

from commerce.bounds import short
from terminal.services.commands import AddCode, Command
from terminal.services.state import Notice

MOST: Final = 20


def with_notice(shown: Sequence[Notice], notice: Notice) -> tuple[Notice, ...]:
    """Return the notices with one more; one that says the very same takes the place of the one before it.

    Where there are too many, the oldest of scans go first: another scan says the same, and an alarm is said once.
    """
    kept = [one for one in shown if (one.code, one.values) != (notice.code, notice.values)] + [notice]
    leaving = sorted(kept, key=lambda one: (not one.of_scan, one.number))[: max(len(kept) - MOST, 0)]
    return tuple(one for one in kept if one not in leaving)


def scanned(command: Command) -> str | None:
    """Return the code that a command was to add, as a person is told it; None where there is none."""
    return short(command.code) if isinstance(command, AddCode) else None
