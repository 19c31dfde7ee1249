from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import ischema_names

import central.db.feed_tables
import central.identity.step_tables
import central.identity.tables
import central.jobs.tables
import central.kit.handed
import central.kit.tables
import central.organisation.tables
import central.outbox.tables
import central.registry.manifest
import central.registry.tables
import central.sales.tables
import central.tills.tables  # noqa: F401 - registers the tables
from central.db.engine import Database
from central.db.metadata import Xid8, metadata


def ours(name: str | None, kind: str, _: object) -> bool:
    """Full-text search is each engine's own and no table of the code's."""
    own = {"table": ("item_words", "record_words"), "index": ("ix_item_search_words", "ix_record_search_words")}
    return not (name or "").startswith(own.get(kind, "-"))


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(central_database: Database) -> None:
    ischema_names["xid8"] = Xid8

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "include_name": ours})
        return list(compare_metadata(context, metadata))

    assert await central_database.read(compare) == []
