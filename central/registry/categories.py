"""Categories of items: a tree, in which nothing stands below itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.kit import records
from central.kit.fields import SELF, reference, text, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import ITEMS
from central.registry.naming import coded
from commerce.texts import N_, counted

DEEPEST = 8  # people lose their way in deeper ones, and a walk to the top has an end


@dataclass(frozen=True, kw_only=True)
class Category:
    """A part of what is sold; ``parent`` is what it is a part of."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice", "codice categoria"))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("categoria", "descrizione"))
    parent: str | None = reference(N_("Part of"), SELF)


def check_categories(conn: Connection, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse what would stand below itself, and what stands too deep."""
    parents = _parents(conn, edit.company, proposals)
    for one in proposals:
        above, at = 0, one.card.parent
        while at is not None and at != one.id and above < DEEPEST - 1:
            above, at = above + 1, parents.get(at)
        if at is not None:
            one.refuse("category.cycle" if at == one.id else "category.deep", "parent", most=DEEPEST)


def _parents(conn: Connection, company: str, proposals: Sequence[Proposal]) -> dict[str, str | None]:
    """Return the parent of each category above these, as it would be: one question for each level."""
    parents: dict[str, str | None] = {one.id: one.card.parent for one in proposals if one.id}
    wanted = {one.card.parent for one in proposals}
    for _ in range(DEEPEST):
        found = records.find(conn, CATEGORIES, company, [one for one in wanted if one and one not in parents])
        parents |= {key: record.card.parent for key, record in found.items()}
        wanted = {parents.get(one) for one in wanted if one}
    return parents


CATEGORIES: Kind = Kind(
    name="category",
    path="categories",
    area=ITEMS,
    card=Category,
    words=Words(
        one=N_("Category"),
        many=N_("Categories"),
        new=N_("New category"),
        none=N_("No category yet"),
        count=counted("count", "{count} category", "{count} categories"),
        added=N_("added a category"),
        changed=N_("changed a category"),
        deleted=N_("deleted a category"),
    ),
    title=coded,
    columns=("code", "names", "parent"),
    sorts=("code", "names"),
    probes=("parent",),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_categories,
)
