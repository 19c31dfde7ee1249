"""A cash drawer that hangs on a receipt printer."""

from terminal.devices.protocols import CashDrawer


class PrinterDrawer:
    """A CashDrawer under a name of its own, opened through the printer it is plugged into."""

    def __init__(self, name: str, printer: CashDrawer) -> None:
        self.name = name
        self._printer = printer

    async def open_drawer(self) -> None:
        """Send the opening pulse through the printer, with the printer's errors."""
        await self._printer.open_drawer()
