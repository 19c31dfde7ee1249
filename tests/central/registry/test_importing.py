"""Importing items: what is sound publishes at once, what is not is listed with its reason."""

from __future__ import annotations

import asyncio
import gzip
import zipfile
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import xlsxwriter
from sqlalchemy import text

from central.db.engine import open_database
from central.identity.people import Actor, Role
from central.registry import queries
from central.registry.importing import ImportOptions, ImportRefusedError, ImportReport, import_items
from central.registry.service import Edit, delete_item
from commerce.errors import BadInputError, ForbiddenError
from tests.central.head_office import seed
from tests.shared_data import shared_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.central.office import Office

HEAD = "code,name,price,vat\n"


async def load(office: Office, path: Path, **options: Any) -> ImportReport:  # noqa: ANN401
    wanted = ImportOptions(office.company, **options)
    return await import_items(office.database, path, wanted, office.clock)


def write(folder: Path, content: str | bytes, name: str = "items.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def stored(office: Office, code: str) -> Any:  # noqa: ANN401
    found = await office.database.read(lambda conn: queries.items_by_code(conn, office.company, [code]))
    return found[code][0]


def with_cells(folder: Path, cells: dict[str, str]) -> Path:
    """Put numbers into ``items.xlsx`` with every digit, as spreadsheets write what they computed."""
    path = folder / "computed.xlsx"
    with zipfile.ZipFile(folder / "items.xlsx") as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            for before, after in cells.items() if member.filename.endswith("sheet1.xml") else ():
                content = content.replace(f"<v>{before}</v>".encode(), f"<v>{after}</v>".encode())
            target.writestr(member.filename, content)
    return path


def found(report: ImportReport) -> list[tuple[int, str]]:
    return [(finding.row, finding.code) for finding in report.findings]


@pytest.fixture(autouse=True)
async def seeded(office: Office) -> None:
    await seed(office)


async def test_the_shared_catalogue_imports_whole(office: Office) -> None:
    path = shared_path("data", "catalogue", "catalogue_it.csv.gz")
    expected = orjson.loads(shared_path("data", "expected.json").read_bytes())["catalogue"]

    report = await load(office, path)

    assert report.added == expected["products"] - expected["without_name"]
    assert [code for _, code in found(report)].count("row.no_name") == expected["without_name"]
    wrong = [str(f.values["code"]) for f in report.findings if f.code == "code.check_digit"]
    assert sorted(wrong) == sorted(expected["check_digit_wrong"])
    assert (await stored(office, "001011001001")).card.codes == ("001011001001",)


async def test_importing_the_same_file_again_changes_nothing(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "8000000000019,Uno,1.50,22\n8000000000026,Due,,10\n")
    await load(office, path)
    before = (await stored(office, "8000000000019")).version

    report = await load(office, path)

    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert (await stored(office, "8000000000019")).version == before


async def test_rows_in_error_are_left_out_with_their_reason_and_the_rest_publishes(
    office: Office, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        HEAD + "8000000000019,Uno,1.50,22\n,Senza,1,22\n8000000000026,,1,22\n8000000000033,Tre,abc,22\n"
        "8000000000040,Quattro,-1,22\n8000000000057,Cinque,1,77\n8000000000064,Sei,1,22,extra\n",
    )

    report = await load(office, path)

    assert report.added == 1
    assert found(report) == [
        (3, "row.no_code"), (4, "row.no_name"), (5, "row.price"), (6, "item.price_negative"),
        (7, "row.vat_unknown"), (8, "row.too_many_cells"),
    ]  # fmt: skip


async def test_a_strict_import_with_an_error_publishes_nothing(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "8000000000019,Uno,1.50,22\n8000000000026,,1,22\n")

    with pytest.raises(ImportRefusedError) as refused:
        await load(office, path, strict=True)

    assert found(refused.value.report) == [(3, "row.no_name")]
    none = await office.database.read(lambda conn: queries.items_by_code(conn, office.company, ["8000000000019"]))
    assert none == {}


async def test_the_first_of_two_rows_with_one_code_wins(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "8000000000019,Uno,1,22\n8000000000019,Altro,2,22\n8000000000019,Uno,1,22\n")

    report = await load(office, path)

    assert found(report) == [(3, "row.duplicate_code"), (4, "row.repeated")]
    assert (report.errors, report.warnings) == (1, 1)
    assert (await stored(office, "8000000000019")).card.names == {"it": "Uno"}


async def test_leading_zeros_stay_and_a_wrong_check_digit_is_reported(office: Office, tmp_path: Path) -> None:
    report = await load(office, write(tmp_path, HEAD + "0012345678901,Zero,1,22\n"))

    assert found(report) == [(2, "code.check_digit")]
    assert (await stored(office, "0012345678901")).card.sku == "0012345678901"


async def test_an_item_without_price_is_asked_at_the_till_unless_an_option_says_otherwise(
    office: Office, tmp_path: Path
) -> None:
    path = write(tmp_path, HEAD + "8000000000019,Uno,,\n")
    await load(office, path)
    assert (await stored(office, "8000000000019")).card.price is None

    other = write(tmp_path, HEAD + "8000000000026,Due,,\n", "other.csv")
    await load(office, other, price=Decimal("2.5"), vat="4")

    card = (await stored(office, "8000000000026")).card
    assert (card.price, card.vat_code) == (Decimal("2.5"), "4")


async def test_a_later_file_without_prices_keeps_those_that_are_there(office: Office, tmp_path: Path) -> None:
    await load(office, write(tmp_path, HEAD + "8000000000019,Uno,1.50,10\n"))

    report = await load(office, write(tmp_path, "code,name\n8000000000019,Uno nuovo\n", "names.csv"))

    card = (await stored(office, "8000000000019")).card
    assert report.changed == 1
    assert (card.names["it"], card.price, card.vat_code) == ("Uno nuovo", Decimal("1.5"), "10")


@pytest.mark.parametrize(
    ("price", "read"), [("1.50", "1.5"), ("1,50", "1.5"), ("1.234,56", "1234.56"), ("€ 2", "2"), ("1,234.5", "1234.5")]
)
async def test_prices_are_read_as_people_write_them(office: Office, tmp_path: Path, price: str, read: str) -> None:
    await load(office, write(tmp_path, f'code;name;price\n8000000000019;Uno;"{price}"\n'))

    assert (await stored(office, "8000000000019")).card.price == Decimal(read)


@pytest.mark.parametrize("price", ["1.000", "1,000", "12.500", "999,999", "€ 1.000"])
async def test_a_price_that_can_be_read_two_ways_is_asked_back(office: Office, tmp_path: Path, price: str) -> None:
    path = write(tmp_path, f'code;name;price\n8000000000019;Uno;"{price}"\n8000000000026;Due;2\n')

    report = await load(office, path)

    assert (found(report), report.added) == ([(2, "row.price_ambiguous")], 1)


@pytest.mark.parametrize(
    ("price", "mark", "read"),
    [("1.000", ",", "1000"), ("1.000", ".", "1"), ("1,000", ",", "1"), ("1,000", ".", "1000"),
     ("1.234.567,5", ",", "1234567.5"),
     ("0.125", None, "0.125"), ("0,125", None, "0.125"), ("1.0000", None, "1"), ("1.234,500", None, "1234.5")],
)  # fmt: skip
async def test_a_price_is_read_by_the_mark_that_was_said_or_can_be_nothing_else(
    office: Office, tmp_path: Path, price: str, mark: str | None, read: str
) -> None:
    report = await load(office, write(tmp_path, f'code;name;price\n8000000000019;Uno;"{price}"\n'), decimal_mark=mark)

    assert found(report) == []
    assert (await stored(office, "8000000000019")).card.price == Decimal(read)


async def test_a_computed_cell_is_rounded_and_said_so_and_a_number_is_never_thousands(
    office: Office, tmp_path: Path
) -> None:
    with xlsxwriter.Workbook(tmp_path / "items.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "name", "price"])
        for number in range(1, 6):
            sheet.write_row(number, 0, [f"A{number}", f"Articolo {number}", 9000 + number])
    computed = ["3.3000000000000003", "0.30000000000000004", "17.849999999999998", "3.3333333333333335", "1.125"]
    path = with_cells(tmp_path, {f"{9001 + place}": cell for place, cell in enumerate(computed)})

    report = await load(office, path)

    assert found(report) == [(2, "price.rounded"), (3, "price.rounded"), (4, "price.rounded"), (5, "row.price")]
    assert [(await stored(office, f"A{n}")).card.price for n in (1, 2, 3, 5)] == [
        Decimal("3.3"), Decimal("0.3"), Decimal("17.85"), Decimal("1.125"),
    ]  # fmt: skip


async def test_italian_headers_and_a_mapping_by_hand_are_understood(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "Codice a barre;Descrizione;Prezzo vendita;Aliquota IVA;Unità;Mio nome\n"
                           "8000000000019;Uno;1,5;10%;pz;Altro\n")  # fmt: skip

    await load(office, path, columns={"name": "Mio nome"})

    card = (await stored(office, "8000000000019")).card
    assert (card.names, card.vat_code, card.unit) == ({"it": "Altro"}, "10", "pc")


async def test_control_characters_and_nul_bytes_do_not_reach_a_till(office: Office, tmp_path: Path) -> None:
    await load(office, write(tmp_path, b"code,name\n8000000000019,U\x00n\x1b[31mo\n"))

    assert (await stored(office, "8000000000019")).card.names == {"it": "Un [31mo"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("latin.csv", "code,name\n1,Caffè\n".encode("latin-1"), "import.encoding"),
        ("empty.csv", b"", "import.empty"),
        ("wrong.xlsx", b"not a zip", "import.not_xlsx"),
        ("cut.csv.gz", gzip.compress(b"code,name\n1,a\n" * 50, mtime=0)[:40], "import.gzip"),
        ("columns.csv", b"a,b\n1,2\n", "import.columns_missing"),
    ],
    ids=["latin", "empty", "not a workbook", "cut gzip", "no known column"],
)
async def test_a_file_that_cannot_be_read_says_so(
    office: Office, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(BadInputError) as refused:
        await load(office, write(tmp_path, content, name))

    assert refused.value.code == code


async def test_another_encoding_can_be_named(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, "code,name\n8000000000019,Caffè\n".encode("cp1252"))

    await load(office, path, encoding="windows-1252")

    assert (await stored(office, "8000000000019")).card.names == {"it": "Caffè"}


async def test_an_archive_that_grows_too_large_is_refused_before_it_is_unpacked(office: Office, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(64 * 1024 * 1024))

    with pytest.raises(BadInputError, match=r"import\.bomb"):
        await load(office, bomb)
    with pytest.raises(BadInputError, match=r"import\.bomb"):
        await load(office, write(tmp_path, gzip.compress(bytes(64 * 1024 * 1024)), "bomb.csv.gz"))


async def test_a_workbook_imports_and_numbers_in_code_cells_are_reported(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "items.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([["code", "name", "price"], ["0000080012349", "Testo", 1.5]]):
            sheet.write_row(row, 0, cells)
        sheet.write_row(2, 0, [8000000000026, "Numero", 2])

    report = await load(office, path)

    assert report.added == 2
    assert (await stored(office, "0000080012349")).card.price == Decimal("1.5")
    assert (3, "code.was_number") in found(report)


async def test_a_code_of_another_item_is_not_taken_away(office: Office, tmp_path: Path) -> None:
    report = await load(office, write(tmp_path, "sku,code,name\nNEW,8001234500017,Ladro\n"))

    assert (2, "row.code_taken") in found(report)
    assert report.added == 0
    assert (await stored(office, "8001234500017")).card.sku == "A1"


async def test_a_deleted_item_can_be_imported_again(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "8000000000019,Uno,1,22\n")
    await load(office, path)
    edit = Edit(Actor("a", "Anna", Role.ADMIN), office.company, office.clock())
    item = await stored(office, "8000000000019")
    await office.database.write(partial(delete_item, edit=edit, item_id=item.id, shown_version=1))

    report = await load(office, path)

    assert report.added == 1


async def test_who_only_looks_may_not_import(office: Office, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenError):
        await load(office, write(tmp_path, HEAD), actor=Actor("v", "Vera", Role.VIEWER))


async def test_a_push_gets_its_turn_while_a_long_import_publishes(office: Office, tmp_path: Path) -> None:
    rows = "".join(f"{number:013d},Articolo {number},1.00,22\n" for number in range(2500))
    till = await office.new_till()
    other = open_database(office.database.url.render_as_string(hide_password=False))
    turns: list[int] = []

    async def importing() -> None:
        wanted = ImportOptions(office.company)
        path = write(tmp_path, HEAD + rows)
        await import_items(other, path, wanted, office.clock, lambda stage, done, of: turns.append(done))

    running = asyncio.ensure_future(importing())
    while not running.done():
        till.sell()
        async with asyncio.timeout(5):
            await office.accept(till, till.push(till.head.seq, till.head.seq) if till.head.seq > 2 else till.push())
        await asyncio.sleep(0)
    await running
    held = await office.database.read(lambda conn: conn.execute(text("SELECT COUNT(*) FROM item")).scalar_one())
    await other.close()

    assert held == 2503
    assert till.head.seq > 5
