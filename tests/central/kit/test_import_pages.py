"""An import step by step, as people do it, in both languages: the file, what its columns are, what would change."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import TYPE_CHECKING

import aiohttp
import orjson
import pytest

from central.kit.files.columns import ID, file_columns
from central.kit.showing import Showing
from tests.central.kit.declared import SHELVES
from tests.central.kit.filing import csv_of, do_jobs, download, made, table
from tests.central.kit.samples import fill

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from tests.central.head_office import Page
    from tests.central.kit.site import Site

SAID = {
    "en": {"new": "File (CSV or XLSX)", "map": "Say which column is which field.", "trial": "Nothing has been changed",
           "load": "Load it", "done": "This is what the import has changed."},
    "it": {"new": "File (CSV o XLSX)", "map": "quale colonna è quale campo", "trial": "Non è ancora cambiato nulla",
           "load": "Carica", "done": "Ecco che cosa ha cambiato l'importazione."},
}  # fmt: skip


async def upload(
    site: Site, path: str, content: bytes, name: str = "file.csv", mapping: bytes = b"", token: str | None = None,
    **texts: str,
) -> Page:  # fmt: skip
    """What a browser sends that was given files."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("csrf", site.anna.token if token is None else token)
    form.add_field("file", io.BytesIO(content), filename=name)
    for field, text in texts.items():
        form.add_field(field, text)
    if mapping:
        form.add_field("mapping", mapping, filename="mapping.toml")
    return await site.anna._page("POST", path, data=form)


def chosen(page: str) -> dict[str, str]:
    """What the page of the mapping would send as it stands."""
    selects = re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    found = {unescape(name): re.search(r'value="([^"]*)" selected', inside) for name, inside in selects}
    texts = {name: unescape(text) for name, text in re.findall(r'name="(constant:[^"]+)" value="([^"]*)"', page)}
    return {name: unescape(one[1]) if one else "" for name, one in found.items()} | texts | {"separator": "|"}


@pytest.mark.parametrize("language", ["en", "it"])
async def test_a_file_is_imported_page_after_page(site: Site, kind: Kind, language: str) -> None:
    said = SAID[language]
    await fill(site.office, kind, 3)
    content = await made(site, kind.path, whole=True, language=language)
    assert f'href="/{kind.path}/import"' in (await site.anna.get(f"/{kind.path}?lang={language}")).text
    page = await site.anna.get(f"/{kind.path}/import?lang={language}")
    assert said["new"] in page.text
    page = await upload(site, f"/{kind.path}/import", content)
    page = await site.anna.get(f"{page.url}?lang={language}")
    assert said["map"] in page.text
    form = chosen(page.text)
    words = Showing(language).words
    columns = {path: one.title(words) for path, one in file_columns(kind).items() if path != ID}
    assert {name: form[f"column:{name}"] for name in columns} == columns
    sent = {name: text for name, text in form.items() if name.startswith(("column:", "constant:", "separator"))}
    page = await site.anna.post(page.url.partition("?")[0], **sent)
    assert "/jobs/" in page.url
    await do_jobs(site.office)
    page = await site.anna.get(page.url)
    link = re.search(rf'href="(/{kind.path}/import/[^"]+)"', page.text)
    assert link
    page = await site.anna.get(f"{link[1]}?lang={language}")
    assert said["trial"] in page.text
    assert re.search(rf"<button[^>]* disabled>{said['load']}<", page.text)  # nothing would change
    mapping = orjson.loads(await download(site, f"{link[1]}/mapping.json"))
    assert {path: title for path, title in mapping["columns"].items() if path != ID} == columns


async def test_what_was_seen_is_loaded_and_its_page_tells_of_it(site: Site) -> None:
    for language in ("en", "it"):
        content = csv_of([["Code", "Name (Italian)"], [f"N{language}", "Nuovo"], [f"O{language}", ""]])
        await site.anna.get("/shelves/import")
        page = await upload(site, "/shelves/import", content)
        form = chosen(page.text)
        page = await site.anna.post(page.url, **{n: t for n, t in form.items() if n.startswith("column:")})
        await do_jobs(site.office)
        page = await site.anna.get(f"{page.url}?lang={language}")
        assert {"en": "Name: Fill this in.", "it": "Nome: Da compilare."}[language] in page.text
        trial = re.search(r'href="(/shelves/import/[^"]+)"', page.text)
        assert trial
        page = await site.anna.get(f"{trial[1]}?lang={language}")
        assert {"en": "Fill this in.", "it": "Da compilare."}[language] in page.text
        page = await site.anna.post(trial[1])
        await do_jobs(site.office)
        page = await site.anna.get(page.url)
        done = re.search(r'href="(/shelves/import/[^"]+)"', page.text)
        assert done
        page = await site.anna.get(f"{done[1]}?lang={language}")
        assert SAID[language]["done"] in unescape(page.text)
        assert f"N{language}" in (await site.anna.get("/shelves")).text
        assert table(await download(site, re.sub(r".*/", "/jobs/", done[1]) + "/file"))[1][0] == f"O{language}"


async def test_a_mapping_file_is_taken_and_what_is_wrong_in_it_is_said(site: Site) -> None:
    toml = b'[columns]\ncode = "K"\nname.it = "N"\n[constants]\nname.en = "Always"\n'
    content = csv_of([["K", "N"], ["A", "Uno"]])
    await site.anna.get("/shelves/import")
    form = chosen((await upload(site, "/shelves/import", content, mapping=toml)).text)
    assert (form["column:code"], form["column:name.it"], form["constant:name.en"]) == ("K", "N", "Always")

    for wrong in (b"[columns\n", b"colour = 1\n", b"{", b"[columns]\ncode = 1\n", b"\xff", b'separator = "x"'):
        page = await upload(site, "/shelves/import", content, mapping=wrong)
        assert page.status == 422, wrong
        assert "The mapping file is not right at" in page.text
    page = await upload(site, "/shelves/import", content, mapping=b'[columns]\nnothing = "K"\n')
    page = await site.anna.post(page.url, **{"column:nothing": "K"})
    assert page.status == 422
    assert "There is no field nothing" in unescape(page.text)


async def test_a_column_that_is_not_there_is_said_beside_its_field(site: Site) -> None:
    await site.anna.get("/shelves/import")
    page = await upload(site, "/shelves/import", csv_of([["K"], ["A"]]))
    page = await site.anna.post(page.url, **{"column:code": "Other"})

    assert page.status == 422
    assert re.search(r'aria-invalid="true" aria-describedby="e-code"', page.text)
    assert 'id="e-code"' in page.text
    assert '<option value="Other" selected>' in page.text


async def test_every_choice_has_its_label_and_tables_have_heads(site: Site, kind: Kind) -> None:
    await site.anna.get(f"/{kind.path}/import")
    page = await upload(site, f"/{kind.path}/import", csv_of([["K"], ["A"]]))
    form = page.text[page.text.index('<form class="card"') :]
    for tag in re.findall(r"<(?:select|input)[^>]*>", form[: form.index("</form>")]):
        if 'type="hidden"' in tag:
            continue
        identity = re.search(r' id="([^"]+)"', tag)
        named = re.search(r'aria-labelledby="([^"]+)"', tag)
        assert (
            'aria-label="' in tag
            or (named and f'id="{named[1]}"' in form)
            or (identity and f'for="{identity[1]}"' in form)
        ), tag


async def test_a_file_without_its_token_first_is_not_taken(site: Site) -> None:
    content = csv_of([["Code"], ["A"]])
    await site.anna.get("/shelves/import")
    assert (await upload(site, "/shelves/import", content, token="0" * 64)).status == 403
    late = aiohttp.FormData()
    late.add_field("file", content, filename="a.csv")
    late.add_field("csrf", site.anna.token)
    assert (await site.anna._page("POST", "/shelves/import", data=late)).status == 403
    assert (await site.anna._page("POST", "/shelves/import", data={"file": "x"})).status == 403
    headers = {"X-CSRF-Token": ""}
    bare = aiohttp.FormData()
    bare.add_field("file", content, filename="a.csv")
    assert (await site.anna._page("POST", "/shelves/import", data=bare, headers=headers)).status == 403


async def test_a_form_without_a_file_is_said_so_where_it_was_chosen(site: Site) -> None:
    for language, sentence in (("en", "Choose a file."), ("it", "Scegli un file.")):
        await site.anna.get(f"/{SHELVES.path}/import")
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("csrf", site.anna.token)
        form.add_field("encoding", "")
        page = await site.anna._page("POST", f"/{SHELVES.path}/import?lang={language}", data=form)
        assert (page.status, sentence in page.text) == (400, True)


async def test_a_file_larger_than_a_form_is_taken_in_pieces(site: Site) -> None:
    rows = [["Code", "Name (Italian)", "Note"], *([f"S{n}", "Uno", "x" * 900] for n in range(3000))]
    await site.anna.get("/shelves/import")
    page = await upload(site, "/shelves/import", csv_of(rows), name="../../etc/pass wd.csv")

    assert page.status == 200
    assert "pass wd.csv" in page.text
    assert "etc" not in re.findall(r"<h1>(.*?)</h1>", page.text)[0]


async def test_the_characters_of_an_old_file_can_be_named(site: Site) -> None:
    content = "Code;Name (Italian)\nA;Caffè\n".encode("cp1252")
    await site.anna.get("/shelves/import")
    assert "UTF-8" in (await upload(site, "/shelves/import", content)).text
    page = await upload(site, "/shelves/import", content, encoding="cp1252")
    assert "Caffè" in page.text
