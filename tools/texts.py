"""Checks that every sentence has its Italian, and compiles the catalogues that the programs read."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "commerce" / "texts" / "locale"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "t": None, "tn": (1, 2), "ngettext": (1, 2), "counted": (2, 3)}
READS = {"commerce": ("common",), "terminal": ("common", "till"), "central": ("common", "central")}
METHODS = {".py": "python", ".html": "jinja2", ".jinja": "jinja2", ".j2": "jinja2", ".txt": "jinja2"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text for people found in the sources; `plural` is empty where there is one form."""

    package: str
    place: str
    singular: str
    plural: str = ""


def main() -> None:
    """Check unless told only to compile; compile unless told only to check."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="check only")
    options.add_argument("--compile-only", action="store_true", help="compile only")
    options.add_argument("--missing", metavar="CATALOGUE", help="print entries to fill in, for till, central or common")
    chosen = options.parse_args()
    if chosen.missing:
        print_missing(chosen.missing)
        return
    if not chosen.compile_only:
        check(ROOT)
    if not chosen.check:
        print(f"Texts: {compile_all(CATALOGUES)} catalogues compiled.", flush=True)


def check(root: Path) -> None:
    """End with the list of what is untranslated, if anything is."""
    sentences = extract_all(root)
    faults = find_faults(sentences, root / "commerce" / "texts" / "locale")
    for fault in faults:
        print(f"  {fault}")
    count = len({sentence.singular for sentence in sentences})
    if faults:
        sys.exit(f"Texts: {len(faults)} of {count} sentences are not right in every language (see above).")
    print(f"Texts: {count} sentences, each in every language.", flush=True)


def print_missing(domain: str) -> None:
    """Print an entry for each sentence that no catalogue has yet and this one should take."""
    catalogues = sorted(CATALOGUES.rglob("*.po"))
    known = {message.id for source in catalogues for message in read_catalogue(source)}
    known |= {forms[0] for forms in known if isinstance(forms, tuple)}
    entries = {s.singular: s for s in extract_all(ROOT) if READS[s.package][-1] == domain and s.singular not in known}
    for entry in entries.values():
        translated = f'msgid_plural {quoted(entry.plural)}\nmsgstr[0] ""\nmsgstr[1] ""' if entry.plural else 'msgstr ""'
        print(f"\n#: {entry.place}\nmsgid {quoted(entry.singular)}\n{translated}")


def quoted(text: str) -> str:
    """Write a text as catalogues do."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def compile_all(catalogues: Path) -> int:
    """Write the .mo beside each .po and return how many there are."""
    sources = sorted(catalogues.rglob("*.po"))
    for source in sources:
        with source.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_catalogue(source))
    return len(sources)


def read_catalogue(source: Path) -> Catalog:
    """Read a .po file; a malformed one is an error, not a warning."""
    with source.open("rb") as stream:
        return read_po(stream, abort_invalid=True)


def extract_all(root: Path) -> list[Sentence]:
    """Find every marked text in the packages' Python files and templates."""
    files = (path for package in READS for path in sorted((root / package).rglob("*")))
    return [sentence for path in files if path.suffix in METHODS for sentence in extract(root, path)]


def extract(root: Path, path: Path) -> list[Sentence]:
    """Find the marked texts of one file."""
    package = path.relative_to(root).parts[0]
    found = extract_from_file(METHODS[path.suffix], path, keywords=KEYWORDS, options={"silent": "false"})
    sentences = []
    for line, messages, _comments, _context in found:
        singular, plural = messages[:2] if isinstance(messages, tuple) else (messages, "")
        sentences.append(Sentence(package, f"{path.relative_to(root)}:{line}", singular, plural))
    return sentences


def find_faults(sentences: list[Sentence], catalogues: Path) -> list[str]:
    """Name each sentence that a language lacks, has as a guess, or has with other placeholders."""
    languages = sorted(folder.name for folder in catalogues.iterdir() if folder.is_dir())
    faults = []
    for language in languages:
        folder = catalogues / language / "LC_MESSAGES"
        known = {source.stem: read_catalogue(source) for source in folder.glob("*.po")}
        found = ((fault, s.place) for s in reversed(sentences) for fault in faults_of(s, known, language))
        faults += [f"{place}: {fault}" for fault, place in reversed(dict(found).items())]
    return faults


def faults_of(sentence: Sentence, known: dict[str, Catalog], language: str) -> list[str]:
    """Check one sentence in the catalogues that its package reads."""
    domains = READS[sentence.package]
    found = [known[d].get(sentence.singular) for d in domains if d in known]
    message = next((m for m in found if m is not None), None)
    if message is None or not any(forms(message)):
        return [f'no {language} for "{sentence.singular}" in {" or ".join(domains)}.po']
    if message.fuzzy:
        return [f'{language} of "{sentence.singular}" is marked fuzzy']
    if sentence.plural and not all(form for form in forms(message)[:2]):
        return [f'{language} of "{sentence.singular}" lacks its plural']
    wanted = placeholders(sentence.singular) | placeholders(sentence.plural)
    if any(placeholders(form) - wanted for form in forms(message)) or placeholders(forms(message)[-1]) != wanted:
        return [f'{language} of "{sentence.singular}" has other placeholders']
    return []


def forms(message: Message) -> tuple[str, ...]:
    """Return a message's translations, one for each plural form."""
    return tuple(message.string) if isinstance(message.string, list | tuple) else (message.string or "",)


def placeholders(text: str) -> frozenset[str]:
    """Return the names that a text leaves to be filled, in either notation."""
    braces = (name for _text, name, _format, _conversion in Formatter().parse(text) if name is not None)
    return frozenset({*braces, *re.findall(r"%\((\w+)\)", text)})


if __name__ == "__main__":
    main()
