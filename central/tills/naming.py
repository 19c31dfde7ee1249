"""What alarms of a till are about, in what people know: a receipt, an item, an operator; keys are proof and no name."""

from dataclasses import dataclass
from datetime import MAXYEAR, datetime

from sqlalchemy import Connection

from central.registry.service import row_names
from central.tills import queries
from commerce.bodies.summary import Summary, summary_of

_LONGEST_SEQ = 18


@dataclass(frozen=True, slots=True)
class EntryName:
    """An entry as people know it: what kind of thing, when, and what its document says."""

    kind: str
    at: datetime | None
    summary: Summary

    @classmethod
    def of(cls, kind: str | None, at: str | None, body: bytes | None) -> "EntryName | None":
        """Name an entry by its columns; None where there is none. What it says of its time may be nonsense."""
        return None if kind is None else cls(kind, _moment(at or ""), summary_of(body))


@dataclass(frozen=True, slots=True)
class About:
    """What an alarm is about. ``entry`` where it is one that is held here, ``names`` by language of a registry's row.

    ``row`` is the kind of such a row, ``after`` the last number before those that are gone.
    """

    entry: EntryName | None = None
    is_open_sale: bool = False
    row: str = ""
    names: dict[str, str] | None = None
    after: str = ""

    def name_in(self, language: str) -> str:
        """Return what the row is called, in another language where it has no name in this one; empty when unknown."""
        names = self.names or {}
        return names.get(language) or next((name for name in names.values() if name), "")


def about(conn: Connection, company: str, till: str, code: str, subject: str, detail: str) -> About:
    """Return what an alarm is about, as far as it is known here."""
    kind, _, key = subject.partition("/")
    match code:
        case "ledger_changed" if kind == "sale":
            return About(is_open_sale=True)
        case "ledger_changed":
            return About(entry=_entry(conn, till, kind, key))
        case "numbers_missing":
            return About(after=detail.removeprefix("after "))
        case "registry_changed":
            return About(row=kind, names=row_names(conn, company, kind, key))
        case _:
            return About()


def _entry(conn: Connection, till: str, chain: str, seq: str) -> EntryName | None:
    if not (seq.isascii() and seq.isdecimal() and len(seq) <= _LONGEST_SEQ):
        return None
    found = queries.find_shown(conn, till, chain, int(seq))
    return None if found is None else EntryName.of(found.kind, found.at, found.body)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and 1 < moment.year < MAXYEAR else None
