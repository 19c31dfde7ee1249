"""Sales as a file for a spreadsheet: a CSV at once, a workbook by a job, because a large one takes minutes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from central.identity.people import Actor
from central.identity.service import actor_of
from central.jobs.values import JobKind
from central.jobs.work import Work
from central.organisation.service import tills_within
from central.sales import reading
from central.sales.area import SEE_SALES
from central.sales.asking import read_filter, read_page
from central.sales.queries import AnyRow
from central.web.exports import XLSX, Cell, export_folder, make_workbook, write_csv, write_workbook_rows
from commerce.money import cents_decimal
from commerce.texts import N_, Translator, translator

SALES_WORKBOOK = JobKind(name="sales.workbook", title=N_("Export of sales"), permission=SEE_SALES, tries=3)
Rows = Iterable[AnyRow]


def write_sales(
    conn: Connection,
    target: Path,
    actor: Actor,
    query: Mapping[str, str],
    words: Translator,
    *,
    workbook: bool,
    watched: Callable[[Rows], Rows],
) -> None:
    """Write what an address of the list lets through: a CSV, or the rows of a workbook. ``watched`` may end it."""
    wanted, page = read_filter(query), replace(read_page(query, 1), after=())
    tills = {till.id: till.code for till in tills_within(conn, actor.scopes(SEE_SALES))}
    write = write_workbook_rows if workbook else write_csv
    with reading.each_sale(conn, actor, wanted, page) as rows:
        write(target, _header(words), (_cells(row, tills) for row in watched(rows)))


async def make_sales_workbook(work: Work) -> None:
    """Make the workbook that was asked for, of what whoever asked may see now (the handler of ``SALES_WORKBOOK``)."""
    query, words = work.input["query"], translator(work.input["language"])
    actor = await work.database.read(partial(actor_of, user=work.claim.actor))
    with export_folder() as folder:
        write = partial(write_sales, target=folder / "rows", actor=actor, query=query, words=words, workbook=True,
                        watched=work.while_wanted)  # fmt: skip
        await work.database.report(write)
        await make_workbook(words.t("Sales"), folder / "rows", folder / "sales.xlsx")
        await work.keep_file(folder / "sales.xlsx", "sales.xlsx", XLSX)


def _header(words: Translator) -> list[str]:
    t = words.t
    return [t("Business day"), t("Time (UTC)"), t("Number"), t("Till"), t("Operator"), t("Lines"), t("Total"),
            t("Currency"), t("Sale")]  # fmt: skip


def _cells(row: Any, tills: Mapping[str, str]) -> list[Cell]:  # noqa: ANN401 - a row of the table
    return [
        row.business_day, row.at.isoformat(), row.formatted, tills.get(row.till, row.till), row.operator_name,
        row.lines, cents_decimal(row.total, row.currency), row.currency, row.id,
    ]  # fmt: skip
