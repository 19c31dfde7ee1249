"""One product, one look: colours, letters and icon stand in one place, and both daemons serve that place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from commerce.look import LOOK
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ("terminal/ui/static", "central/web/static/styles")
PAPER = {"receipt.css", "paper-page.css"}  # paper is white and its ink dark whatever the page around it
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgba?|hsla?|oklch)\((?!0 0 0)|light-dark\(", re.IGNORECASE)
OWN_LETTERS = re.compile(r"font-family:(?!\s*(?:var\(--font\)|ui-monospace|inherit))|(?<!-)\bsystem-ui\b|@font-face")


def sheets() -> list[Path]:
    return [path for place in PLACES for path in sorted((PROJECT / place).rglob("*.css"))]


@pytest.mark.parametrize("wrong", [COLOUR, OWN_LETTERS], ids=["colour", "letters"])
def test_no_style_sheet_has_one_of_its_own(wrong: re.Pattern[str]) -> None:
    own = [
        f"{path.name}: {found[0]}" for path in sheets() if path.name not in PAPER
        for found in wrong.finditer(path.read_text(encoding="utf-8").replace("background: #fff;", ""))
    ]  # fmt: skip

    assert own == []


def test_every_name_that_a_style_sheet_uses_is_a_token_or_its_own() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sheets()]
    told = set(re.findall(r"(--[\w-]+)\s*:", "".join([*texts, (LOOK / "tokens.css").read_text(encoding="utf-8")])))

    assert {name for text in texts for name in re.findall(r"var\((--[\w-]+)\)", text)} - told == set()


def test_there_is_one_icon() -> None:
    icons = [path for folder in ("terminal", "central", "commerce") for path in (PROJECT / folder).rglob("icon.svg")]

    assert icons == [LOOK / "icon.svg"]
