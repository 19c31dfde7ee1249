"""The printer without hardware keeps its paper."""

from pathlib import Path

from terminal.devices.printer.virtual import VirtualPrinter


async def test_jobs_are_numbered_from_one_and_go_on_after_a_restart(tmp_path: Path) -> None:
    await VirtualPrinter("receipts", tmp_path).print_bytes(b"first")

    printer = VirtualPrinter("receipts", tmp_path)
    await printer.print_bytes(b"second")

    assert printer.job_numbers() == [1, 2]
    assert (printer.read_job(1), printer.read_job(2)) == (b"first", b"second")


async def test_jobs_are_in_order_beyond_nine(tmp_path: Path) -> None:
    printer = VirtualPrinter("receipts", tmp_path)
    for number in range(11):
        await printer.print_bytes(bytes([number]))

    assert printer.job_numbers() == list(range(1, 12))


async def test_an_unknown_job_is_none(tmp_path: Path) -> None:
    assert VirtualPrinter("receipts", tmp_path).read_job(7) is None


async def test_no_half_written_job_is_shown_after_a_crash(tmp_path: Path) -> None:
    (tmp_path / "1.bin.part").write_bytes(b"half")

    printer = VirtualPrinter("receipts", tmp_path)
    await printer.print_bytes(b"whole")

    assert printer.job_numbers() == [1]
    assert printer.read_job(1) == b"whole"


async def test_pulses_are_counted_apart_from_the_paper(tmp_path: Path) -> None:
    printer = VirtualPrinter("receipts", tmp_path)

    await printer.open_drawer()

    assert VirtualPrinter("receipts", tmp_path).drawer_pulses() == 1
    assert printer.job_numbers() == []
