"""Lists page by key: whatever changes between two pages, what stays is shown once, in no engine's own order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from central.db.metadata import Key
from central.kit import records
from central.kit.proposals import Record
from central.kit.records import View
from tests.central.kit.declared import SHELVES, Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from central.kit.kinds import Kind
    from tests.central.office import Office

AT = datetime(2026, 11, 24, tzinfo=UTC)
NAMES = st.sampled_from(
    ["", "a", "A", "à", "aa", "b", "B c", "Zoë", "zoe", "ż", "É", "e", "ss", "ß", "1", "10", "2", "-"]
)
STEPS = st.tuples(st.sampled_from(["add", "remove", "rename"]), st.integers(0, 20), NAMES)


def record(number: int, name: str, version: int = 1, *, gone: bool = False) -> Record:
    return Record(f"r{number:03d}", version, Shelf(code=f"C{number}", name={"it": name}), AT, gone=gone)


def change(conn: Connection, step: tuple[str, int, str], standing: dict[str, Record], touched: set[str]) -> None:
    act, number, name = step
    if act == "add":
        new = record(100 + len(touched) + number * 30, name)
        if new.id not in standing:
            records.put(conn, SHELVES, "here", [new], set())
            standing[new.id] = new
            touched.add(new.id)
        return
    if not standing:
        return
    one = sorted(standing.values(), key=lambda each: each.id)[number % len(standing)]
    touched.add(one.id)
    after = record(int(one.id[1:]), name, one.version + 1, gone=act == "remove")
    records.put(conn, SHELVES, "here", [after], {one.id})
    standing[one.id] = after
    if act == "remove":
        del standing[one.id]


def walk(conn: Connection, view: View, size: int, steps: Sequence[tuple[str, int, str]], names: Sequence[str]) -> None:
    standing = {one.id: one for one in (record(number, name) for number, name in enumerate(names))}
    records.put(conn, SHELVES, "here", list(standing.values()), set())
    before, touched, seen, waiting = set(standing), set[str](), list[str](), list(steps)
    after = None
    while found := records.page(conn, SHELVES, "here", view, after, size):
        seen += [one.id for one in found]
        after = records.place_of(SHELVES, view, found[-1])
        if waiting:
            change(conn, waiting.pop(), standing, touched)
    quiet = before - touched
    assert [one for one in seen if one in quiet] == sorted(
        quiet, key=lambda one: (SHELVES.shapes["name"].key(standing[one].card.name), one), reverse=view.down
    )


def engine_at(url: str) -> Engine:
    place = make_url(url)
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
    engine = create_engine(place.set(drivername=drivers[place.get_backend_name()]))
    SHELVES.metadata.create_all(engine, [SHELVES.table])
    return engine


def test_what_stays_is_shown_once_whatever_changes_between_pages(central_url: str) -> None:
    engine = engine_at(central_url)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(NAMES, max_size=12), st.lists(STEPS, max_size=6), st.integers(1, 4), st.booleans())
    def holds(names: list[str], steps: list[tuple[str, int, str]], size: int, down: bool) -> None:
        with engine.connect() as conn:
            walk(conn, View("name", down), size, steps, names)
            conn.rollback()

    holds()
    engine.dispose()


async def test_keys_are_compared_byte_by_byte_whatever_a_database_sorts_by(shelf_office: Office, kind: Kind) -> None:
    tables = (kind.table, *kind.child_tables.values())
    wanted = {(table.name, column.name) for table in tables for column in table.c if isinstance(column.type, Key)}

    def collated(conn: Connection) -> set[tuple[str, str]]:
        if conn.dialect.name == "postgresql":
            query = (
                "SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
                " JOIN pg_collation AS o ON o.oid = a.attcollation WHERE o.collname = 'C' AND a.attnum > 0"
            )
            return {(row[0], row[1]) for row in conn.execute(text(query))}
        found = set[tuple[str, str]]()
        for table in tables:
            for index in table.indexes:
                rows = conn.exec_driver_sql(f"PRAGMA index_xinfo({index.name})").mappings()
                assert all(row["coll"] == "BINARY" for row in rows), index.name
            found |= {(table.name, column.name) for column in table.c}
        return found

    assert wanted
    assert wanted <= await shelf_office.database.read(collated)
