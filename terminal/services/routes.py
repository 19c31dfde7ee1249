"""Which device does what: the names that effects carry, by kind of document and by drawer."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Routes:
    """The till's devices by name, as its settings say.

    ``printers`` names a printer for each kind of document that has one of its own, ``printer`` the one for all others;
    ``drawers`` and ``drawer`` likewise by the drawer of the till session. None: there is none, and the effect says so.
    """

    printer: str | None = None
    printers: Mapping[str, str] = field(default_factory=dict)
    drawer: str | None = None
    drawers: Mapping[str, str] = field(default_factory=dict)
    fiscal_register: str | None = None

    def device_for(self, kind: str, document_kind: str, drawer: str | None) -> str | None:
        """Return the device that an effect is for."""
        if kind == "print":
            return self.printers.get(document_kind, self.printer)
        if kind == "drawer":
            return self.drawers.get(drawer or "", self.drawer)
        return self.fiscal_register if kind == "fiscal" else None
