"""What lists of head office say at a look: which filters stand, what it all comes to, what needs somebody first."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from central.sales.showing import shown_effects
from central.web.formats import Formats
from central.web.states import reason_text
from commerce.dates import utc_text
from commerce.texts import translator
from commerce.wire import DeviceStatus, Heartbeat

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor

TODAY = "since=2026-11-23&until=2026-11-23"
PILL = re.compile(r'<a class="pill pill-on" href="/sales\?([^"]*)"><span>([^<]*)</span>')
STATES = re.compile(r'<a href="/tills/[0-9a-f-]+">(T[0-9]) · ')


async def test_filters_stand_as_chips_that_take_them_off(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()

    text = (await anna.get(f"/sales?{TODAY}&till={till.till}")).text

    assert {said: query.replace("&amp;", "&") for query, said in PILL.findall(text)} == {
        "Days: 23 Nov 2026": f"till={till.till}",
        "Till: T1 · T1": TODAY,
    }


async def test_all_that_fits_is_added_up_below_and_compared(site: HeadOffice, anna: Visitor) -> None:
    await site.busy_till(sales=3)

    text = (await anna.get(f"/sales?{TODAY}")).text
    all_times = (await anna.get("/sales")).text

    foot = text.partition("<tfoot>")[2].partition("</tfoot>")[0]
    assert "3 receipts" in foot
    assert "€20.94" in foot
    assert "16 Nov 2026" in text
    assert "nothing was sold then" in text
    assert "<tfoot>" not in all_times
    assert "Choose days to see what they come to." in all_times


async def test_an_address_opens_a_sale_beside_the_list_and_ignores_one_that_is_not_there(
    site: HeadOffice, anna: Visitor
) -> None:
    till = await site.busy_till(sales=1)
    sale = re.findall(rf'data-pane="{till.till}/([0-9a-f-]+)"', (await anna.get("/sales")).text)[0]

    opened = (await anna.get(f"/sales?open={till.till}/{sale}")).text
    unknown = await anna.get(f"/sales?open={till.till}/nobody")
    short = (await anna.get(f"/sales/{sale}?till={till.till}", headers={"HX-Request": "true"})).text

    assert "TOTALE EUR" in opened
    assert (unknown.status, "TOTALE EUR" in unknown.text) == (200, False)
    assert "<html" not in short
    assert "TOTALE EUR" in short
    assert 'href="/sales/export.csv?"' in opened  # what is open is no filter


async def heard(site: HeadOffice, till: Any, unsent: int, *devices: DeviceStatus) -> None:  # noqa: ANN401
    since = utc_text(site.office.clock() - timedelta(minutes=40)) if unsent else None
    beat = Heartbeat(unsent=unsent, oldest_unsent_at=since, version="0.2.0", clock_offset_ms=0, devices=list(devices),
                     chain=till.chain, seq=till.head.seq)  # fmt: skip
    site.office.tills.fleet.heard(await site.office.known(till), beat.model_dump_json())
    await site.office.tills.fleet.flush()


async def test_tills_that_need_somebody_come_first_with_words_for_it(site: HeadOffice, anna: Visitor) -> None:
    printer = DeviceStatus.of("Printer", "receipt_printer", "ready")
    empty = DeviceStatus.of("Printer", "receipt_printer", "attention", "printer.paper_out")
    well, waits = await site.busy_till("T1"), await site.busy_till("T2")
    await heard(site, well, 0, printer)
    await heard(site, waits, 14, empty)

    text = (await anna.get("/tills")).text
    one = (await anna.get(f"/tills/{waits.till}")).text

    assert STATES.findall(text) == ["T2", "T1"]
    assert "sales wait to be sent for more than 15 minutes" in text
    assert "since 12:20" in text  # in the shop's zone
    assert "! Printer: needs attention" in text
    assert '<span class="well" title="Printer">Printer</span>' in text
    assert "Printer out of paper." in one
    assert "printer.paper_out" not in one


async def test_cash_of_one_till_stands_on_its_page_alone(site: HeadOffice, anna: Visitor) -> None:
    short, other = await site.busy_till("T1"), await site.busy_till("T2")
    short.close_session()
    await site.deliver(short)

    mine = (await anna.get(f"/sales/cash/live?till={short.till}")).text
    theirs = (await anna.get(f"/sales/cash/live?till={other.till}")).text

    assert "€0.10 missing" in mine
    assert "every drawer came out" in theirs


async def test_changes_are_told_by_day_and_the_search_stands_as_chips(site: HeadOffice, anna: Visitor) -> None:
    await anna.post("/items", sku="N1", name_it="Pane", price="2", vat_code="10", unit="pc")

    text = (await anna.get("/settings/audit?who=Anna&action=item.added")).text

    assert re.findall(r'scope="rowgroup">([^<]*)<', text) == ["Monday 23 November 2026"]
    assert 'href="/settings/audit?action=item.added"><span>Who: Anna</span>' in text
    assert 'href="/settings/audit?who=Anna"><span>What: added an item</span>' in text


async def test_a_change_of_a_declared_record_is_one_sentence(site: HeadOffice, anna: Visitor) -> None:
    await anna.post("/reasons", **{"code": "X", "names.it": "Rotto", "names.en": "Broken", "use": "discount"})
    found = re.findall(r"/reasons/([0-9a-f-]{36})", (await anna.get("/reasons")).text)[0]
    form = {"code": "X", "names.it": "Rotto", "names.en": "Broken", "use": "void", "version": "1"}
    await anna.post(f"/reasons/{found}", **form)

    said = (await anna.get(f"/settings/audit?kind=reason&record={found}")).text.partition('class="said"')[2]

    assert "changed “Used for” of X · Rotto from Discount to Void" in said


def test_what_devices_did_is_told_without_codes() -> None:
    reference = {"serial": "99MEX", "closure": 12, "number": 34, "issued_on": "2026-11-23"}
    done = SimpleNamespace(kind="fiscal", outcome="done", reason=None, reference=reference, at=None)
    failed = SimpleNamespace(kind="print", outcome="failed", reason="printer.paper_out", reference=None, at=None)
    waiting = SimpleNamespace(kind="drawer", outcome=None, reason="who.knows", reference=None, at=None)

    one, two, three = shown_effects([done, failed, waiting], translator("en"), Formats("en"))

    assert one.proof == "document 0012-0034 of 23 Nov 2026, register 99MEX"
    assert (two.outcome, two.mark) == ("failed", "bad")
    assert two.why.startswith("Printer out of paper.")
    assert (three.outcome, three.mark, three.why) == ("no word yet", "plain", "")


def test_a_reason_without_words_of_its_own_is_left_out() -> None:
    assert reason_text("no.such.code", translator("it").t) == ""
