"""Saved views: the address of a list with a name, one's own or everybody's in the company. Jobs on a connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from central.kit.addresses import read_address
from central.kit.kinds import Kind
from central.kit.proposals import Edit
from central.kit.reading import clean, fold
from central.kit.tables import list_view
from commerce.errors import BadInputError, NotFoundError, RuleError
from commerce.ids import new_id

MOST_VIEWS = 40
MOST_NAME = 60
_EVERYBODY = ""
_V = list_view.c


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view as its list shows it; ``query`` leads there."""

    id: str
    name: str
    query: Mapping[str, str]
    shared: bool
    is_default: bool


def views_of(conn: Connection, kind: Kind, company: str, actor: str) -> list[SavedView]:
    """Return somebody's views of a list and everybody's, by name; one that cannot be read any more is passed over."""
    mine = (_V.company == company, _V.kind == kind.name, _V.owner.in_((actor, _EVERYBODY)))
    rows = conn.execute(select(list_view).where(*mine).order_by(_V.key_name, _V.id))
    found = [SavedView(row.id, row.name, row.query, row.owner == _EVERYBODY, row.is_default) for row in rows]
    return [one for one in found if _readable(kind, one.query)]


def default_of(views: Sequence[SavedView]) -> SavedView | None:
    """Return the view that a list begins with: one's own goes before everybody's."""
    return next(iter(sorted((one for one in views if one.is_default), key=lambda one: one.shared)), None)


def keep_view(
    conn: Connection, kind: Kind, edit: Edit, name: str, query: Mapping[str, str], *, shared: bool, is_default: bool
) -> None:
    """Save an address under a name, in place of one of the same name; what everybody sees, who may edit saves.

    BadInputError ``field.needed`` or ``field.long``; RuleError ``view.many``.
    """
    owner, called = _owner(kind, edit, shared=shared), clean(name)
    if not called or len(called) > MOST_NAME or not called.isprintable():
        raise BadInputError("field.long" if called else "field.needed", field="name", most=MOST_NAME)
    theirs = _theirs(kind, edit.company, owner)
    conn.execute(delete(list_view).where(*theirs, _V.key_name == fold(called)))
    if len(conn.execute(select(_V.id).where(*theirs)).all()) >= MOST_VIEWS:
        raise RuleError("view.many", most=MOST_VIEWS)
    if is_default:
        conn.execute(update(list_view).where(*theirs).values(is_default=False))
    row = {"company": edit.company, "id": new_id(), "kind": kind.name, "owner": owner, "key_name": fold(called)}
    conn.execute(insert(list_view), {**row, "name": called, "query": dict(query), "is_default": is_default})


def drop_view(conn: Connection, kind: Kind, edit: Edit, view: str) -> None:
    """Forget a view of one's own, or as one who may edit one of everybody's; NotFoundError ``view.gone``."""
    this = (_V.company == edit.company, _V.kind == kind.name, _V.id == view)
    row = conn.execute(select(_V.owner).where(*this)).first()
    if row is None or row.owner not in (_EVERYBODY, edit.actor.id):
        raise NotFoundError("view.gone")
    _owner(kind, edit, shared=row.owner == _EVERYBODY)
    conn.execute(delete(list_view).where(*this))


def _owner(kind: Kind, edit: Edit, *, shared: bool) -> str:
    if shared:
        edit.actor.scope(kind.edit, edit.company).whole()
        return _EVERYBODY
    return str(edit.actor.id)


def _theirs(kind: Kind, company: str, owner: str) -> tuple[ColumnElement[bool], ...]:
    return (_V.company == company, _V.kind == kind.name, _V.owner == owner)


def _readable(kind: Kind, query: Mapping[str, str]) -> bool:
    try:
        read_address(kind, query)
    except BadInputError:
        return False
    return True
