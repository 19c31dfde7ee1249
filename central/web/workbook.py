"""Makes a workbook, in a process of its own: ``python -m central.web.workbook TITLE ROWS TARGET``.

Texts are written as texts, whatever they start with; rows go through, however many there are.
"""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import xlsxwriter


def make(title: str, source: Path, target: Path) -> None:
    """Write a sheet of the rows in a file, one JSON list a line, the header first."""
    options = {"constant_memory": True, "tmpdir": str(target.parent), "strings_to_formulas": False,
               "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip
    with source.open("rb") as lines, xlsxwriter.Workbook(str(target), options) as book:
        sheet = book.add_worksheet(title[:31])
        sheet.write_row(0, 0, orjson.loads(next(lines)), book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for number, line in enumerate(lines, 1):
            for column, cell in enumerate(orjson.loads(line)):
                _write(sheet, number, column, cell)


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(cell, dict):
        sheet.write_number(row, column, Decimal(cell["number"]))
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, cell)


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
