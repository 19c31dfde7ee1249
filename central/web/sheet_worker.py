"""Takes a workbook apart in a process of its own: ``python -m central.web.sheet_worker FILE``.

A cell far down and right makes the reader lay out everything between: 1,463 bytes took 6.4 GB, and other files end the
process that reads them. So it happens under limits where nothing else is lost. Lines on standard output: how many rows
there are, then rows in sets, each as (number, cells, columns that held numbers).
"""

import resource
import sys

import orjson

MOST_MEMORY = 2 * 1024 * 1024 * 1024
MOST_SECONDS = 900
MOST_COLUMNS = 1_000
ROWS_TOGETHER = 500
UNREADABLE, TOO_LARGE = 3, 4  # exit statuses; a reader that is ended by its limits leaves a signal's


def main(path: str) -> int:
    """Write the rows; returns the exit status."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    from python_calamine import CalamineError  # after the limits

    try:
        return _write_rows(path)
    except CalamineError:
        return UNREADABLE
    except MemoryError:
        return TOO_LARGE


def _write_rows(path: str) -> int:
    from python_calamine import CalamineWorkbook

    from central.web.sheets import MAX_CELL, cell_text

    with CalamineWorkbook.from_path(path) as book:
        sheet = book.get_sheet_by_index(0)
        if sheet.total_width > MOST_COLUMNS:
            return TOO_LARGE
        _write(sheet.total_height)
        rows = []
        for number, cells in enumerate(sheet.iter_rows(), start=1 + (sheet.start or (0, 0))[0]):
            numeric = [index for index, cell in enumerate(cells) if isinstance(cell, int | float)]
            rows.append((number, [cell_text(cell)[:MAX_CELL] for cell in cells], numeric))
            if len(rows) == ROWS_TOGETHER:
                _write(rows)
                rows = []
        _write(rows)
    return 0


def _write(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
