"""The page of changes looks for what its address says, and keeps that from page to page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commerce.texts import translator
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from tests.central.head_office import Visitor


async def test_a_search_shows_what_fits_and_says_when_nothing_does(anna: Visitor) -> None:
    await anna.post("/account/tokens", name="replay", days="90")

    made = await anna.get("/settings/audit?action=token.added")
    none = await anna.get("/settings/audit?action=token.added&until=2020-01-01")

    assert "made the key replay for a program" in made.text
    assert "made the key replay for a program" not in none.text
    assert "Nothing was written down that fits." in none.text


@pytest.mark.parametrize(("language", "sentence"), [("en", "added a reason"), ("it", "ha aggiunto una causale")])
async def test_what_is_done_to_declared_kinds_can_be_looked_for(anna: Visitor, language: str, sentence: str) -> None:
    page = await anna.get(f"/settings/audit?lang={language}")

    assert f'<option value="reason.added">{sentence}</option>' in page.text
    assert '<option value="session.opened">' in page.text


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "9999-12-31"])
async def test_a_day_that_is_none_is_refused(anna: Visitor, day: str) -> None:
    assert (await anna.get(f"/settings/audit?until={day}")).status == 400


def test_what_is_given_back_at_the_till_names_no_control() -> None:
    """The word for it alone is "Resto" in Italian: what alters something says what it alters."""
    assert translator("it").t("Change") == "Resto"
    assert "resto" not in translator("it").t("Change my password").lower().split()
    controls = [
        f"{path.name}: {line.strip()}"
        for path in (PROJECT / "central").rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        for tag in ("<button", "<a ", "<summary", "<label", "<h1", "<h2")
        if tag in line and '{{ t("Change") }}' in line
    ]
    assert controls == []
