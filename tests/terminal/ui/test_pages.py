from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from terminal.ui.page_texts import PAGE_TEXTS, page_texts
from terminal.ui.pages import STATIC

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till

SCRIPTS = sorted(STATIC.rglob("*.js"))
# A string that people would read: a capital letter and small ones after it, or several words.
WORDS = re.compile(r"^[A-Z][a-z]+(?: .*)?$|^[A-Za-z]+(?: [a-z]+){2,}")
NAMES = {"Escape", "Esc", "Delete", "Enter", "Backspace", "Clear"}  # of keys


def strings(source: str) -> list[str]:
    """Return the literal strings of a script, comments and classes left out."""
    bare = re.sub(r"/\*.*?\*/|^\s*//.*$", "", source, flags=re.DOTALL | re.MULTILINE)
    bare = re.sub(r'class: (?:[\w.?! ]+ \? )?"[^"]*"(?: : "[^"]*")?', "", bare)
    return re.findall(r'"((?:[^"\\\n]|\\.)*)"', bare)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_words_of_its_own(script: object) -> None:
    source = STATIC.joinpath(str(script)).read_text()

    found = [text for text in strings(source) if WORDS.match(text) and text not in NAMES]
    assert found == []


@pytest.mark.parametrize("text", ["Pay", "Pay the rest", "give it back now"])
def test_what_looks_for_words_finds_them(text: str) -> None:
    assert [found for found in strings(f'h("p", {{ class: "quiet", text: "{text}" }})') if WORDS.match(found)] == [text]


def test_the_page_has_no_words_of_its_own() -> None:
    page = (STATIC / "index.html").read_text()

    between = re.findall(r">([^<>]*[A-Za-z][^<>]*)<", page)
    assert [text for text in between if not re.fullmatch(r"{\w+}", text.strip())] == []


def test_every_text_that_scripts_use_exists_and_every_text_is_used() -> None:
    sources = "".join(script.read_text() for script in SCRIPTS)
    used = set(re.findall(r'\bt\("(\w+)"', sources))
    mentioned = set(re.findall(r'"(\w+)"', sources))
    in_python = {"title", "loading"} | {name for name in PAGE_TEXTS if name.startswith("paper_")}

    assert used - set(PAGE_TEXTS) == set()
    assert set(PAGE_TEXTS) - mentioned - in_python == set()


def test_every_script_is_checked_for_types() -> None:
    assert [script.name for script in SCRIPTS if not script.read_text().startswith("// @ts-check")] == []


def test_no_script_calculates_money() -> None:
    arithmetic = re.compile(r"(?:cents|total|due|remaining|amount)\w*\s*[-+*/%]\s*\w|\w\s*[*/%]\s*\w*(?:cents|total)")
    sources = {script.name: re.sub(r"/\*.*?\*/", "", script.read_text(), flags=re.DOTALL) for script in SCRIPTS}
    code = {name: re.sub(r'"[^"]*"|`[^`]*`', '""', source) for name, source in sources.items()}

    assert [name for name, source in code.items() if arithmetic.search(source)] == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    files = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".html")]
    elsewhere = re.compile(r"https?://(?!www\.w3\.org)|//cdn|@import\s+url\(\"?https")

    assert [path.name for path in files if elsewhere.search(path.read_text())] == []


def test_italian_is_another_text_wherever_words_differ() -> None:
    english, italian = page_texts("en"), page_texts("it")

    assert [name for name in english if english[name] == italian[name]] == ["menu", "no", "keys_menu"]


async def test_the_page_speaks_the_callers_language(till: Till) -> None:
    page = await (await till.client.get("/?lang=it")).text()

    assert '<html lang="it">' in page
    assert "<title>Cassa</title>" in page
    assert "{" not in page


async def test_the_words_come_with_a_version(till: Till) -> None:
    english = await (await till.client.get("/api/v1/texts?lang=en")).json()
    italian = await (await till.client.get("/api/v1/texts?lang=it")).json()

    assert (english["texts"]["pay"], italian["texts"]["pay"]) == ("Pay", "Paga")
    assert english["texts_version"] != italian["texts_version"]
    assert english["typing"] == {"scans_by": "rhythm", "prefix": "", "rhythm_ms": 35, "least": 8}


async def test_paper_is_shown_newest_first(till: Till) -> None:
    till.paper.jobs = {1: b"first", 2: b"second"}

    page = await (await till.client.get("/paper?lang=it")).text()

    assert page.index("second taglio") < page.index("first taglio")
    assert 'src="/static/paper.js"' in page


async def test_one_print_and_its_bytes_can_be_had(till: Till) -> None:
    till.paper.jobs = {7: b"\x1b@seven"}

    page = await till.client.get("/paper/7")
    raw = await till.client.get("/paper/7.bin")

    assert (page.status, await raw.read()) == (200, b"\x1b@seven")
    assert raw.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("number", ["8", "x", "-1", "7.txt", "99999999999999999999"])
async def test_paper_that_is_not_there_is_said_so(till: Till, number: str) -> None:
    answer = await till.client.get(f"/paper/{number}")

    assert (answer.status, (await answer.json())["code"]) == (404, "paper.unknown")


async def test_no_paper_yet_is_said_in_words(till: Till) -> None:
    assert "Nothing was printed yet." in await (await till.client.get("/paper?lang=en")).text()
