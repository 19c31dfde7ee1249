"""The fake printer as a process of its own, for tests that kill the till."""

import asyncio
import sys
from pathlib import Path

from terminal.devices.links import TcpLink
from terminal.devices.printer.escpos_printer import EscPosPrinter
from terminal.devices.printer.paper_view import read_paper

PROJECT = Path(__file__).parents[4]
RECEIPT = b"\x1b@Pane 1,20\n\x1dV\x00"


async def test_printed_receipts_are_counted_after_both_sides_are_killed(tmp_path: Path) -> None:
    log = tmp_path / "paper.bin"
    command = (sys.executable, "-m", "tests.fakes.printer", "--port", "0", "--log", str(log))
    process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        port = int((await process.stdout.readline()).decode().rpartition(":")[2])
        printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", port))
        for _ in range(3):
            await printer.print_bytes(RECEIPT)
        await printer.close()
    finally:
        process.kill()
        await process.communicate()

    assert log.read_bytes() == RECEIPT * 3
    assert read_paper(log.read_bytes()).cuts == 3
