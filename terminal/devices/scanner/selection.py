"""Finds the event device that a till's settings mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commerce.errors import BadInputError, DeviceUnavailableError
from terminal.devices.scanner.keys import DIGIT_ROW
from terminal.devices.scanner.stream import ABSENT

_DIGIT_KEYS = sum(1 << key for key in DIGIT_ROW)


@dataclass(frozen=True, slots=True)
class DeviceSelector:
    """Names a device by ``path`` (a node or a link under by-id, by-path) or by what it is.

    ``vendor`` and ``model`` are the USB numbers; ``id_path`` is udev's name of the port, the only thing that tells two
    of the same model without serial number apart. One of ``path``, ``vendor`` and ``id_path`` is needed.
    ``input_root`` and ``sys_root`` are the kernel's folders.
    """

    path: str = ""
    vendor: int | None = None
    model: int | None = None
    id_path: str = ""
    input_root: Path = Path("/dev/input")
    sys_root: Path = Path("/sys/class/input")

    def __post_init__(self) -> None:
        if not (self.path or self.vendor is not None or self.id_path):
            raise BadInputError("scanner.not_selected")  # any keyboard would fit, the owner's too

    def find(self, device: str) -> str:
        """Return the node's path, or raise DeviceUnavailableError ``device.absent`` or ``device.ambiguous``."""
        if self.path:
            return self.path
        by_port: dict[str, list[str]] = {}
        for name in self._fitting_names():
            port = self._read(name, "phys").partition("/")[0] or name
            by_port.setdefault(port, []).append(name)
        if not by_port:
            raise DeviceUnavailableError(ABSENT, device=device)
        if len(by_port) > 1:
            raise DeviceUnavailableError("device.ambiguous", device=device, ports=", ".join(sorted(by_port)))
        (names,) = by_port.values()
        return str(self.input_root / min(names, key=self._interface))

    def _fitting_names(self) -> Iterator[str]:
        for folder in sorted(self.sys_root.glob("event*")):
            if self._fits(folder.name):
                yield folder.name

    def _fits(self, name: str) -> bool:
        return (
            self._is_keyboard(name)
            and self.vendor in (None, self._read_hex(name, "id/vendor"))
            and self.model in (None, self._read_hex(name, "id/product"))
            and (not self.id_path or self._is_at_port(name))
        )

    def _is_at_port(self, name: str) -> bool:
        links = (self.input_root / "by-path").glob("*")
        return any(link.resolve().name == name and link.name.startswith(f"{self.id_path}-event") for link in links)

    def _is_keyboard(self, name: str) -> bool:
        words = self._read(name, "capabilities/key").split()
        return bool(words) and int(words[-1], 16) & _DIGIT_KEYS == _DIGIT_KEYS

    def _interface(self, name: str) -> tuple[str, int]:
        """A scanner with two keyboards sends its codes on the first."""
        return self._read(name, "phys").partition("/")[2], int(name.removeprefix("event"))

    def _read_hex(self, name: str, attribute: str) -> int:
        return int(self._read(name, attribute) or "-1", 16)

    def _read(self, name: str, attribute: str) -> str:
        try:
            return (self.sys_root / name / "device" / attribute).read_text(errors="replace").strip()
        except OSError:
            return ""
