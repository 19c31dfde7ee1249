"""Finds out which column of a table is what, by the names that people give them, and reads a row as an item."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from central.registry.values import MAX_CODE, MAX_CODES, MAX_TEXT, UNITS, parse_price, settle_neighbour
from central.web.sheets import SheetRow
from commerce.barcode.gtin import GTIN_LENGTHS, has_valid_check_digit, is_digits
from commerce.errors import BadInputError
from commerce.texts import LANGUAGES

KNOWN = {
    "code": ("code", "codes", "barcode", "bar code", "ean", "ean13", "ean 13", "gtin", "upc", "codice a barre",
             "codice ean", "codice barre", "barcodes"),
    "sku": ("sku", "article", "article number", "item number", "codice articolo", "articolo", "cod articolo",
            "codice", "stockcode", "stock code"),
    "name": ("name", "description", "nome", "descrizione", "product", "prodotto", "item", "product name"),
    "price": ("price", "unit price", "unitprice", "prezzo", "prezzo vendita", "retail price", "prezzo al pubblico"),
    "vat": ("vat", "vat code", "vat rate", "iva", "aliquota", "aliquota iva", "codice iva", "tax"),
    "unit": ("unit", "uom", "um", "u m", "unita", "unita di misura", "unit of measure"),
    "brand": ("brand", "marca", "marchio"),
    "quantity": ("quantity", "size", "quantita", "formato", "contenuto", "pack size"),
    "rank": ("rank", "sales rank"),
}  # fmt: skip
FIELDS = (*KNOWN, *(f"name_{language}" for language in LANGUAGES))
_UNIT_NAMES = {"pz": "pc", "pcs": "pc", "piece": "pc", "nr": "pc", "n": "pc", "kgm": "kg", "lt": "l", "ltr": "l",
               "conf": "pack", "cf": "pack"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row that a person should know; an error leaves the row out, a warning does not."""

    row: int
    code: str
    values: Mapping[str, object]
    is_error: bool
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row that can become an item; what its table has no column for is None."""

    number: int
    codes: tuple[str, ...]
    sku: str | None
    names: dict[str, str]
    price: Decimal | None
    vat: str | None
    unit: str | None
    brand: str | None
    size: str | None
    rank: int | None

    def facts(self) -> tuple[object, ...]:
        """Return what the row says of its item besides the codes."""
        names = tuple(sorted(self.names.items()))
        return (names, self.price, self.vat, self.unit, self.brand, self.size, self.rank)


def find_columns(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Return the column of each field; ``chosen`` names columns by hand. BadInputError says what is missing."""
    folded = [_fold(title) for title in header]
    columns: dict[str, int] = {}
    for field_name, title in chosen.items():
        if field_name not in FIELDS:
            raise BadInputError("import.field", field=field_name, fields=", ".join(FIELDS))
        if _fold(title) not in folded:
            raise BadInputError("import.column", column=title, columns=", ".join(filter(None, header)))
        columns[field_name] = folded.index(_fold(title))
    for field_name in FIELDS:
        titles = KNOWN.get(field_name, (field_name.replace("_", " "),))
        found = next((folded.index(title) for title in titles if title in folded), None)
        if field_name not in columns and found is not None and found not in columns.values():
            columns[field_name] = found
    if not {"code", "sku"} & columns.keys() or not any(name.startswith("name") for name in columns):
        raise BadInputError("import.columns_missing", columns=", ".join(filter(None, header)))
    return columns


class RowReader:
    """Turns the rows of one table into items; what is odd about them is collected as findings."""

    def __init__(self, columns: Mapping[str, int], width: int, language: str, mark: str | None = None) -> None:
        """``language`` is that of a name column that does not say its own, ``mark`` the decimal mark if it is known."""
        self._mark = mark
        self._columns = columns
        self._width = width
        self._language = language

    def read(self, row: SheetRow) -> tuple[ImportRow | None, list[Finding]]:
        """Return the row, or None when it has errors, with everything there is to say about it."""
        findings: list[Finding] = []
        if len(row.cells) > self._width and any(row.cells[self._width :]):
            return None, [Finding(row.number, "row.too_many_cells", {}, True, row.cells)]
        try:
            read = self._read(row, findings)
        except BadInputError as error:
            return None, [Finding(row.number, error.code, error.values, True, row.cells), *findings]
        findings += [
            _warning(row, "code.check_digit", {"code": code}) for code in read.codes if not _check_digit_ok(code)
        ]
        if any("\ufffd" in name for name in read.names.values()):
            findings.append(_warning(row, "text.damaged", {}))
        return read, findings

    def _read(self, row: SheetRow, findings: list[Finding]) -> ImportRow:
        codes = _codes(self._cell(row, "code"))
        sku = self._cell(row, "sku") or None
        if not codes and not sku:
            raise BadInputError("row.no_code")
        if sku and len(sku) > MAX_CODE:
            raise BadInputError("row.code_too_long", code=sku[:MAX_CODE])
        if codes and self._columns.get("code") in row.numeric:
            findings.append(_warning(row, "code.was_number", {"code": codes[0]}))
        return ImportRow(
            number=row.number,
            codes=codes,
            sku=sku,
            names=self._names(row),
            price=self._price(row, findings),
            vat=self._cell(row, "vat") or None,
            unit=_unit(self._cell(row, "unit")),
            brand=self._cell(row, "brand")[:MAX_TEXT] if "brand" in self._columns else None,
            size=self._cell(row, "quantity")[:MAX_TEXT] if "quantity" in self._columns else None,
            rank=_rank(self._cell(row, "rank")) if "rank" in self._columns else None,
        )

    def _price(self, row: SheetRow, findings: list[Finding]) -> Decimal | None:
        cell = self._cell(row, "price")
        settled = settle_neighbour(cell)
        if settled is not None:
            findings.append(_warning(row, "price.rounded", {"price": cell[:40], "rounded": settled.rstrip("0")}))
        is_number = settled is not None or self._columns.get("price") in row.numeric
        return _price(settled or cell, "." if is_number else self._mark)

    def _names(self, row: SheetRow) -> dict[str, str]:
        names = {language: self._cell(row, f"name_{language}") for language in LANGUAGES}
        names = {language: name for language, name in names.items() if name}
        plain = self._cell(row, "name")
        if plain:
            names = {
                self._language: plain,
                **{language: n for language, n in names.items() if language != self._language},
            }
        if not names:
            raise BadInputError("row.no_name")
        if any(len(name) > MAX_TEXT for name in names.values()):
            raise BadInputError("row.name_too_long", most=MAX_TEXT)
        return {language: unicodedata.normalize("NFC", name) for language, name in names.items()}

    def _cell(self, row: SheetRow, name: str) -> str:
        index = self._columns.get(name)
        return row.cells[index] if index is not None and index < len(row.cells) else ""


def _warning(row: SheetRow, code: str, values: Mapping[str, object]) -> Finding:
    return Finding(row.number, code, values, False, row.cells)


def _fold(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.casefold())
    return " ".join(
        "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char)).split()
    )


def _codes(cell: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(code.strip() for code in cell.replace("|", ";").split(";") if code.strip()))
    if len(codes) > MAX_CODES:
        raise BadInputError("row.too_many_codes", most=MAX_CODES)
    for code in codes:
        if len(code) > MAX_CODE:
            raise BadInputError("row.code_too_long", code=code[:MAX_CODE])
    return codes


def _check_digit_ok(code: str) -> bool:
    """A number as long as a GTIN is taken for one; anything else is the shop's own and has no check digit."""
    return not is_digits(code) or len(code) not in GTIN_LENGTHS or has_valid_check_digit(code)


def _price(cell: str, mark: str | None) -> Decimal | None:
    try:
        return parse_price(cell, mark)
    except BadInputError as error:
        if error.code == "item.price_negative":
            raise
        if error.code == "price.ambiguous":
            raise BadInputError("row.price_ambiguous", **error.values) from error
        raise BadInputError("row.price", price=cell[:40]) from error


def _unit(cell: str) -> str | None:
    if not cell:
        return None
    unit = _UNIT_NAMES.get(cell.casefold().strip("."), cell.casefold().strip("."))
    if unit not in UNITS:
        raise BadInputError("row.unit", unit=cell[:20], units=", ".join(UNITS))
    return unit


def _rank(cell: str) -> int | None:
    if not cell:
        return None
    if not is_digits(cell) or len(cell) > 9:
        raise BadInputError("row.rank", rank=cell[:20])
    return int(cell)
