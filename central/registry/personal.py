"""Personal data of a customer: given out whole, and erased but for what has to stay. Jobs on a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from central.identity import audit
from central.kit import requests
from central.kit import service as kit
from central.kit.models import said_of
from central.kit.proposals import Edit, Proposal, Record
from central.registry.customers import CUSTOMERS, Customer
from commerce.errors import RuleError
from commerce.texts import N_

ERASED = "***"
KEPT = {
    "number": N_("Its number: documents name it by that."),
    "acts": N_("Who changed it and when, without what was changed."),
    "documents": N_(
        "Documents that were issued: the law keeps them for ten years, with the names they were issued with."
    ),
    "named": N_("That it is there: other records name it. Nothing but its number stands in it."),
}  # fmt: skip
_MOST_ACTS = 10_000


@dataclass(frozen=True, slots=True)
class PersonalData:
    """All that the registry holds of a customer, in JSON: the record, and what was changed of it by whom."""

    record: Mapping[str, Any]
    acts: tuple[audit.PastAct, ...]


def personal_data(conn: Connection, edit: Edit, record: str) -> PersonalData:
    """Return it, and write down who asked; NotFoundError ``record.gone``."""
    edit.actor.scope(CUSTOMERS.see, edit.company)
    standing = kit.get(conn, CUSTOMERS, edit.company, record)
    acts = audit.acts_on(conn, edit.company, CUSTOMERS.name, record, _MOST_ACTS)
    _note(conn, edit, "exported", standing)
    return PersonalData(said_of(CUSTOMERS, standing), tuple(acts))


def erase(conn: Connection, edit: Edit, record: str, shown: int | None) -> tuple[str, ...]:
    """Erase a customer's personal data from registry, search, tills and the record of changes; return what was kept.

    The names in ``KEPT``. ConflictError ``version.stale`` and NotFoundError ``record.gone`` as for any change.
    """
    standing = kit.get(conn, CUSTOMERS, edit.company, record)
    bare = Customer(code=standing.card.code, name=ERASED, at_tills=False, stopped=True)
    saved = kit.save(conn, CUSTOMERS, edit, [Proposal(bare, record, shown)])[0]
    named = not _removed(conn, edit, saved)
    for title in _titles(conn, edit, record):
        audit.call_otherwise(conn, edit.company, title, CUSTOMERS.title(bare))
    audit.forget_values(conn, edit.company, CUSTOMERS.name, record)
    requests.forget(conn, record)
    _note(conn, edit, "erased", saved)
    return ("number", "acts", "documents", *(["named"] if named else []))


def _titles(conn: Connection, edit: Edit, record: str) -> set[str]:
    """Return all that it was ever called: acts on what named it hold that."""
    acts = audit.acts_on(conn, edit.company, CUSTOMERS.name, record, _MOST_ACTS)
    return {title for act in acts for title in act.change.get("record", ()) if title}


def _removed(conn: Connection, edit: Edit, bare: Record) -> bool:
    try:
        kit.remove(conn, CUSTOMERS, edit, {bare.id: bare.version})
    except RuleError:  # others name it: before anything of it was changed
        return False
    return True


def _note(conn: Connection, edit: Edit, action: str, record: Record) -> None:
    change = {"record": (None, record.card.code)}
    audit.record(conn, edit.actor, edit.at, edit.act(CUSTOMERS, action, record.id, change))
