"""A set that others made is imported as it is, through the page, with a mapping file."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

from central.registry.customers import CUSTOMERS
from tests.central.kit.filing import counts, do_jobs, job_row
from tests.central.kit.test_import_pages import chosen, upload
from tests.central.kit.test_importing import standing
from tests.shared_data import shared_path

if TYPE_CHECKING:
    from tests.central.kit.site import Site

MAPPING = Path(__file__).with_name("mappings") / "northwind_customers.toml"


async def test_northwinds_customers_come_in_whole_and_a_second_time_change_nothing(site: Site) -> None:
    source = shared_path("data", "northwind", "customers.csv.gz")
    rows = list(csv.DictReader(gzip.decompress(source.read_bytes()).decode().splitlines()))
    for expected in ((91, 0, 0, 0), (0, 0, 91, 0)):
        await site.anna.get("/customers/import")
        page = await upload(site, "/customers/import", source.read_bytes(), source.name, MAPPING.read_bytes())
        form = chosen(page.text)
        page = await site.anna.post(
            page.url, **{n: t for n, t in form.items() if n.startswith(("column:", "constant:"))}
        )
        await do_jobs(site.office)
        trial = await job_row(site.office, page.url.rpartition("/")[2])
        assert counts(trial) == expected, trial.result
        page = await site.anna.post(trial.result["link"])
        await do_jobs(site.office)
        done = await job_row(site.office, re.sub(r".*/", "", page.url))
        assert counts(done) == expected

    found = {one.card.code: one.card for one in await standing(site.office, CUSTOMERS)}
    assert {row["CustomerID"]: row["CompanyName"] for row in rows} == {n: one.name for n, one in found.items()}
    assert [one.name for one in found["ALFKI"].contacts] == ["Maria Anders"]
    assert (found["ALFKI"].country, found["ALFKI"].language, found["ALFKI"].contacts[0].phone) == (
        "DE", "en", "030-0074321"
    )  # fmt: skip
