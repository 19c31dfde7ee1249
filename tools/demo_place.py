"""Where the demo keeps its things and which ports it takes."""

import contextlib
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

CARD_READER = "POS"
PORT_VARIABLES = ("CENTRAL_PORT", "TILL1_PORT", "TILL2_PORT")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and three ports."""

    folder: Path
    central_port: int
    till_ports: tuple[int, int]

    @property
    def central_config(self) -> Path:
        """Return central's settings."""
        return self.folder / "central.toml"

    @property
    def is_open(self) -> bool:
        """Whether an earlier start has set everything up."""
        return self._mark.exists()

    def till_config(self, number: int) -> Path:
        """Return the settings of till 1 or 2."""
        return self.folder / f"till-{number}.toml"

    def mark_open(self) -> None:
        """Note that everything is set up."""
        self._mark.touch()

    def prepare(self) -> None:
        """Write the settings, for the ports of this start; a set-up that was broken off is begun anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.is_open:
            for name in ("central", "till-1", "till-2"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(self.folder / name)
        self.central_config.write_text(_CENTRAL.format(port=self.central_port), encoding="utf-8")
        for number, port in enumerate(self.till_ports, start=1):
            text = _TILL.format(number=number, port=port, central=self.central_port, reader=CARD_READER)
            self.till_config(number).write_text(text, encoding="utf-8")

    def taken_port(self) -> tuple[int, str] | None:
        """Return a port that something else listens on and the variable that chooses another, or None."""
        for port, variable in zip((self.central_port, *self.till_ports), PORT_VARIABLES, strict=True):
            try:
                socket.create_server(("127.0.0.1", port)).close()
            except OSError:
                return port, variable
        return None

    @property
    def _mark(self) -> Path:
        return self.folder / "ready"


def bin_path(program: str) -> Path:
    """Return a program of this environment."""
    return Path(sys.executable).with_name(program)


_CENTRAL = """\
data_dir = "central"
log_level = "warning"

[listen]
port = {port}
"""
_TILL = """\
data_dir = "till-{number}"
log_level = "warning"

[listen]
port = {port}

[central]
url = "http://127.0.0.1:{central}"

[[devices.scanners]]
name = "scanner"
driver = "virtual"

[[devices.printers]]
name = "receipts"
driver = "virtual"

[[devices.card_readers]]
name = "{reader}"
driver = "virtual"
"""
