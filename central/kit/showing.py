"""For whom values are shown: language, formats, and what the records they name are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.web.formats import Formats
from central.web.rendering import formats
from commerce.texts import Translator, translator

Titles = Mapping[tuple[str, str], str]  # of a kind's name and a record's id


@dataclass(frozen=True, slots=True)
class Showing:
    """One reader's language with the titles of the page's references."""

    language: str
    titles: Titles = field(default_factory=dict)

    @property
    def words(self) -> Translator:
        """Return the language's catalogue."""
        return translator(self.language)

    @property
    def formats(self) -> Formats:
        """Return how the language writes numbers and days."""
        return formats(self.language)

    def title(self, kind: str, record: str) -> str:
        """Return what a record is called; one that is not known any more is a dash, never an id."""
        return self.titles.get((kind, record), "–")
