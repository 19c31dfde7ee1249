"""What a till's page says of entries and rows: receipts, times, amounts, names. Keys and hashes are proof, folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from central.registry.queries import list_operators, list_vat_codes
from central.web.states import STATE_TEXTS
from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.ids import new_id
from commerce.kinds import Kind

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor


def outside_proof(page: str) -> str:
    """Return a page without its proofs and its forms' own values."""
    return re.sub(r"<details class=\"proof\">.*?</details>|<input type=\"hidden\"[^>]*>", "", page, flags=re.DOTALL)


async def alarmed(site: HeadOffice, anna: Visitor, code: AlarmCode, subject: str, detail: str = "") -> tuple[str, str]:
    """Let a till raise an alarm; return its page, and the page without its proofs."""
    till = await site.busy_till()
    sale = till.sell()
    named = subject.format(chain=till.chain, seq=sale.seq)
    till.write(Kind.ALARM_RAISED, AlarmRaised(code, named, 1, detail).as_body())
    await site.deliver(till)
    page = (await anna.get(f"/tills/{till.till}")).text
    assert named in page
    alarms = outside_proof(page).split('id="chains-title"')[0]
    assert named not in alarms
    return page, alarms


async def test_a_changed_entry_is_named_by_its_receipt(site: HeadOffice, anna: Visitor) -> None:
    _, alarms = await alarmed(site, anna, AlarmCode.LEDGER_CHANGED, "{chain}/{seq}", "ledger.body_changed")

    assert re.search(r"Receipt <strong>[^<]*/26/[0-9]{6}</strong> of 23 Nov 2026[^<]*<strong>€3.49</strong>", alarms)


async def test_an_entry_that_is_not_held_here_is_said_to_be_so(site: HeadOffice, anna: Visitor) -> None:
    _, alarms = await alarmed(site, anna, AlarmCode.LEDGER_CHANGED, "{chain}/999", "ledger.missing")

    assert "An entry that is not held here" in alarms


async def test_an_open_sale_has_no_number_yet(site: HeadOffice, anna: Visitor) -> None:
    _, alarms = await alarmed(site, anna, AlarmCode.LEDGER_CHANGED, f"sale/{new_id()}", "ledger.body_changed")

    assert "The sale that was open" in alarms


async def test_missing_numbers_are_told_by_the_number_before_them(site: HeadOffice, anna: Visitor) -> None:
    _, alarms = await alarmed(site, anna, AlarmCode.NUMBERS_MISSING, "s-0193a/receipt 2026", "after 480")

    assert "Documents after number 480" in alarms


@pytest.mark.parametrize("kind", ["operator", "vat_code"])
async def test_a_changed_row_is_named_as_the_registry_names_it(site: HeadOffice, anna: Visitor, kind: str) -> None:
    rows = {"operator": list_operators, "vat_code": list_vat_codes}[kind]
    row = (await site.office.database.read(lambda conn: rows(conn, site.office.company)))[0]
    name = row.name if kind == "operator" else row.names.get("en") or row.names["it"]

    _, alarms = await alarmed(site, anna, AlarmCode.REGISTRY_CHANGED, f"{kind}/{row.id}")

    assert f"{STATE_TEXTS[f'row.{kind}']} <strong>{name}</strong>" in alarms


async def test_what_is_set_aside_is_named_by_its_receipt(site: HeadOffice, anna: Visitor) -> None:
    till = await site.busy_till()
    await anna.post(f"/tills/{till.till}/revoke", note="rubata")
    sold = till.sell()
    await site.deliver(till)

    page = outside_proof((await anna.get(f"/tills/{till.till}")).text).split('id="chains-title"')[0]

    assert re.search(r"Receipt <strong>[^<]*/26/[0-9]{6}</strong> of 23 Nov 2026", page)
    assert till.chain not in page
    assert f"Entry {sold.seq}" not in page


async def test_every_kind_of_entry_has_words() -> None:
    assert [kind for kind in Kind if f"kind.{kind}" not in STATE_TEXTS] == []


@pytest.mark.parametrize("path", ["/account", "/operators", "/settings/users"])
async def test_what_is_altered_is_not_called_by_the_word_for_coins_given_back(anna: Visitor, path: str) -> None:
    await anna.post("/language", language="it", back="/")

    page = (await anna.get(path)).text

    assert 'lang="it"' in page
    assert not re.search(r">\s*Resto\s*<", page)
