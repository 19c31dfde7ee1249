"""A declaration that cannot work fails where it stands; the kit knows no kind and stays small."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData

from central.kit import fields
from central.kit.kinds import Kind, Section
from central.kit.shape import DeclarationError
from tests.central.kit.declared import BOOKS, SHELVES, Book, Shelf, words
from tests.central.kit.samples import ALL
from tests.shared_data import PROJECT

KIT = PROJECT / "central" / "kit"


def declare(**changes: Any) -> Kind:  # noqa: ANN401
    taken = {one: getattr(BOOKS, one) for one in Kind.__dataclass_fields__ if one not in ("table", "child_tables")}
    return Kind(**{**taken, "metadata": MetaData(), **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": ("isbn", "colour")}, "colour"),
        ({"sorts": ("title", "colour")}, "colour"),
        ({"filters": ("colour",)}, "colour"),
        ({"probes": ("colour",)}, "colour"),
        ({"found_by": ("colour",)}, "colour"),
        ({"unique": ("colour",)}, "colour"),
        ({"sorts": ()}, "sorted by nothing"),
        ({"sorts": ("note",)}, "note"),  # of several lines
        ({"sorts": ("copies",)}, "copies"),
        ({"filters": ("copies",)}, "copies"),
        ({"codes": ("price",), "sorts": ("price", "title")}, "no text"),
        ({"codes": ("isbn",), "sorts": ("title",), "unique": ()}, "isbn"),  # no index
        ({"unique": ("price",)}, "price"),
        ({"sections": (Section("", ("isbn",)),)}, "title, price"),
        ({"sections": (Section("", tuple(Book.__dataclass_fields__)), Section("", ("colour",)))}, "colour"),
        ({"card": dataclass(frozen=False)(type("Loose", (), {}))}, "frozen"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        declare(**changes)


def test_rows_need_an_id_that_stays() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Library(Shelf):
        books: tuple[Shelf, ...] = fields.rows("Books", Shelf)

    with pytest.raises(DeclarationError, match="books need an id"):
        Kind(name="library", path="libraries", area=SHELVES.area, card=Library, words=words("a", "b"),
             title=lambda card: card.code, columns=("code",), sorts=("code",), metadata=MetaData())  # fmt: skip


def test_a_field_without_a_shape_is_no_field() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Plain(Shelf):
        colour: str = "red"

    with pytest.raises(DeclarationError, match="colour"):
        Kind(name="plain", path="plains", area=SHELVES.area, card=Plain, words=words("a", "b"),
             title=lambda card: card.code, columns=("code",), sorts=("code",), metadata=MetaData())  # fmt: skip


def lines_of_code(source: str) -> int:
    """How many lines do something: no blanks, comments or docstrings."""
    tree = ast.parse(source)
    told = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    silent = {line for node in told for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    lines = enumerate(map(str.strip, source.splitlines()), 1)
    return sum(bool(line) and not line.startswith("#") and number not in silent for number, line in lines)


def test_a_line_of_code_is_one_that_does_something() -> None:
    assert lines_of_code('"""Said."""\n\n# why\ndef one() -> int:\n    """Said\n    more."""\n    return 1\n') == 2


def test_the_kit_stays_small_and_knows_no_kind() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in KIT.rglob("*.py")}

    assert len(Kind.__dataclass_fields__) - 2 <= 25
    files = sum(lines_of_code(source) for path, source in sources.items() if path.parent.name == "files")
    assert sum(map(lines_of_code, sources.values())) - files <= 3000
    assert files <= 1300  # decision 183
    named = [(path.name, kind.name) for path, source in sources.items() for kind in ALL if f'"{kind.name}"' in source]
    templates = "".join(path.read_text(encoding="utf-8") for path in (KIT / "templates").iterdir())
    assert named == []
    assert [kind.name for kind in ALL if f'"{kind.name}"' in templates] == []
    assert "kind.name ==" not in "".join(sources.values()) + templates


def test_a_new_kind_is_a_declaration_of_few_lines() -> None:
    source = Path(__file__).with_name("declared.py").read_text(encoding="utf-8")
    flat = source[source.index("class Shelf") : source.index("class Copy")].splitlines()
    with_rows = source[source.index("class Copy") :].splitlines()

    assert len(flat) <= 40
    assert len(with_rows) <= 90
