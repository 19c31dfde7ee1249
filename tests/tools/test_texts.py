"""The check of texts finds every way in which a language can lack a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.texts import compile_all, extract_all, find_faults

if TYPE_CHECKING:
    from pathlib import Path

HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
SOURCE = "x = t('Hello {name}')\n"
RIGHT = 'msgid "Hello {name}"\nmsgstr "Ciao {name}"\n'
COUNTED = "x = tn('{count} item', '{count} items', n)\n"
WRONG = {
    "no translation at all": (SOURCE, ""),
    "an empty translation": (SOURCE, 'msgid "Hello {name}"\nmsgstr ""\n'),
    "a guess": (SOURCE, "#, fuzzy\n" + RIGHT),
    "another placeholder": (SOURCE, 'msgid "Hello {name}"\nmsgstr "Ciao {nome}"\n'),
    "a placeholder left out": (SOURCE, 'msgid "Hello {name}"\nmsgstr "Ciao"\n'),
    "a marked text": ("x = N_('Later')\n", ""),
    "a missing plural": (
        COUNTED,
        'msgid "{count} item"\nmsgid_plural "{count} items"\nmsgstr[0] "{count} articolo"\nmsgstr[1] ""\n',
    ),
}


def faults(
    root: Path, source: str, catalogue: str, *, path: str = "terminal/ui/views.py", domain: str = "till"
) -> list[str]:
    folder = root / "commerce" / "texts" / "locale" / "it" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{domain}.po").write_text(HEADER + catalogue)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(source)
    return find_faults(extract_all(root), folder.parent.parent)


@pytest.mark.parametrize(("source", "catalogue"), WRONG.values(), ids=WRONG)
def test_what_a_language_lacks_is_found(tmp_path: Path, source: str, catalogue: str) -> None:
    assert len(faults(tmp_path, source, catalogue)) == 1


def test_a_whole_translation_is_left_alone(tmp_path: Path) -> None:
    assert faults(tmp_path, SOURCE, RIGHT) == []


def test_a_whole_plural_is_left_alone(tmp_path: Path) -> None:
    forms = (
        'msgid "{count} item"\nmsgid_plural "{count} items"\nmsgstr[0] "un articolo"\nmsgstr[1] "{count} articoli"\n'
    )

    assert faults(tmp_path, COUNTED, forms) == []


def test_a_template_is_read(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "<p>{{ _('Hello {name}') }}</p>", "", path="central/sales/templates/day.html")) == 1


def test_the_till_does_not_read_the_catalogue_of_central(tmp_path: Path) -> None:
    assert len(faults(tmp_path, SOURCE, RIGHT, domain="central")) == 1


def test_the_common_catalogue_serves_the_till(tmp_path: Path) -> None:
    assert faults(tmp_path, SOURCE, RIGHT, domain="common") == []


def test_every_catalogue_is_compiled(tmp_path: Path) -> None:
    faults(tmp_path, SOURCE, RIGHT)

    assert compile_all(tmp_path / "commerce") == 1
    assert len(list(tmp_path.rglob("till.mo"))) == 1
