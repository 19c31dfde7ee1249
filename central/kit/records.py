"""All the SQL of records. Plain functions on a connection; they never commit.

Statements are written out, not composed by an ORM: SQLite takes wrong indexes unless they are named, and every value
is bound by its column's type.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, bindparam, delete, select, text
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from central.db.bulk import execute_plain, insert_rows
from central.db.engines import hurry
from central.db.metadata import Day, JsonText, ScaledInt, Tick
from central.db.statistics import refresh_statistics
from central.kit.kinds import ALIVE, Kind, key_of
from central.kit.proposals import Record
from central.kit.reading import fold, split_words
from central.kit.shape import Narrow
from central.kit.tables import record_search
from commerce.dates import utc_text

MOST_COUNTED = 10_000
MOST_CANDIDATES = 1_000
MOST_WORDS = 8
_LOCK = 7203117
_UNTYPABLE = "\ue000"  # part of a word to both engines, of none to ``split_words``
_ANY_DIALECT = SQLiteDialect()  # storage forms are the same on both
Place = tuple[str | int, str]  # key and id of the row after which a page begins


@dataclass(frozen=True, slots=True)
class View:
    """Which records, in which order: the address of a list, read."""

    sort: str
    down: bool = False
    filters: tuple[tuple[str, Narrow], ...] = ()
    words: str = ""


def find(conn: Connection, kind: Kind, company: str, ids: Iterable[str]) -> dict[str, Record]:
    """Return records whole, those that are gone too."""
    wanted = list(dict.fromkeys(ids))
    table = kind.table
    query = select(table).where(table.c.company == company, table.c.id.in_(wanted))
    rows = list(conn.execute(query)) if wanted else []
    children = {name: _children(conn, kind, name, company, [row.id for row in rows]) for name in kind.children}
    return {row.id: _record(kind, row, {name: rows.get(row.id, ()) for name, rows in children.items()}) for row in rows}


def page(
    conn: Connection, kind: Kind, company: str, view: View, after: Place | None = None, limit: int = 50
) -> list[Record]:
    """Return records of a view after a place, in its order; without their rows."""
    chosen = _candidates(conn, kind, company, view)
    if chosen is not None and not chosen:
        return []
    statement, values = _listing(conn, kind, company, view, chosen)
    key, sign = key_of(view.sort), "<" if view.down else ">"
    if after is not None:
        held = _held(kind, view)
        statement += f" AND id {sign} :after_id" if held else f" AND ({key}, id) {sign} (:after_key, :after_id)"
        values["after_id"] = (after[1], kind.table.c.id)
        if not held:
            values["after_key"] = (after[0], kind.table.c[key])
    way = " DESC" if view.down else ""
    statement += f" ORDER BY {key}{way}, id{way} LIMIT :most"
    values["most"] = (limit, None)
    columns = ", ".join(f'"{column.name}"' for column in kind.table.c)
    query = _bound(f"SELECT {columns} FROM {statement}", values).columns(*kind.table.c)  # noqa: S608 - our names
    return [_record(kind, row, {}) for row in conn.execute(query)]


def place_of(kind: Kind, view: View, record: Record) -> Place:
    """Return where a page ends that ends with this record."""
    return kind.shapes[view.sort].key(getattr(record.card, view.sort)), record.id


def count(conn: Connection, kind: Kind, company: str, view: View, most: int = MOST_COUNTED) -> int:
    """Return how many records a view has, counting no further than one beyond ``most``."""
    chosen = _candidates(conn, kind, company, view)
    if chosen is not None and not chosen:
        return 0
    statement, values = _listing(conn, kind, company, view, chosen)
    values["most"] = (most + 1, None)
    query = f"SELECT COUNT(*) FROM (SELECT 1 FROM {statement} LIMIT :most) AS found"  # noqa: S608 - our names
    return int(conn.execute(_bound(query, values)).scalar_one())


def hurried_count(conn: Connection, kind: Kind, company: str, view: View, limit_s: float) -> int:
    """Count within a time; DatabaseAwayError ``storage.slow`` ends the transaction where that is too short."""
    hurry(conn, limit_s)
    return count(conn, kind, company, view)


def titles(conn: Connection, kind: Kind, company: str, ids: Iterable[str]) -> dict[str, str]:
    """Return what records are called, those that are gone too; one query."""
    table, wanted = kind.table, sorted(set(ids))
    if not wanted:
        return {}
    query = select(table).where(table.c.company == company, table.c.id.in_(wanted))
    return {row.id: kind.title(_record(kind, row, {}).card) for row in conn.execute(query)}


def living(conn: Connection, kind: Kind, company: str, ids: Iterable[str]) -> set[str]:
    """Return which of these ids are records that are not gone."""
    table, wanted = kind.table, sorted(set(ids))
    if not wanted:
        return set()
    query = select(table.c.id).where(table.c.company == company, table.c.id.in_(wanted), text(ALIVE))
    return {row.id for row in conn.execute(query)}


def holders(conn: Connection, kind: Kind, company: str, field: str, keys: Iterable[str | int]) -> dict[str | int, str]:
    """Return which living records have these keys of a unique field."""
    table, wanted = kind.table, sorted({key for key in keys if key != ""}, key=str)
    if not wanted:
        return {}
    column = table.c[key_of(field)]
    query = select(column, table.c.id).where(
        table.c.company == company, column.in_(wanted), text(ALIVE), text(f"{column.name} <> ''")
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def called(conn: Connection, kind: Kind, company: str, typed: str, most: int = 10) -> list[Record]:
    """Return living records that a text may mean: by a code that begins so, then by words."""
    found = [*_by_codes(conn, kind, company, typed, most), *_by_words(conn, kind, company, typed, most)]
    records = find(conn, kind, company, found)
    return [records[one] for one in dict.fromkeys(found) if one in records and not records[one].gone][:most]


def meant(conn: Connection, kind: Kind, company: str, typed: str) -> list[str]:
    """Return the living records that a text names whole, by a code or by the title."""
    whole = fold(typed)
    return [
        one.id
        for one in called(conn, kind, company, typed, 50)
        if whole in {fold(kind.title(one.card)), *(fold(getattr(one.card, name)) for name in kind.codes)}
    ]


def naming(conn: Connection, kind: Kind, path: str, company: str, record: str) -> bool:
    """Tell whether a living record of a kind refers to a record by a field."""
    child, _, field = path.rpartition(".")
    if not child:
        query = (
            f"SELECT 1 FROM {_from(conn, kind.name, kind.probe_of(field))}"  # noqa: S608 - our names
            f' WHERE company = :company AND "{field}" = :record AND {ALIVE} LIMIT 1'
        )
    else:
        query = (
            f"SELECT 1 FROM {kind.name}_{child} AS c JOIN {kind.name} AS r ON r.company = c.company AND r.id = c.record"  # noqa: S608
            f' WHERE c.company = :company AND c."{field}" = :record AND r.{ALIVE} LIMIT 1'
        )
    return conn.execute(text(query), {"company": company, "record": record}).first() is not None


def lock(conn: Connection, company: str, kind: Kind) -> None:
    """Let nobody else change a kind of a company, or delete what it refers to, until this transaction ends.

    What was read of versions, codes and references is still so when it commits.
    """
    if conn.dialect.name != "postgresql":  # on SQLite there is one writer anyway
        return
    named = {one.name for one in kind.references.values()} | {kind.name}
    for name in sorted(named):
        shared = "" if name == kind.name else "_shared"
        execute_plain(conn, f"SELECT pg_advisory_xact_lock{shared}({_LOCK}, hashtext(?))", (f"{company}/{name}",))


def put(conn: Connection, kind: Kind, company: str, records: Sequence[Record], known: set[str]) -> None:
    """Store records whole, with their rows and words; ``known`` are the ids that stand there already."""
    replaced = [record.id for record in records if record.id in known]
    if replaced:
        _remove(conn, kind, company, replaced)
    insert_rows(conn, kind.table, [column.name for column in kind.table.c], [_row(kind, company, r) for r in records])
    for name in kind.children:
        table = kind.child_tables[name]
        rows = [row for record in records for row in _child_rows(kind, name, company, record)]
        insert_rows(conn, table, [column.name for column in table.c], rows)
    mark = _mark(company, kind)
    found = [(company, kind.name, r.id, f"{mark} {words_of(kind, r.card)}") for r in records if not r.gone]
    insert_rows(conn, record_search, ("company", "kind", "record", "words"), found)


def words_of(kind: Kind, card: object) -> str:
    """Return the words that a card is found by; of each language the title too."""
    texts = [word for name in kind.found_by for word in _words(kind, name, getattr(card, name))]
    return " ".join(split_words(" ".join((*texts, kind.title(card)))))


def look_again(conn: Connection, kind: Kind) -> None:
    """Tell the engine that a kind's tables have grown."""
    refresh_statistics(conn, kind.table, *kind.child_tables.values(), record_search)


def _listing(
    conn: Connection, kind: Kind, company: str, view: View, chosen: list[str] | None
) -> tuple[str, dict[str, tuple[object, Column[Any] | None]]]:
    table = kind.table
    source = kind.name if chosen is not None else _from(conn, kind.name, kind.index_of(view.sort))
    values: dict[str, tuple[object, Column[Any] | None]] = {"company": (company, table.c.company)}
    statement = f"{source} WHERE company = :company AND {ALIVE}"
    if chosen is not None:
        statement += " AND id IN :chosen"
        values["chosen"] = (chosen, table.c.id)
    for name, narrow in view.filters:
        statement += _condition(kind, name, narrow, values)
    held = _held(kind, view)
    if held:
        key = key_of(view.sort)
        statement += f" AND {key} = :held"
        values["held"] = (kind.shapes[view.sort].key(held.low), table.c[key])
    return statement, values


def _condition(kind: Kind, name: str, narrow: Narrow, values: dict[str, tuple[object, Column[Any] | None]]) -> str:
    column = kind.table.c[kind.filter_column(name)]
    if narrow.exact:
        values[f"is_{name}"] = (narrow.low, column)
        return f' AND "{column.name}" = :is_{name}'
    statement = ""
    for end, sign, limit in (("from", ">=", narrow.low), ("to", "<=", narrow.high)):
        if limit is not None:
            values[f"{end}_{name}"] = (limit, column)
            statement += f' AND "{column.name}" {sign} :{end}_{name}'
    return statement


def _held(kind: Kind, view: View) -> Narrow | None:
    """Return the filter that holds the sorted column to one value: the keyset is then the id alone."""
    found = [narrow for name, narrow in view.filters if name == view.sort and narrow.exact]
    return found[0] if found and not kind.shapes[view.sort].filter_by_key else None


def _from(conn: Connection, name: str, index: str) -> str:
    return f"{name} INDEXED BY {index}" if conn.dialect.name == "sqlite" else name


def _bound(statement: str, values: Mapping[str, tuple[object, Column[Any] | None]]) -> Any:  # noqa: ANN401
    made = [
        bindparam(name, value, expanding=isinstance(value, list), type_=None if column is None else column.type)
        for name, (value, column) in values.items()
    ]
    return text(statement).bindparams(*made)


def _candidates(conn: Connection, kind: Kind, company: str, view: View) -> list[str] | None:
    """Return the few records among which a view lies, None where they are not few."""
    if view.words:
        return _by_any(conn, kind, company, view.words)
    for name, narrow in view.filters:
        if name in kind.probed and narrow.exact:
            few = _probe(conn, kind, company, name, narrow)
            if len(few) <= MOST_CANDIDATES:
                return few
    return None


def _probe(conn: Connection, kind: Kind, company: str, name: str, narrow: Narrow) -> list[str]:
    values: dict[str, tuple[object, Column[Any] | None]] = {"company": (company, kind.table.c.company)}
    condition = _condition(kind, name, narrow, values)
    values["most"] = (MOST_CANDIDATES + 1, None)
    source = _from(conn, kind.name, kind.probe_of(name))
    query = f"SELECT id FROM {source} WHERE company = :company AND {ALIVE}{condition} LIMIT :most"  # noqa: S608
    return [row[0] for row in conn.execute(_bound(query, values))]


def _by_any(conn: Connection, kind: Kind, company: str, words: str) -> list[str]:
    found = [*_by_codes(conn, kind, company, words, 100), *_by_words(conn, kind, company, words, MOST_CANDIDATES)]
    return list(dict.fromkeys(found))


def _by_codes(conn: Connection, kind: Kind, company: str, typed: str, most: int) -> list[str]:
    found: list[str] = []
    begins = fold(typed)
    for name in kind.codes if begins else ():
        key = key_of(name)
        index = kind.index_of(name) if name in kind.sorts else f"uq_{kind.name}_{name}"
        query = (
            f"SELECT id FROM {_from(conn, kind.name, index)} WHERE company = :company AND {ALIVE}"  # noqa: S608
            f" AND {key} <> '' AND {key} >= :low AND {key} < :high ORDER BY {key}, id LIMIT :most"
        )
        values = {"company": company, "low": begins, "high": begins + "\U0010ffff", "most": most}
        found += [row[0] for row in conn.execute(text(query), values)]
    return found


def _by_words(conn: Connection, kind: Kind, company: str, typed: str, most: int) -> list[str]:
    split = split_words(typed)[:MOST_WORDS]
    if not split:
        return []
    postgres = conn.dialect.name == "postgresql"
    words = [_term(word, postgres=postgres) for word in split]
    mark = f"'{_mark(company, kind)}'" if postgres else f'"{_mark(company, kind)}"'
    terms = (" & " if postgres else " ").join((mark, *words))
    values = {"terms": terms, "company": company, "kind": kind.name, "most": most}
    return [row[0] for row in conn.execute(_FITTING[postgres], values)]


def _mark(company: str, kind: Kind) -> str:
    """Return the word that every record of a kind and company has, and that nobody can type.

    The full text narrows by it as by any word, so that another kind's million records cost nothing.
    """
    return _UNTYPABLE + hashlib.sha1(f"{company}/{kind.name}".encode(), usedforsecurity=False).hexdigest()[:12]


def _term(word: str, *, postgres: bool) -> str:
    """A single letter is a whole word: as a beginning it would fit most of what there is."""
    if postgres:
        return f"'{word}'{':*' if len(word) > 1 else ''}"
    return f'"{word}"{"*" if len(word) > 1 else ""}'


# Words first, then the company: CROSS JOIN keeps SQLite from walking the company's records.
_FITTING = {
    False: text(
        "SELECT s.record FROM record_words AS w CROSS JOIN record_search AS s ON s.number = w.rowid"
        " WHERE w.record_words MATCH :terms AND s.company = :company AND s.kind = :kind LIMIT :most"
    ),
    True: text(
        "SELECT record FROM record_search WHERE array_to_tsvector(string_to_array(words, ' '))"
        " @@ CAST(CAST(:terms AS text) AS tsquery) AND company = :company AND kind = :kind LIMIT :most"
    ),
}


def _children(
    conn: Connection, kind: Kind, name: str, company: str, records: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    table, card = kind.child_tables[name], kind.children[name].card
    if not records:
        return {}
    query = (
        select(table)
        .where(table.c.company == company, table.c.record.in_(records))
        .order_by(table.c.record, table.c.position)
    )
    found: dict[str, tuple[Any, ...]] = {}
    for row in conn.execute(query):
        made = card(id=row.id, **_values(kind.children[name].shapes, row))
        found[row.record] = (*found.get(row.record, ()), made)
    return found


def _record(kind: Kind, row: Row[Any], children: Mapping[str, tuple[Any, ...]]) -> Record:
    card = kind.card(**_values(kind.plain, row), **children)
    return Record(row.id, row.version, card, row.changed_at, gone=bool(row.gone))


def _values(shapes: Iterable[str], row: Row[Any]) -> dict[str, Any]:
    values = {name: row._mapping[name] for name in shapes}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _row(kind: Kind, company: str, record: Record) -> tuple[object, ...]:
    card, table = record.card, kind.table
    plain = [_stored(table.c[name], getattr(card, name)) for name in kind.plain]
    keys = [kind.shapes[name].key(getattr(card, name)) for name in kind.keys]
    return (company, record.id, *plain, *keys, record.version, int(record.gone), utc_text(record.changed_at))


def _child_rows(kind: Kind, name: str, company: str, record: Record) -> list[tuple[object, ...]]:
    table, shapes = kind.child_tables[name], kind.children[name].shapes
    return [
        (company, record.id, row.id, position, *(_stored(table.c[field], getattr(row, field)) for field in shapes))
        for position, row in enumerate(getattr(record.card, name))
    ]


def _stored(column: Column[Any], value: object) -> object:
    """Return a value in the form in which bulk writers hand it over."""
    if isinstance(column.type, Day | JsonText | ScaledInt | Tick):
        return column.type.process_bind_param(value, _ANY_DIALECT)  # type: ignore[arg-type]
    return value


def _remove(conn: Connection, kind: Kind, company: str, ids: Sequence[str]) -> None:
    for table in kind.child_tables.values():
        conn.execute(delete(table).where(table.c.company == company, table.c.record.in_(ids)))
    conn.execute(delete(kind.table).where(kind.table.c.company == company, kind.table.c.id.in_(ids)))
    found = record_search.c
    mine = (found.company == company, found.kind == kind.name, found.record.in_(ids))
    conn.execute(delete(record_search).where(*mine))


def _words(kind: Kind, name: str, value: object) -> list[str]:
    if name not in kind.children:
        return list(kind.shapes[name].words(value))
    shapes = kind.children[name].shapes
    rows: Sequence[Any] = value  # type: ignore[assignment]
    return [word for row in rows for one, shape in shapes.items() for word in shape.words(getattr(row, one))]
