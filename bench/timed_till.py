"""A till that says when a sale is committed and when central has acknowledged what was pushed."""

import asyncio
import os
import sys
import time
from pathlib import Path

from terminal.app import TillApp
from terminal.config import read_config
from terminal.logs import configure_logs
from terminal.services.steps import Steps

TOLD = frozenset({"sale.committed", "push.acknowledged"})


class TimedSteps(Steps):
    """Writes the named steps with their time to standard output."""

    def reached(self, name: str) -> None:
        """Note a step."""
        if name in TOLD:
            os.write(1, f"{name} {time.monotonic_ns()}\n".encode())


if __name__ == "__main__":
    settings = read_config(Path(sys.argv[sys.argv.index("--config") + 1]))
    configure_logs(settings.log_level)
    asyncio.run(TillApp(settings, steps=TimedSteps()).run())
