"""Tables as files for spreadsheets. A cell that a spreadsheet would run as a formula is escaped."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

Cell = str | int | Decimal | date | datetime | None
# A spreadsheet that takes another separator than ours (Excel in Italian: ``;``) sees cells begin inside a text, and
# neither quotes nor blanks keep it from that.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])([\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r])")
MAX_EXPORT_ROWS = 100_000


def escape_formula(text: str) -> str:
    """Return the text with an apostrophe before anything that a spreadsheet would take for a formula.

    Whichever character the spreadsheet separates cells by.
    """
    return _FORMULA.sub(lambda found: f"{found[0]}'", text)


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV of UTF-8 with a byte order mark, so that spreadsheets read its accents."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def to_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook of one sheet; texts are written as texts, whatever they start with."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, header, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell)
    return buffer.getvalue()


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape_formula(cell)
    return "" if cell is None else str(cell)


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, Decimal | int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, str(cell))
