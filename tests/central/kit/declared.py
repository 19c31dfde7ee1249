"""Kinds declared by tests: one that is flat, one with rows and references. What a declaration takes, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from central.kit.fields import choice, day, long_text, number, reference, row_id, rows, text, texts, tick, translated
from central.kit.kinds import Action, Computed, Feed, Kind, Section, Words
from central.registry.area import SETTINGS
from commerce.texts import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Connection

    from central.kit.proposals import Edit, Proposal, Record

TABLES = MetaData()


def words(one: str, many: str) -> Words:
    count = counted("count", "{count} " + one, "{count} " + many)
    return Words(one=one, many=many, new=f"New {one}", none=f"No {one}", count=count, added=f"added {one}",
                 changed=f"changed {one}", deleted=f"deleted {one}")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where books stand."""

    code: str = text("Code", most=10, needed=True)
    name: dict[str, str] = translated("Name", needed=True)


SHELVES = Kind(
    name="shelf",
    path="shelves",
    area=SETTINGS,
    card=Shelf,
    words=words("shelf", "shelves"),
    title=lambda card: card.code,
    columns=("code", "name"),
    sorts=("code", "name"),
    found_by=("name",),
    codes=("code",),
    unique=("code",),
    metadata=TABLES,
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy of a book."""

    id: str = row_id()
    label: str = text("Label", most=20, needed=True)
    shelf: str | None = reference("Shelf", SHELVES)
    bought: date | None = day("Bought")


@dataclass(frozen=True, kw_only=True)
class Book:
    """A book with a field of every shape."""

    isbn: str = text("ISBN", most=20, letters="upper")
    title: dict[str, str] = translated("Title", needed=True)
    price: Decimal | None = number("Price", scale=2, least=Decimal(0), most=Decimal(10000))
    weight: Decimal | None = number("Weight", scale=3)
    lent: bool = tick("Lent")
    since: date | None = day("Since")
    genre: str = choice("Genre", {"novel": "Novel", "poems": "Poems", "facts": "Facts"})
    shelf: str | None = reference("Shelf", SHELVES)
    authors: tuple[str, ...] = texts("Authors")
    note: str = long_text("Note")
    copies: tuple[Copy, ...] = rows("Copies", Copy)


def check_books(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    for one in proposals:
        if one.card.note == "forbidden":
            one.refuse("field.choice", "note")
        if one.card.price is not None and one.card.price > 5000:
            one.warn("field.range", "price", least="0", most="5000")


def _lengths(_conn: Connection, _company: str, records: Sequence[Record]) -> dict[str, str]:
    return {record.id: str(len(record.card.isbn)) for record in records}


def _row(card: Book) -> dict[str, Any]:
    return {"isbn": card.isbn, "title": card.title}


BOOKS = Kind(
    name="book",
    path="books",
    area=SETTINGS,
    card=Book,
    words=words("book", "books"),
    title=lambda card: next(iter(card.title.values()), ""),
    columns=("isbn", "title", "price", "lent", "since", "genre", "shelf", "length"),
    sorts=("title", "isbn", "price", "since", "genre", "lent"),
    filters=("lent", "genre", "price", "since"),
    probes=("shelf",),
    found_by=("title", "authors", "copies"),
    codes=("isbn",),
    unique=("isbn",),
    sections=(
        Section("", ("isbn", "title", "price", "weight", "genre", "authors")),
        Section("More", ("lent", "since", "shelf", "note", "copies")),
    ),
    check=check_books,
    feed=Feed("book", _row),
    actions=(Action("lend", "Lend", lambda card: _lent(card)),),
    computed=(Computed("length", "Length", _lengths),),
    metadata=TABLES,
)


def _lent(card: Book) -> Book:
    from dataclasses import replace

    return replace(card, lent=True)
