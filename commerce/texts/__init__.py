"""Texts for people. Message ids are the English sentences; Italian stands in ``locale/it``.

This is the one part of ``commerce`` that reads files: its own catalogues, once per language.
"""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "it")
DOMAINS = ("common", "till", "central")
LOCALE = Path(__file__).parent / "locale"


class Translator:
    """Puts message ids into one language; what the catalogues do not know stays English."""

    def __init__(self, language: str) -> None:
        """Load every catalogue of a language; an unknown language has none and so reads English."""
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._catalogue = gettext.NullTranslations()
        for domain in DOMAINS:
            self._catalogue.add_fallback(_load(self.language, domain))

    def t(self, msgid: str, /, **values: object) -> str:
        """Return a message in this language, its ``{placeholders}`` filled with values."""
        text = self._catalogue.gettext(msgid) if msgid else ""
        return text.format(**values) if values else text

    def tn(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        """Return the form of a message that fits a count, which fills ``{count}``."""
        return self._catalogue.ngettext(singular, plural, count).format(count=count, **values)


@lru_cache(maxsize=16)
def translator(language: str) -> Translator:
    """Return the translator of a language, made once."""
    return Translator(language)


def N_(msgid: str) -> str:  # noqa: N802  # the name every gettext tool looks for
    """Mark a message for extraction that is put into language later."""
    return msgid


def _load(language: str, domain: str) -> gettext.NullTranslations:
    compiled = LOCALE / language / "LC_MESSAGES" / f"{domain}.mo"
    source = compiled.with_suffix(".po")
    if source.exists() and (not compiled.exists() or source.stat().st_mtime_ns > compiled.stat().st_mtime_ns):
        return gettext.GNUTranslations(_compile(source))  # a working tree: wheels carry no sources
    if not compiled.exists():
        return gettext.NullTranslations()
    with compiled.open("rb") as stream:
        return gettext.GNUTranslations(stream)


def _compile(source: Path) -> io.BytesIO:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    buffer = io.BytesIO()
    with source.open("rb") as stream:
        write_mo(buffer, read_po(stream))
    buffer.seek(0)
    return buffer
