"""Importing items: what is sound publishes at once, what is not is listed with its reason."""

from __future__ import annotations

import asyncio
import gzip
import re
import resource
import zipfile
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import pytest
import xlsxwriter
from sqlalchemy import text

from central.db.engine import open_database
from central.identity.people import COMMAND_LINE, Role
from central.registry import queries
from central.registry.holding import LEASE, hold_items
from central.registry.importing import ImportOptions, ImportRefusedError, ImportReport, import_items
from central.registry.service import Edit, delete_item, save_item
from central.registry.values import ItemCard
from commerce.errors import BadInputError, ConflictError, ForbiddenError
from tests.central.head_office import seed
from tests.central.office import actor_with
from tests.central.watched import WatchedDatabase
from tests.shared_data import shared_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.central.office import Office

T = TypeVar("T")
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


async def test_two_rows_may_each_bring_a_code_of_one_article(office: Office, tmp_path: Path) -> None:
    head = "sku,code,name,price,vat\n"
    path = write(tmp_path, head + "S1,8000000000019,Uno,1.50,10\nS2,,Due,2,10\nS1,8000000000026,Uno,1.50,10\n")

    report = await load(office, path)
    again = await load(office, path)

    assert (found(report), report.added, report.changed) == ([], 2, 1)
    assert (await stored(office, "8000000000019")).card.codes == ("8000000000019", "8000000000026")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)


async def test_two_rows_of_one_article_in_different_chunks_come_to_one_item(office: Office, tmp_path: Path) -> None:
    between = "".join(f"M{number},,Mezzo {number},1,10\n" for number in range(1100))
    rows = f"S1,8000000000019,Uno,1.50,10\n{between}S1,8000000000026,Uno,1.50,10\n"

    report = await load(office, write(tmp_path, f"sku,code,name,price,vat\n{rows}"), strict=True)

    assert (report.errors, report.added, report.changed) == (0, 1101, 1)
    assert (await stored(office, "8000000000026")).card.codes == ("8000000000019", "8000000000026")


async def test_two_rows_of_one_article_that_differ_otherwise_are_not_guessed_at(office: Office, tmp_path: Path) -> None:
    head = "sku,code,name,price,vat\n"
    path = write(tmp_path, head + "S1,8000000000019,Uno,1.50,10\nS1,8000000000026,Uno,1.60,10\n")

    report = await load(office, path)

    assert found(report) == [(3, "row.differs")]
    assert (await stored(office, "8000000000019")).card.price == Decimal("1.5")


@pytest.mark.parametrize("between", [0, 1100])
async def test_two_codes_of_one_stored_item_in_two_rows(office: Office, tmp_path: Path, between: int) -> None:
    await load(office, write(tmp_path, HEAD + "8000000000019;8000000000026,Uno,1.50,10\n"))
    filling = "".join(f"M{number},Mezzo {number},1,10\n" for number in range(between))
    first, same, other = (
        f"8000000000019,Uno,1.70,10\n{filling}",
        "8000000000026,Uno,1.70,10\n",
        "8000000000026,Uno,1.90,10\n",
    )

    agreeing = await load(office, write(tmp_path, HEAD + first + same, "agreeing.csv"))
    differing = await load(office, write(tmp_path, HEAD + first + other, "differing.csv"))

    assert (agreeing.errors, agreeing.changed, agreeing.unchanged) == (0, 1, 1)
    assert found(differing) == [(3 + between, "row.differs")]
    assert (await stored(office, "8000000000019")).card.price == Decimal("1.7")


class TestStrict:
    """All or nothing, whatever is wrong and whenever it shows."""

    async def test_a_code_of_another_item_in_the_last_chunk_stops_the_first_one_too(
        self, office: Office, tmp_path: Path
    ) -> None:
        rows = "".join(f"N{number},,Nuovo {number},1,10\n" for number in range(2100))
        path = write(tmp_path, f"sku,code,name,price,vat\n{rows}X1,8001234500017,Rubato,1,10\n")

        with pytest.raises(ImportRefusedError) as refused:
            await load(office, path, strict=True)

        assert found(refused.value.report) == [(2102, "code.check_digit"), (2102, "row.code_taken")]
        assert await office.database.read(lambda conn: queries.count_items(conn, office.company)) == 3
        assert await saves(office, "A9", "8000000000019") == "saved"  # the hold is gone

    async def test_nobody_takes_a_code_between_the_check_and_the_last_row(self, office: Office, tmp_path: Path) -> None:
        rows = "".join(f"N{number},,Nuovo {number},1,10\n" for number in range(1500))
        path = write(tmp_path, f"sku,code,name,price,vat\n{rows}X1,8000000000019,Ultimo,1,10\n")
        meddled = Meddled(office)

        report = await import_items(meddled, path, ImportOptions(office.company, strict=True), office.clock)

        assert (report.added, report.errors) == (1501, 0)
        assert set(meddled.answers) == {"import.running"}
        assert await saves(office, "A9", "8000000000026") == "saved"

    async def test_the_hold_of_an_import_that_died_ends(self, office: Office) -> None:
        company = office.company
        await office.database.write(lambda conn: hold_items(conn, company, "dead", office.clock()))
        held = await saves(office, "A8", "8000000000019")

        office.clock.advance(seconds=LEASE.total_seconds())

        assert (held, await saves(office, "A8", "8000000000019")) == ("import.running", "saved")


async def saves(office: Office, sku: str, code: str) -> str:
    """Save a new item, and say what became of it."""
    edit = Edit(COMMAND_LINE, office.company, office.clock())
    card = ItemCard(sku, {"it": sku}, "10", None, (code,))
    try:
        await office.database.write(partial(save_item, edit=edit, card=card))
    except ConflictError as error:
        return error.code
    return "saved"


class Meddled(WatchedDatabase):
    """A database where somebody saves an item with the import's last code before each of its writes after the check."""

    def __init__(self, office: Office) -> None:
        super().__init__(office.database)
        self.office = office
        self.answers: list[str] = []
        self._writes = 0

    async def write(self, job: Callable[[Connection], T]) -> T:
        self._writes += 1
        if 1 < self._writes < 8:
            self.answers.append(await saves(self.office, f"Z{self._writes}", "8000000000019"))
        return await super().write(job)


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


FAR = {"wide": "XFD2", "long": "A1048576", "both": "XFD1048576"}


@pytest.mark.parametrize("corner", FAR)
@pytest.mark.parametrize("dimension", ["A1:A1", "A1:XFD1048576"])
async def test_a_cell_far_away_costs_no_memory_and_ends_nothing(
    office: Office, tmp_path: Path, corner: str, dimension: str
) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "items.xlsx")) as book:
        book.add_worksheet().write_row(0, 0, ["code", "name"])
    path = tmp_path / "far.xlsx"
    cell = FAR[corner]
    row = cell.lstrip("XFDA")
    with zipfile.ZipFile(tmp_path / "items.xlsx") as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename.endswith("sheet1.xml"):
                content = re.sub(rb'ref="[A-Z0-9:]+"', f'ref="{dimension}"'.encode(), content, count=1)
                far = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far.encode())
            target.writestr(member.filename, content)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if corner == "long":  # a column of blanks is no bomb: it is read, row by row
        await load(office, path)
    else:
        with pytest.raises(BadInputError, match=r"import\.bomb"):
            await load(office, path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


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
    edit = Edit(actor_with(Role.ADMIN), office.company, office.clock())
    item = await stored(office, "8000000000019")
    await office.database.write(partial(delete_item, edit=edit, item_id=item.id, shown_version=1))

    report = await load(office, path)

    assert report.added == 1


async def test_who_only_looks_may_not_import(office: Office, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenError):
        await load(office, write(tmp_path, HEAD), actor=actor_with(Role.VIEWER))


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
