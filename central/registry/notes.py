"""Notes with a code: sentences that documents begin or end with, in the language of whoever gets them."""

from dataclasses import dataclass

from central.kit.fields import choice, long_text, text, translated
from central.kit.kinds import Kind, Words
from central.registry.area import SETTINGS
from central.registry.groups import PAPERS
from central.registry.naming import coded
from commerce.texts import N_, counted

WHERE = {"first": N_("Before the lines"), "last": N_("After the lines"), "line": N_("As a line")}


@dataclass(frozen=True, kw_only=True)
class Note:
    """What is printed, in Italian and in English; an empty one is printed in the other language."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "nota"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    stands: str = choice(N_("Stands"), WHERE, needed=True, default="last")
    italian: str = long_text(N_("Text in Italian"), most=1000)
    english: str = long_text(N_("Text in English"), most=1000)


NOTES = Kind(
    name="coded_note",
    path="notes",
    area=SETTINGS,
    group=PAPERS,
    card=Note,
    words=Words(
        one=N_("Coded note"),
        many=N_("Coded notes"),
        new=N_("New coded note"),
        none=N_("No coded note yet"),
        count=counted("count", "{count} coded note", "{count} coded notes"),
        added=N_("added a coded note"),
        changed=N_("changed a coded note"),
        deleted=N_("deleted a coded note"),
    ),
    title=coded,
    columns=("code", "names", "stands", "italian"),
    sorts=("code", "names", "stands"),
    filters=("stands",),
    found_by=("names", "italian", "english"),
    codes=("code",),
    unique=("code",),
)
