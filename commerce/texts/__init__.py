"""Texts for people. Message ids are the English sentences; Italian stands in ``locale/it``.

This is the one part of ``commerce`` that reads files: its own catalogues, once per language.
"""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        if isinstance(msgid, Counted):
            return self.say(msgid, values) if values else self._form(msgid, values)
        text = self._catalogue.gettext(msgid) if msgid else ""
        return text.format(**values) if values else text

    def say(self, msgid: str, values: Mapping[str, object], /) -> str:
        """Return a message filled with whatever there is of its values; one that counts in the form that fits.

        A missing value is a "?": a person told something imprecise is better off than one told nothing.
        """
        return self._form(msgid, values).format_map(_Values(values))

    def forms(self, msgid: Counted, /) -> tuple[str, str]:
        """Return how a message is said of one and of more, its placeholders left to be filled."""
        return self._form(msgid, {msgid.of: 1}), self._form(msgid, {msgid.of: 2})

    def _form(self, msgid: str, values: Mapping[str, object]) -> str:
        if not isinstance(msgid, Counted):
            return self.t(msgid)
        count = values.get(msgid.of)
        return self._catalogue.ngettext(str(msgid), msgid.plural, count if isinstance(count, int) else 2)

    def tn(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        """Return the form of a message that fits a count, which fills ``{count}``."""
        return self._catalogue.ngettext(singular, plural, count).format(count=count, **values)


@lru_cache(maxsize=16)
def translator(language: str) -> Translator:
    """Return the translator of a language, made once."""
    return Translator(language)


class Counted(str):
    """A message that counts ``of`` a value: it is itself of one, ``plural`` of any other number."""

    __slots__ = ("of", "plural")
    of: str
    plural: str


def counted(of: str, singular: str, plural: str) -> Counted:
    """Mark a message for extraction that is put into language later, in the form that fits a value."""
    msgid = Counted(singular)
    msgid.of, msgid.plural = of, plural
    return msgid


def N_(msgid: str) -> str:  # noqa: N802  # the name every gettext tool looks for
    """Mark a message for extraction that is put into language later."""
    return msgid


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


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
