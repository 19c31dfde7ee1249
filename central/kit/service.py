"""The one way in which records change: forms, programs and imports all come through here.

Every function is a job on a connection. Permission, limits, references, uniqueness and the kind's own check come
first, over the whole set; then row, words, feed, record of changes and event, in one transaction.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from central.db.events import emit
from central.db.feed import publish_many
from central.db.signals import mark, topic_of
from central.identity import audit
from central.kit import records
from central.kit.history import difference
from central.kit.kinds import Kind
from central.kit.proposals import DoubtError, Edit, Proposal, Record, all_problems, pending
from central.kit.shape import RowsShape, Shape
from central.kit.showing import Titles
from central.kit.titles import references_of, titles_of
from commerce.errors import BadInputError, ConflictError, InvalidError, NotFoundError, Problems, RuleError
from commerce.ids import new_id

Change = Callable[[Any], Any]  # of a card


def save(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> list[Record]:
    """Save cards, all or none; return them as they stand then.

    InvalidError with all that is wrong, DoubtError with the warnings that nobody has overruled. ConflictError
    ``version.stale`` for a record that somebody else saved since it was shown; NotFoundError ``record.gone``.
    """
    examine(conn, kind, edit, proposals)
    found = all_problems([list(one.problems) for one in proposals])
    if found:
        raise InvalidError(*found)
    doubtful = all_problems([pending(edit, one) for one in proposals])
    if doubtful:
        raise DoubtError(*doubtful)
    return store(conn, kind, edit, proposals)


def examine(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Note everything that is wrong with proposals, or doubtful; nothing is changed."""
    enter(conn, kind, edit)
    look_over(conn, kind, edit, proposals)


def look_over(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Note the same as ``examine`` for whoever only asks: others may save meanwhile."""
    _find_standing(conn, kind, edit, proposals)
    for proposal in proposals:
        _check_card(kind.shapes, proposal.card, proposal.problems)
        _check_rows(kind, proposal)
    _check_references(conn, kind, edit, proposals)
    sound = [proposal for proposal in proposals if not proposal.problems]
    _check_unique(conn, kind, edit, sound)
    kind.check(conn, edit, sound)


def store(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> list[Record]:
    """Save what ``examine`` found nothing wrong with, in the same transaction; of others nothing is changed."""
    sound = [one for one in proposals if not one.problems and not pending(edit, one)]
    changed = [one for one in sound if not one.unchanged]
    made = {id(one): _made(kind, edit, one) for one in changed}
    known = {one.before.id for one in changed if one.before}
    records.put(conn, kind, edit.company, list(made.values()), known)
    _tell(conn, kind, edit, [(one.before, made[id(one)]) for one in changed])
    return [made.get(id(one), one.before) for one in sound]  # type: ignore[misc]


def remove(conn: Connection, kind: Kind, edit: Edit, shown: Mapping[str, int | None]) -> None:
    """Delete records of the versions shown; ``RuleError`` ``record.used`` where another names one.

    Documents keep what they copied of them. The record stays to be looked at, and its codes are free again.
    """
    enter(conn, kind, edit)
    proposals = [Proposal(None, one, version) for one, version in shown.items()]
    _find_standing(conn, kind, edit, proposals)
    for proposal in proposals:
        check_unused(conn, kind, edit, str(proposal.id))
    before = [one.before for one in proposals if one.before]
    gone = [replace(one, version=one.version + 1, changed_at=edit.at, gone=True) for one in before]
    records.put(conn, kind, edit.company, gone, set(shown))
    _tell(conn, kind, edit, list(zip(before, gone, strict=True)))


def act(conn: Connection, kind: Kind, edit: Edit, name: str, ids: Sequence[str]) -> list[Record]:
    """Do one of the kind's actions to records, all or none; NotFoundError ``action.unknown``."""
    change = change_of(kind, name)
    found = records.find(conn, kind, edit.company, ids)
    standing = [found[one] for one in ids if one in found and not found[one].gone]
    return save(conn, kind, edit, [Proposal(change(one.card), one.id, one.version) for one in standing])


def change_of(kind: Kind, name: str) -> Change:
    """Return what one of the kind's actions does to a card; NotFoundError ``action.unknown``."""
    action = next((one for one in kind.actions if one.name == name), None)
    if action is None:
        raise NotFoundError("action.unknown")
    return action.change


def get(conn: Connection, kind: Kind, company: str, record: str) -> Record:
    """Return a record that stands; NotFoundError ``record.gone``."""
    found = records.find(conn, kind, company, [record]).get(record)
    if found is None or found.gone:
        raise NotFoundError("record.gone")
    return found


def enter(conn: Connection, kind: Kind, edit: Edit) -> None:
    """Let nobody else change a kind until this transaction ends; ForbiddenError for who may not change it.

    What all shops share is changed by who works for all of them.
    """
    edit.actor.scope(kind.edit, edit.company).whole()
    records.lock(conn, edit.company, kind)


def _find_standing(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Put beside each what stands; of several, a refusal says by its field which one it is about."""
    found = records.find(conn, kind, edit.company, [one.id for one in proposals if one.id])
    seen = set[str]()
    for number, proposal in enumerate(proposals):
        if proposal.id is None:
            continue
        under = f"{number}." if len(proposals) > 1 else ""
        before = found.get(proposal.id)
        if before is None or (before.gone and not proposal.returns):
            raise NotFoundError("record.gone", field=f"{under}id")
        if not proposal.shown:
            raise BadInputError("version.missing", field=f"{under}version", version=before.version)
        twice = proposal.id in seen and not proposal.problems  # what is refused changes nothing
        if proposal.shown != before.version or twice:
            raise ConflictError("version.stale", field=f"{under}version", version=before.version)
        seen.add(proposal.id)
        proposal.before = before


def _check_card(shapes: Mapping[str, Shape], card: object, problems: Problems) -> None:
    for name, shape in shapes.items():
        for code, values in () if isinstance(shape, RowsShape) else shape.faults(getattr(card, name)):
            problems.add(code, name, **values)


def _check_rows(kind: Kind, proposal: Proposal) -> None:
    """Check each row, and give new ones an id."""
    for name, shape in kind.children.items():
        rows = getattr(proposal.card, name)
        standing = {row.id for row in getattr(proposal.before.card, name)} if proposal.before else set()
        if len(rows) > shape.most:
            proposal.refuse("field.many", name, most=shape.most)
        shapes, seen = shape.shapes, set[str]()
        for number, row in enumerate(rows):
            under = proposal.problems.under(f"{name}.{number}")
            _check_card(shapes, row, under)
            if row.id and (row.id not in standing or row.id in seen):
                under.add("row.unknown")
            seen.add(row.id)
        proposal.put(**{name: tuple(row if row.id else replace(row, id=new_id()) for row in rows)})


def _check_references(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """One question for each kind that is named, however many proposals there are."""
    named: dict[str, list[tuple[Proposal, str, str]]] = defaultdict(list)
    for proposal in proposals:
        for where, to, value in references_of(kind, proposal.card):
            named[to.name].append((proposal, where, value))
    for to in {one.name: one for one in kind.references.values()}.values():
        there = records.living(conn, to, edit.company, [value for _, _, value in named[to.name]])
        for proposal, where, value in named[to.name]:
            if value not in there:
                proposal.refuse("field.unknown", where)


def _check_unique(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    leaving = {one.id for one in proposals if one.id}
    for name in kind.unique:
        keys = {id(one): kind.shapes[name].key(getattr(one.card, name)) for one in proposals}
        standing = records.holders(conn, kind, edit.company, name, keys.values())
        taken: dict[str | int, object] = {key: one for key, one in standing.items() if one not in leaving}
        for proposal in proposals:
            key = keys[id(proposal)]
            if key in taken:
                proposal.refuse("field.taken", name, value=getattr(proposal.card, name))
            elif key != "":
                taken[key] = proposal


def check_unused(conn: Connection, kind: Kind, edit: Edit, record: str) -> None:
    """RuleError ``record.used`` for a record that another one names."""
    for other, path in edit.kinds.naming(kind):
        if records.naming(conn, other, path, edit.company, record):
            raise RuleError("record.used", by=other.words.many)


def _made(kind: Kind, edit: Edit, proposal: Proposal) -> Record:
    version = proposal.before.version + 1 if proposal.before else 1
    return Record(proposal.id or new_id(), version, proposal.card, edit.at)


def _tell(conn: Connection, kind: Kind, edit: Edit, changes: Sequence[tuple[Record | None, Record]]) -> None:
    """Tell tills, whoever looks into the record of changes, and readers of events."""
    if kind.feed:
        rows = [(after.id, None if after.gone else kind.feed.row(after.card)) for _, after in changes]
        publish_many(conn, edit.company, None, kind.feed.kind, rows)
    # With titles: years later an id says nothing.
    called = titles_of(conn, kind, edit.company, [one.card for pair in changes for one in pair if one])
    acts = [_act_of(kind, edit, before, after, called) for before, after in changes]
    audit.record_many(conn, edit.actor, edit.at, acts)
    emit(conn, edit.company, f"{kind.name}.changed", [after.id for _, after in changes], edit.at)
    if changes:
        mark(conn, topic_of(kind.name), edit.company)


def _act_of(kind: Kind, edit: Edit, before: Record | None, after: Record, called: Titles) -> audit.Act:
    if before and before.gone:  # taken back
        before = None
    action = "deleted" if after.gone else "changed" if before else "added"
    change = difference(kind, before.card if before else None, None if after.gone else after.card, called)
    return edit.act(kind, action, after.id, {"record": (None, kind.title(after.card)), **change})
