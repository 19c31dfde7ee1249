"""Every change is written down in the transaction that makes it."""

from __future__ import annotations

import ast
import re
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from sqlalchemy import select

from central.db.engine import open_database
from central.db.migrate import migrate
from central.identity.acts import ACTION_TEXTS, show_act
from central.identity.people import COMMAND_LINE
from central.identity.sentences import SENTENCES
from central.identity.tables import audit
from central.organisation.service import office_zones, save_shop
from central.registry.importing import ImportOptions, import_items
from commerce.texts import translator
from commerce.wire import ShopCard
from tests.central.head_office import HeadOffice, Visitor, open_head_office
from tests.central.office import open_office
from tests.central.watched import WatchedDatabase
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.central.office import Office


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[tuple[HeadOffice, Visitor, WatchedDatabase]]:
    database = WatchedDatabase(open_database(f"sqlite:///{tmp_path / 'central.db'}"))
    await migrate(database)
    site, runner = await open_head_office(await open_office(database, tmp_path), tmp_path)
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        anna = Visitor(session)
        await anna.sign_in()
        yield site, anna, database
    await runner.cleanup()
    await database.close()


async def test_no_page_changes_anything_without_writing_it_down(
    watched: tuple[HeadOffice, Visitor, WatchedDatabase], tmp_path: Path
) -> None:
    site, anna, database = watched
    office, item = site.office, site.items[0]
    form = {"sku": "A1", "name_it": "Caffè", "price": "4", "vat_code": "10", "unit": "pc"}
    await anna.post("/items", **{**form, "sku": "N1"})
    await anna.post(f"/items/{item.id}", **form, version=str(item.version))
    await anna.post(f"/items/{item.id}/delete", version=str(item.version + 1))
    await anna.post("/operators", name="Bruno", shop=office.shop, pin="2468")
    await anna.post(f"/settings/shops/{office.shop}", header="Nuova", footer="", version="1")
    await anna.post("/settings/vat", code="6", name_it="Prova", rates="2020-01-01 6", treatment="taxed")
    await anna.post("/tender-types", **{"code": "ticket", "names.it": "Buono pasto", "kind": "voucher", "version": "0"})
    await anna.post("/settings/users", name="carlo", password="tre gatti sul tetto", role="viewer", language="it")  # noqa: S106
    await anna.post("/account/tokens", name="replay", days="90")
    made = await anna.post("/tills", shop=office.shop, code="T9", name="Cassa 9")
    till = re.findall(r"/tills/([0-9a-f-]{36})", made.text)[0]
    await anna.post(f"/tills/{till}/code")
    await office.new_till("T8")
    await anna.post(f"/tills/{till}/revoke", note="lost")
    (tmp_path / "goods.csv").write_text("code,name,price,vat\n80012346,Nuovo,1.20,22\n", encoding="utf-8")
    await import_items(database, tmp_path / "goods.csv", ImportOptions(office.company), office.clock)

    assert database.unwritten == []
    assert database.audited >= {
        "app_user", "api_token", "till", "item", "vat_code", "operator", "till_settings", "enrolment_code",
        "till_credential", "feed",
    }  # fmt: skip


async def test_a_change_that_fails_leaves_no_word_of_it(
    watched: tuple[HeadOffice, Visitor, WatchedDatabase],
) -> None:
    site, anna, database = watched

    async def count() -> int:
        return len(await database.read(lambda conn: list(conn.execute(select(audit)))))

    before = await count()
    refused = await anna.post(
        f"/items/{site.items[1].id}", sku="A1", name_it="Pane", vat_code="4", unit="kg", version="1"
    )

    assert refused.status == 409
    assert await count() == before


def test_every_act_that_can_be_written_down_has_its_sentence_in_both_languages() -> None:
    found: set[str] = set()
    for path in (PROJECT / "central").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Act", "note"):
                words = (word for argument in node.args[:2] for word in ast.walk(argument))
                texts = (word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str))
                found |= {text for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]+", text)}

    assert len(found) > 25
    assert found - set(ACTION_TEXTS) == set()
    sentences = (*ACTION_TEXTS.values(), *SENTENCES.values())
    assert all(translator("it").t(text) != text for text in sentences)
    assert set(SENTENCES) <= set(ACTION_TEXTS)


async def move_to_auckland(office: Office) -> None:
    """The company's only shop: 13 hours ahead of UTC in November."""
    card = ShopCard(id=office.shop, name="Queen Street", zone="Pacific/Auckland", languages=["en"])
    job = partial(save_shop, actor=COMMAND_LINE, at=office.clock(), company=office.company, shop=card, is_new=False)
    await office.database.write(job)


async def test_times_of_the_whole_company_are_those_of_its_shop(
    watched: tuple[HeadOffice, Visitor, WatchedDatabase],
) -> None:
    site, anna, _ = watched
    await move_to_auckland(site.office)
    item = site.items[0]
    form = {"sku": "A1", "name_it": "Caffè", "price": "4", "vat_code": "10", "unit": "pc"}

    await anna.post(f"/items/{item.id}", **form, version=str(item.version))
    second = await anna.post(f"/items/{item.id}", **{**form, "price": "5"}, version=str(item.version))
    key = await anna.post("/account/tokens", name="stock", days="90")

    record = (await anna.get("/settings/audit")).text
    assert "Tuesday 24 November 2026" in record
    assert ">01:00<" in record
    assert "saved this at 01:00" in second.text  # who was second sees when the first one did
    assert "24 Nov 2026" in key.text  # 23 November in Europe still
    assert "24 Nov 2026" in (await anna.get("/settings/users")).text


async def test_a_company_without_a_shop_has_the_time_of_nowhere(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'central.db'}")
    await migrate(database)

    assert await database.read(office_zones) == {}
    await database.close()


async def test_the_record_says_of_what_and_calls_nothing_changed_that_stayed(
    watched: tuple[HeadOffice, Visitor, WatchedDatabase],
) -> None:
    _, anna, _ = watched
    names = {"name_en": "Bread", "name_it": "Pane"}
    await anna.post("/items", **names, sku="N1", price="1234,50", vat_code="10", unit="pc")
    found = re.findall(r"/items/([0-9a-f-]{36})", (await anna.get("/items?q=N1")).text)[0]
    version = re.findall(r'name="version" value="([0-9]+)"', (await anna.get(f"/items/{found}")).text)[0]
    await anna.post(f"/items/{found}", **names, sku="N1", price="1.30", vat_code="10", unit="pc", version=version)
    await anna.post("/language", language="it", back="/")

    newest = (await anna.get("/settings/audit")).text.partition('class="said">')[2].partition("</tr>")[0]

    assert "ha cambiato «Prezzo IVA inclusa» di Pane da 1.234,50 a 1,30" in newest
    assert "<del>" not in newest  # it is said, and not told again
    assert "Bread" not in newest


def test_codes_and_days_of_a_change_are_words_of_the_language() -> None:
    change = {
        "state": ["open", "seen"],
        "mode": [None, "live"],
        "expires_at": [None, "2027-02-22"],
    }
    act = SimpleNamespace(
        id="1",
        at=None,
        actor_name="Anna",
        action="item.changed",
        subject_kind="",
        subject="",
        reason=None,
        change=change,
    )

    shown = show_act(act, translator("it"))  # type: ignore[arg-type]

    assert [after for _, _, after in shown.changes] == [
        "visto",
        "in esercizio",
        "22 feb 2027",
    ]


def act_of(action: str, change: dict[str, list[object]]) -> Any:  # noqa: ANN401 - a row of the table
    return SimpleNamespace(id="1", at=None, actor_name="Anna", action=action, subject_kind="", subject="",
                           reason=None, change=change)  # fmt: skip


MANAGER = {"it": "Responsabile", "en": "Manager"}
BRUNO: list[object] = ["Bruno", "Bruno"]
BREAD: list[object] = [{"it": "Pane", "en": "Bread"}] * 2


@pytest.mark.parametrize(
    ("action", "change", "english", "italian"),
    [
        ("user.role_given", {"display_name": BRUNO, "role": [None, MANAGER], "where": ["Prova · Corso"] * 2},
         "gave Bruno the role Manager in Prova · Corso", "ha assegnato a Bruno il ruolo Responsabile in Prova · Corso"),
        ("user.role_taken", {"display_name": BRUNO, "role": [MANAGER, None], "where": [None, None]},
         "took the role Manager in every company from Bruno",
         "ha tolto a Bruno il ruolo Responsabile in tutte le aziende"),
        ("user.changed", {"display_name": BRUNO, "active": [True, False]}, "shut Bruno out", "ha escluso Bruno"),
        ("user.changed", {"display_name": BRUNO, "active": [False, True]}, "let Bruno in again", "ha riammesso Bruno"),
        ("item.changed", {"names": BREAD, "brand": ["", "Forno"]},
         "set “Brand” of Bread to Forno", "ha messo «Marca» di Pane a Forno"),
        ("item.changed", {"names": BREAD, "brand": ["Forno", ""]},
         "cleared “Brand” of Bread, which was Forno", "ha tolto «Marca» di Pane, che era Forno"),
    ],
)  # fmt: skip
def test_what_was_done_is_one_sentence_and_not_told_again_beside_it(
    action: str, change: dict[str, list[object]], english: str, italian: str
) -> None:
    for language, text in (("en", english), ("it", italian)):
        shown = show_act(act_of(action, change), translator(language))

        assert (shown.text, shown.what, shown.changes) == (text, "", ())


def test_several_changes_are_listed_below_of_what_they_are() -> None:
    change: dict[str, list[object]] = {"names": BREAD, "brand": ["", "Forno"], "sku": ["A1", "A2"]}

    shown = show_act(act_of("item.changed", change), translator("en"))

    assert (shown.text, shown.what, len(shown.changes)) == ("changed an item", "Bread", 2)
